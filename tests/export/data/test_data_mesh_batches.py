import heads
import hypothesis.strategies as st
import numpy as np
import torch
from hypothesis import given, settings

from mien_export.data.mesh_batches import (
    badly_photographed,
    placed_meshes,
    placed_rotations,
    random_frames,
    random_placement,
    squares,
)
from mien_export.data.mesh_faces import SIDE
from mien_export.teachers.mesh import eye_distance, head_rotation

SIZE = 96
CPU = torch.device("cpu")
TWINS = torch.from_numpy(heads.twins().copy())

ENDLESS = torch.tensor([[-1.0, -1.0], [1.0, 1.0]])

SEEDS = st.integers(0, 2**31 - 1)
TURNS = st.tuples(st.floats(-60, 60), st.floats(-30, 30), st.floats(-30, 30))


def dots(x: float, y: float, count: int) -> torch.Tensor:
    """Return crops with a soft white dot at x, y."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    dot = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8)
    crop = np.repeat(np.rint(dot).astype(np.uint8)[..., None], 3, axis=2)
    return torch.from_numpy(crop)[None].repeat(count, 1, 1, 1)


@settings(max_examples=12)
@given(SEEDS, TURNS, st.integers(0, heads.POINTS - 1))
def test_a_dot_at_a_mesh_point_is_where_the_placed_mesh_says(
    seed: int, turn: tuple[float, float, float], point: int
) -> None:
    """Mirrored, turned, shifted and zoomed: the dot is under the point, or under its twin in a mirror."""
    torch.manual_seed(seed)
    mesh = heads.head(52, 80, 72, heads.rotation(*turn))
    place = random_placement(8, CPU)
    images = squares(dots(float(mesh[point, 0]), float(mesh[point, 1]), 8), place, SIZE, ENDLESS.expand(8, 2, 2))
    placed = placed_meshes(torch.from_numpy(mesh)[None].repeat(8, 1, 1), place, TWINS)
    axis = (torch.arange(SIZE) + 0.5) / SIZE
    for image, points, mirrored in zip(images[:, 0], placed, place.mirrored, strict=True):
        wanted = points[TWINS[point] if mirrored else point, :2]
        if wanted.min() < 0.12 or wanted.max() > 0.88:
            continue
        found = torch.stack([(image.sum(dim=0) * axis).sum(), (image.sum(dim=1) * axis).sum()]) / image.sum()
        torch.testing.assert_close(found, wanted, atol=0.3 / SIZE, rtol=0)


@settings(max_examples=12)
@given(SEEDS, TURNS)
def test_a_placed_rotation_is_that_of_the_placed_mesh(seed: int, turn: tuple[float, float, float]) -> None:
    torch.manual_seed(seed)
    rotation = heads.rotation(*turn)
    mesh = torch.from_numpy(heads.head(52, 80, 72, rotation))[None].repeat(6, 1, 1)
    place = random_placement(6, CPU)
    placed = placed_meshes(mesh, place, TWINS).numpy()
    rotations = placed_rotations(torch.from_numpy(rotation).float()[None].repeat(6, 1, 1), place).numpy()
    for points, found in zip(placed, rotations, strict=True):
        np.testing.assert_allclose(found, head_rotation(points, heads.frontal()), atol=2e-3)
        # Depth is in the unit of x and y: the placed mesh is the turned head, only smaller.
        shape = eye_distance(points) * heads.frontal() @ found.T
        np.testing.assert_allclose(points - points.mean(axis=0), shape - shape.mean(axis=0), atol=2e-3)


def test_some_pictures_end_close_around_their_face() -> None:
    torch.manual_seed(0)
    frames = random_frames(4000, CPU)
    tight = (frames != ENDLESS).flatten(1).any(dim=1)
    assert 0.17 < tight.float().mean() < 0.23
    assert 0.45 <= frames.abs().min() < 0.5
    assert (frames[:, 0] < 0).all()
    assert (frames[:, 1] > 0).all()


def test_beyond_its_end_a_picture_repeats_its_edge() -> None:
    torch.manual_seed(0)
    columns = torch.linspace(0, 255, SIDE).to(torch.uint8)
    crops = columns[None, None, :, None].expand(20, SIDE, SIDE, 3)
    frames = ENDLESS.clone()
    frames[1, 0] = 0.0
    images = squares(crops, random_placement(20, CPU), SIZE, frames.expand(20, 2, 2))
    assert images.max() < 0.52, "right of the middle the middle's grey goes on"
    assert images.min() < 0.2


def test_placements_are_mirrored_half_the_time_and_never_wild() -> None:
    torch.manual_seed(0)
    place = random_placement(4000, CPU)
    assert 0.46 < place.mirrored.float().mean() < 0.54
    assert torch.linalg.det(place.matrix).min() > 0, "mirroring is left out of the matrix"
    zoom = torch.linalg.det(place.matrix).sqrt()
    assert 0.5 < zoom.min() < 0.75 < 0.85 < zoom.max() < 1.2
    assert place.shift.abs().max() < 0.5
    degrees = torch.rad2deg(torch.atan2(place.matrix[:, 1, 0], place.matrix[:, 0, 0])).abs()
    assert degrees.median() < 12
    assert 45 < degrees.max() < 150


def test_a_square_is_cut_without_its_crop_being_changed() -> None:
    torch.manual_seed(1)
    crops = torch.randint(0, 256, (3, SIDE, SIDE, 3), dtype=torch.uint8)
    before = crops.clone()
    images = squares(crops, random_placement(3, CPU), 40, ENDLESS.expand(3, 2, 2))
    assert images.shape == (3, 3, 40, 40)
    assert images.dtype == torch.float32
    assert 0 <= images.min() <= images.max() <= 1
    assert torch.equal(crops, before)


def test_bad_photographs_stay_in_range_and_show_the_same() -> None:
    torch.manual_seed(2)
    images = torch.full((80, 3, 64, 64), 0.1)
    images[:, :, 10:42, 20:52] = 0.9
    before = images.clone()
    found = badly_photographed(images)
    assert torch.equal(images, before)
    assert found.shape == images.shape
    assert found.isfinite().all()
    assert 0 <= found.min() <= found.max() <= 1
    pairs = torch.stack([images.mean(dim=1).flatten(1), found.mean(dim=1).flatten(1)], dim=1)
    likeness = torch.stack([torch.corrcoef(pair)[0, 1] for pair in pairs])
    assert likeness.min() > 0.5
    changed = (found - images).abs().mean(dim=(1, 2, 3))
    assert changed.unique().numel() > 70, "each in its own way"


def test_one_photograph_alone_can_be_bad() -> None:
    for seed in range(10):
        torch.manual_seed(seed)
        assert badly_photographed(torch.rand(1, 3, 32, 48)).shape == (1, 3, 32, 48)
