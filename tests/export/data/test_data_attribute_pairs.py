from pathlib import Path

import numpy as np
import pytest

from mien_export.data import attribute_pairs
from mien_export.data.attribute_pairs import (
    PairTable,
    joined,
    load_pairs,
    part_file,
    read_table,
    render_pairs,
    write_table,
)

# torch.onnx, which exports the generator, uses what torch itself deprecates.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")

SEEDS = (3, 11, 15)


def table(people: int = 2, pairs: int = 2) -> PairTable:
    count = people * pairs
    strengths = np.zeros((count, 4), np.float16)
    strengths[np.arange(count), np.arange(count) % 3] = 1
    return PairTable(
        np.array(SEEDS[:people], np.int32),
        np.zeros((people, 5), np.float16),
        np.repeat(np.arange(people), pairs).astype(np.int32),
        strengths,
        np.zeros((count, 4), np.float16),
        np.zeros((count, 4), np.float16),
    )


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_table(table(), tmp_path / "pairs.npz")
    found = read_table(tmp_path / "pairs.npz")
    for name in attribute_pairs.FIELDS:
        np.testing.assert_array_equal(getattr(found, name), getattr(table(), name))


def test_tables_are_joined_with_their_pairs_at_their_own_sources() -> None:
    both = joined([table(2, 1), table(3, 2)])
    assert both.seeds.tolist() == [3, 11, 3, 11, 15]
    assert both.source.tolist() == [0, 1, 2, 2, 3, 3, 4, 4]


def test_a_part_keeps_its_sources_and_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribute_pairs, "PART", 12)
    whole = table(3, 2)
    first, second = whole.parts()
    assert (first.seeds.tolist(), second.seeds.tolist()) == ([3, 11], [15])
    assert (first.source.tolist(), second.source.tolist()) == ([0, 0, 1, 1], [0, 0])
    np.testing.assert_array_equal(second.strengths, whole.strengths[4:])
    for name in attribute_pairs.FIELDS:
        np.testing.assert_array_equal(getattr(joined([first, second]), name), getattr(whole, name))


def test_a_key_names_what_is_rendered_and_not_how_it_was_judged() -> None:
    plain, other, judged = table(), table(), table()
    other.strengths[0] *= 0.5
    judged.scores[0] = 1
    assert plain.key() == table().key() == judged.key() != other.key()


def test_pairs_are_rendered_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(attribute_pairs, "TABLE", tmp_path / "pairs.npz")
    write_table(table(1), tmp_path / "pairs.npz")
    monkeypatch.setattr(attribute_pairs, "read_table", lambda: read_table(tmp_path / "pairs.npz"))
    [part] = attribute_pairs.read_table().parts()
    attribute_pairs.write_part(part, attribute_pairs.PairRenderer())
    made = part_file(part).stat().st_mtime_ns
    render_pairs(subset=2)
    found, pictures = load_pairs()
    assert part_file(part).stat().st_mtime_ns == made
    assert "2 pairs of 1 people" in capsys.readouterr().out
    assert found.seeds.tolist() == [3]
    assert pictures.sources.shape == (1, 288, 288, 3)
    assert pictures.meshes.shape == (1, 468, 3)
    assert pictures.targets.shape == (2, 288, 288, 3)
    middle = pictures.meshes[0, :, :2].mean(axis=0)
    assert np.abs(middle - 144).max() < 30, "the mesh lies where the face is"
    changed = np.abs(pictures.targets[0].astype(int) - pictures.sources[0]).mean(axis=2)
    assert changed[170:220].mean() > changed[:60].mean(), "smiling changes the mouth"


def test_a_source_without_a_face_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    renderer = attribute_pairs.PairRenderer()
    monkeypatch.setattr(renderer, "source", lambda *_: None)
    with pytest.raises(ValueError, match="no face"):
        attribute_pairs.write_part(table(), renderer)
