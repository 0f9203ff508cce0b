from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from cropped import people_crops
from numpy.typing import NDArray

from mien_export.data.masked_faces import MaskedFaces
from mien_export.quality import mask_report
from mien_export.quality.mask_report import lower_faces, report_masks, squares

SIZE = 128


@pytest.fixture(scope="module")
def masked() -> MaskedFaces:
    """Three people in red masks, the second of them trained on."""
    crops = people_crops(SIZE, "ben", "carla", "gina")
    cover = np.zeros(crops.pixels.shape[:3], np.uint8)
    cover[:, 90:120, 50:95] = 255
    pixels = np.where(cover[..., None] > 0, np.array([250, 5, 5], np.uint8), crops.pixels)
    splits = ("validation", "train", "validation")
    rows = [row | {"split": split} for row, split in zip(crops.rows, splits, strict=True)]
    return MaskedFaces(pixels, cover, crops.meshes, rows)


def test_squares_are_the_services_and_masks_lie_where_they_did(masked: MaskedFaces) -> None:
    for face, mask in squares(masked, [0, 2]):
        assert face.shape == (256, 256, 3)
        red = (face[..., 0] > 200) & (face[..., 1] < 60)
        assert (red & mask).sum() > 0.9 * (red | mask).sum()
        rows, columns = np.nonzero(mask)
        assert [rows.min(), rows.max(), columns.min(), columns.max()] == pytest.approx(
            [(90 - 8) * 2, (120 - 8) * 2, (50 - 8) * 2, (95 - 8) * 2], abs=2
        )


def test_lower_faces_are_those_of_the_squares(masked: MaskedFaces) -> None:
    [found] = lower_faces(masked, [0])
    assert 0.1 < found.mean() < 0.35
    assert found[140:, :].sum() > found[:140, :].sum()
    before = masked.meshes.copy()
    lower_faces(masked, [0, 1])
    np.testing.assert_array_equal(masked.meshes, before)


class _RedIsMask:
    """Stands in for the runner."""

    def __init__(self, _: Path) -> None:
        pass

    def __call__(self, network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        assert network == "mask_segmenter"
        image = inputs["image"]
        return {"cover": ((image[:, :1] > 0.8) & (image[:, 1:2] < 0.2)).astype(np.float32)}


def test_the_report_holds_every_set_and_the_baseline(
    masked: MaskedFaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mask_report, "WeightsRunner", _RedIsMask)
    monkeypatch.setattr(mask_report, "PACK_SIZES", {"celeba": SIZE})
    monkeypatch.setattr(mask_report, "load_overlays", lambda *_: masked)
    monkeypatch.setattr(mask_report, "load_segmented", lambda *_: masked)
    rows = [
        {"file": f"{i}.webp", "split": split, "view": view}
        for i, (split, view) in enumerate(
            [("validation", "frontal"), ("validation", "profile"), ("train", "frontal")] * 2
        )
    ]
    monkeypatch.setattr(mask_report, "read_rows", lambda _: rows)
    monkeypatch.setattr(mask_report, "found_faces", _bare_and_red)
    report_masks(tmp_path, tmp_path / "out")
    text = (tmp_path / "out" / "mask_segmenter.md").read_text()
    ours = [line for line in text.splitlines() if line.startswith("| mask_segmenter | celeba | 2 |")]
    assert len(ours) == 1
    assert float(ours[0].split("|")[4]) > 0.9
    assert "| lower face by landmarks | mask_segmentation | 3 |" in text
    assert "| mask_segmenter | cfp, bare | 2 | - | - | 0.500 |" in text, "of two frontal held-out faces one is red"
    assert "| mask_segmenter | all bare | 4 | - | - | 0.500 |" in text
    assert "- n: 9" in text, "faces of every set, none twice"
    assert (tmp_path / "out" / "mask_segmenter.png").exists()


def _bare_and_red(_: str, rows: list[dict[str, str]], __: object) -> Iterator[SimpleNamespace]:
    """Yield a face for each row: grey, but the fourth picture's is red."""
    for row in rows:
        crop = np.full((256, 256, 3), 100, np.uint8)
        crop[100:] = (250, 5, 5) if row["file"] == "3.webp" else 100
        yield SimpleNamespace(aligned=SimpleNamespace(crop=crop))
