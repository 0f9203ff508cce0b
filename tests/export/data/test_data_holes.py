import hypothesis.strategies as st
import numpy as np
import torch
from cropped import people_crops
from hypothesis import given, settings

from mien_export.data.holes import free_forms, grown, lower_face

CPU = torch.device("cpu")


def test_the_lower_face_is_mouth_and_chin_and_not_the_eyes() -> None:
    mesh = people_crops(128, "carla").meshes[0]
    hole = lower_face(mesh, 144, 128)
    assert (hole.shape, hole.dtype) == ((144, 144), np.uint8)
    at = {point: hole[tuple(np.rint(mesh[point, 1::-1]).astype(int))] for point in (17, 61, 291, 33, 263, 10)}
    assert [at[point] for point in (17, 61, 291)] == [255] * 3
    assert [at[point] for point in (33, 263, 10)] == [0] * 3


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_free_forms_differ_and_leave_some_face(seed: int) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        holes = free_forms(6, 64, CPU)
    assert holes.shape == (6, 1, 64, 64)
    assert set(holes.unique().tolist()) == {0.0, 1.0}
    shares = holes.mean(dim=(1, 2, 3))
    assert shares.min() > 0.005
    assert shares.max() < 0.8
    assert len({hole.numpy().tobytes() for hole in holes}) == 6


def test_a_hole_grows_on_every_side() -> None:
    hole = torch.zeros(1, 1, 100, 100)
    hole[..., 40:60, 50] = 1
    found = torch.nonzero(grown(hole, 0.03)[0, 0])
    assert found.min(dim=0).values.tolist() == [37, 47]
    assert found.max(dim=0).values.tolist() == [62, 53]
    torch.testing.assert_close(grown(hole, 0), hole)
