from pathlib import Path

import numpy as np
import pytest
from cropped import people_crops

from mien_export.data.crops import Crops
from mien_export.data.masked_faces import MaskedFaces
from mien_export.quality import unmask_service
from mien_export.quality.unmask_service import report_service, worn

SIDE = 288


@pytest.fixture
def crops(monkeypatch: pytest.MonkeyPatch) -> Crops:
    """Three held-out people and one to train on, on all but the second of whom a blue mask lies."""
    found = people_crops(256, "anna", "ben", "carla", "gina")
    for row, split in zip(found.rows, ("validation", "validation", "validation", "train"), strict=True):
        row["split"] = split
    cover = np.zeros((4, SIDE, SIDE), np.uint8)
    cover[:, 160:240, 90:200] = 255
    cover[1] = 0
    masked = np.where(cover[..., None] > 0, np.array((40, 110, 190), np.uint8), found.pixels)
    monkeypatch.setattr(unmask_service, "load_crops", lambda *_: found)
    monkeypatch.setattr(
        unmask_service, "load_overlays", lambda *_: MaskedFaces(masked, cover, found.meshes, found.rows)
    )
    return found


@pytest.mark.usefixtures("crops")
def test_held_out_people_who_wear_a_mask_with_their_bare_faces() -> None:
    examples = list(worn())
    assert len(examples) == 2
    for masked, face, cover in examples:
        assert masked.shape == face.shape == (256, 256, 3)
        np.testing.assert_array_equal((masked != face).any(axis=2)[8:-8, 8:-8] & ~cover[8:-8, 8:-8], False)
        assert (masked[cover] != face[cover]).any(axis=1).mean() > 0.9


@pytest.mark.slow
@pytest.mark.usefixtures("crops")
def test_the_report_holds_every_row(weights: Path, tmp_path: Path) -> None:
    report_service(weights, tmp_path)
    lines = (tmp_path / "unmask_service.md").read_text().splitlines()
    rows = {line.split("|")[1].strip(): line.split("|")[2:-1] for line in lines if line.startswith("| ")}
    given, found = (float(rows[name][1]) for name in (unmask_service.GIVEN, unmask_service.FOUND))
    assert 8 < found < 40
    assert 8 < given < 40
    assert float(rows[unmask_service.VARIANTS][1]) > 0.001
    assert 0.05 < float(rows[unmask_service.SHARPNESS][1]) < 3
    assert (tmp_path / "unmask_service.png").exists()
