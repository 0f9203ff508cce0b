from pathlib import Path

import heads
import numpy as np
import pytest

from mien_export.recipes.head_model import APART, FEATURES, OVAL, bare_model, write_head_model
from mien_export.recipes.head_skirt import start_model
from mien_service.engine.manifest import load_manifest
from mien_service.faces.head_model import HeadModel
from mien_service.faces.raster import cross


@pytest.fixture(scope="module")
def shipped(weights: Path) -> HeadModel:
    with np.load(weights / "head_model.npz") as table:
        return HeadModel.of(dict(table))


def areas(model: HeadModel) -> np.ndarray:
    """Return twice the area of each triangle seen from the front, below 0 where it is folded."""
    corners = model.mean[:, :2][model.triangles]
    return cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def outline_area(points: np.ndarray) -> float:
    ahead = np.roll(points, -1, axis=0)
    return float(abs((points[:, 0] * ahead[:, 1] - points[:, 1] * ahead[:, 0]).sum()))


def test_triangles_fill_the_oval_and_none_is_folded(shipped: HeadModel) -> None:
    found = areas(shipped)
    assert found.min() > 0
    assert found.sum() == pytest.approx(outline_area(shipped.mean[shipped.oval, :2]), rel=0.01)


def test_the_mean_head_is_its_own_mirror_image(shipped: HeadModel) -> None:
    np.testing.assert_allclose(shipped.mirrored(shipped.mean), shipped.mean, atol=1e-3)
    np.testing.assert_array_equal(shipped.twins[shipped.twins], np.arange(len(shipped.twins)))
    assert set(shipped.twins[shipped.oval]) == set(shipped.oval)


def test_points_that_lie_close_are_not_both_used(shipped: HeadModel) -> None:
    used = [point for point in np.unique(shipped.triangles).tolist() if point not in {*OVAL, *FEATURES}]
    places = shipped.mean[used, :2]
    away = np.hypot(*(places[:, None] - places).T)
    np.fill_diagonal(away, 1)
    # The mouth is opened before: there they may lie a little closer in the mean face.
    assert np.quantile(away.min(axis=1), 0.1) > APART
    assert {*OVAL} <= set(np.unique(shipped.triangles).tolist())


def test_a_model_is_written_with_its_manifest_entry(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "head_model.md").write_text("a card")
    written = start_model(bare_model(heads.frontal()))
    write_head_model(written, tmp_path)
    with np.load(tmp_path / "head_model.npz") as table:
        model = HeadModel.of(dict(table))
    np.testing.assert_allclose(model.mean, heads.frontal(), atol=1e-6)
    assert (model.oval == OVAL).all()
    for name in ("twins", "triangles", "rings", "ring_depth", "ring_turning"):
        np.testing.assert_array_equal(getattr(model, name), getattr(written, name))
    entry = load_manifest(tmp_path).entry("head_model")
    assert (entry.kind, entry.task, entry.commercial_use) == ("table", "*", False)
