import heads
import numpy as np
import pytest
import readers

from mien_export.data.portrait_readings import OTHERS, beside_the_head

MESH = heads.head(70, 144, 130)


def striped(levels: list[int]) -> np.ndarray:
    """Return a crop (288, 288, 3) of flat stripes within the service's square."""
    inner = np.repeat(np.array(levels, np.uint8), np.diff(np.linspace(0, 256, len(levels) + 1).astype(int)))
    rows = np.pad(inner, 16, mode="edge")
    return np.repeat(np.repeat(rows[:, None, None], 288, axis=1), 3, axis=2)


def test_attributes_are_the_judges_logits_of_the_square() -> None:
    levels = [10 * i + 60 for i in range(len(readers.ATTRIBUTES))]
    found = readers.reader().attributes(np.stack([striped(levels), striped(levels[::-1])]))
    for i, name in enumerate(readers.ATTRIBUTES):
        assert found[name] == pytest.approx([levels[i] - 128, levels[-1 - i] - 128], abs=3)


def test_a_portrait_is_read_by_all_meters() -> None:
    grey = np.full((2, 288, 288, 3), 120, np.uint8)
    grey[1] = 60
    turned = heads.head(70, 144, 130, heads.rotation(25, 0, 0))
    found = readers.reader().read(grey, np.stack([MESH, turned]))
    assert set(OTHERS) <= set(found.values)
    assert found["age"].tolist() == [120, 60]
    assert abs(found["yaw"][0]) < 5 < 15 < abs(found["yaw"][1])
    assert found["tone"][0] > found["tone"][1], "grey of more light is lighter skin"
    assert found["behind"][0] == pytest.approx(50, abs=2)
    assert found["eyes"][0] == pytest.approx(found["behind"][0], abs=1e-3)


def test_dark_skin_and_a_dark_picture_are_told_apart() -> None:
    picture = np.full((288, 288, 3), 200, np.uint8)
    face = picture.copy()
    face[80:240, 60:230] = 70
    lit, dark = (readers.reader().read(one[None], MESH[None]) for one in (face, picture // 3))
    assert lit["tone"][0] < 30
    assert lit["behind"][0] > 2 * dark["behind"][0]


def test_the_same_crop_is_described_alike_and_another_is_not() -> None:
    random = np.random.default_rng(0)
    one, other = random.integers(0, 255, (2, 288, 288, 3)).astype(np.uint8)
    described = readers.reader().describe([one, one, other], [MESH] * 3)
    assert described.shape == (3, 128)
    np.testing.assert_allclose(described[0], described[1])
    assert np.linalg.norm(described[0] - described[2]) > 0.05


def test_the_corners_lie_beside_the_head_and_within_the_rim() -> None:
    corners = beside_the_head((288, 288, 3))
    assert corners.shape == (288, 288)
    assert not corners[:, 80:208].any()
    assert not corners[100:].any()
    assert not corners[:16].any()
    np.testing.assert_array_equal(corners, corners[:, ::-1])
