from dataclasses import replace
from pathlib import Path

import heads
import numpy as np
import pytest
import torch

from mien_export.data.attribute_batches import AttributePairs
from mien_export.data.attribute_pairs import PairPictures, PairTable
from mien_export.data.packs import is_held_out
from mien_export.recipes import attribute_editor, attribute_export
from mien_export.recipes.attribute_editor import SETTINGS, shown_pairs, trainer
from mien_export.recipes.edit_step import Stage
from mien_service.tasks import attribute_editor as attribute_editor_task
from mien_service.tasks.attributes import Attribute

HELD_OUT = [seed for seed in range(400) if is_held_out(str(seed))][:4]
TRAINED = [seed for seed in range(400) if not is_held_out(str(seed))][:4]


def table(seeds: list[int], strengths: list[list[float]]) -> PairTable:
    """Return a table in which each person gets the same edits."""
    count = len(seeds) * len(strengths)
    return PairTable(
        np.array(sorted(seeds), np.int32),
        np.zeros((len(seeds), 5), np.float16),
        np.repeat(np.arange(len(seeds)), len(strengths)).astype(np.int32),
        np.tile(np.array(strengths, np.float16), (len(seeds), 1)),
        np.zeros((count, 4), np.float16),
        np.zeros((count, 4), np.float16),
    )


def test_what_is_served_is_what_was_trained() -> None:
    for name, known in attribute_editor_task.EDITORS.items():
        assert attribute_editor.network(name).condition_size == len(known) + attribute_editor_task.STYLE_NUMBERS
    assert set(attribute_export.VERSIONS) == set(attribute_editor_task.EDITORS)


def test_held_out_people_are_shown_in_every_kind_of_edit() -> None:
    edits = [[1, 0, 0, 0], [0.5, 0, 0, 0], [-1, 0, 0, 0], [-0.5, 0, 0, 0], [0, 0, 0, 1], [1, 1, 0, 0]]
    whole = table(HELD_OUT + TRAINED, edits)
    shown = shown_pairs(whole, (Attribute.SMILING,))
    assert len(shown) == attribute_editor.SHOWN
    assert {int(whole.seeds[whole.source[pair]]) for pair in shown} <= set(HELD_OUT)
    kinds = [tuple(np.sign(whole.strengths[pair]).tolist()) for pair in shown]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {(1, 0, 0, 0): 6, (-1, 0, 0, 0): 6}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_few_steps_teach_something_and_are_taken_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edit is the same for everybody: the mouth turns red."""
    monkeypatch.setattr(attribute_editor, "WEIGHTS_FOLDER", tmp_path)
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    seeds = sorted(HELD_OUT[:1] + TRAINED)
    sources = np.stack([cheek(random) for _ in seeds])
    targets = sources.copy()
    targets[:, 150:220, 100:190] = [230, 40, 40]
    pictures = PairPictures(sources, np.stack([heads.head(70, 144, 130)] * len(seeds)), targets)
    whole = table(seeds, [[1, 0, 0, 0]])
    smiles = (Attribute.SMILING,)
    pairs = AttributePairs(whole, pictures, smiles, shown_pairs(whole, smiles), torch.device("cpu"))
    settings = replace(SETTINGS, stages=(Stage(64, 4, 1.0),), discriminator_from=0.5, report_seconds=1e6)
    teacher = trainer("smile_editor", pairs, tmp_path, settings)
    first = [float(teacher.step(0.1)["changed"]) for _ in range(4)]
    for _ in range(40):
        teacher.step(0.2)
    last = [teacher.step(0.6) for _ in range(4)]
    assert np.mean([float(terms["changed"]) for terms in last]) < 0.7 * np.mean(first)
    assert "discriminator" in last[0]
    teacher.save()
    assert (tmp_path / "sheet.png").exists()
    assert trainer("smile_editor", pairs, tmp_path, settings).checkpoint.step == teacher.checkpoint.step


def cheek(random: np.random.Generator) -> np.ndarray:
    """Return a skin-coloured crop."""
    colour = random.uniform(0.7, 1.2) * np.array([180, 140, 120])
    return np.clip(random.normal(colour, 6, (288, 288, 3)), 0, 255).astype(np.uint8)
