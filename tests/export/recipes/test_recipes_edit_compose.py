"""What a loss sees must be what is served: the compositor in PyTorch against the service's."""

from dataclasses import replace

import cv2
import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mien_export.networks.edit_net import Fields
from mien_export.recipes.edit_compose import composed, edit_of
from mien_service.faces.align import CROP_SIZE, Affine
from mien_service.faces.composite import RIM, apply_edit
from mien_service.faces.face import RgbImage

SEEDS = st.integers(0, 2**32 - 1)
SIDES = st.sampled_from([96, 128, 256])


def smooth(rng: np.random.Generator, side: int, channels: int) -> torch.Tensor:
    """Return (1, channels, side, side) noise of about unit size, without edges that only a fine grid could hold."""
    noise = rng.normal(0, 1, (side, side, channels)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), side / 24).reshape(side, side, channels)
    return torch.from_numpy(blurred / blurred.std()).permute(2, 0, 1)[None]


def photo_of(rng: np.random.Generator, side: int) -> RgbImage:
    return (128 + 60 * smooth(rng, side, 3)[0]).clamp(40, 215).permute(1, 2, 0).numpy().astype(np.uint8)


def whole(side: int) -> Affine:
    """Return the transform of a photo that is its own aligned square."""
    zoom = CROP_SIZE / side
    return np.array([[zoom, 0, (zoom - 1) / 2], [0, zoom, (zoom - 1) / 2]])


def tensor(photo: RgbImage) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(photo)).permute(2, 0, 1)[None].float() / 255


def random_fields(rng: np.random.Generator, side: int) -> Fields:
    return Fields(
        flow=side / 100 * smooth(rng, side, 2),
        residual=0.12 * smooth(rng, side, 3),
        alpha=(0.4 + 0.5 * smooth(rng, side, 1)).clamp(0, 1),
    )


def served(photo: RgbImage, fields: Fields) -> torch.Tensor:
    """Return what the service makes of a photo that is its own aligned square, (1, 3, s, s) in 0..1."""
    return tensor(apply_edit(photo, whole(len(photo)), edit_of(fields)))


@settings(max_examples=25)
@given(SEEDS, SIDES)
def test_moving_and_tinting_are_those_of_the_service(seed: int, side: int) -> None:
    rng = np.random.default_rng(seed)
    photo, fields = photo_of(rng, side), random_fields(rng, side)
    trained = composed(tensor(photo), fields).clamp(0, 1)
    difference = (trained - served(photo, fields)).abs() * 255
    changed = (served(photo, fields) - tensor(photo)).abs().mean() * 255
    assert changed > 5
    # The service rounds twice, and moves pictures this small by Lanczos' kernel where training does by a cubic one.
    # Only over the square's rim, a few pixels wide, does it soften what is open there.
    rim = side // 12
    assert difference[..., rim:-rim, rim:-rim].max() < 5
    assert difference.mean() < 1


@settings(max_examples=25)
@given(SEEDS, SIDES)
def test_what_the_service_leaves_alone_is_left_alone(seed: int, side: int) -> None:
    rng = np.random.default_rng(seed)
    photo, fields = photo_of(rng, side), random_fields(rng, side)
    # Enlarging to the photo's pixels reaches up to three pixels of the fields further.
    still = (torch.nn.functional.max_pool2d(fields.alpha, 7, 1, 3) < 0.02)[0, 0]
    trained = composed(tensor(photo), fields)
    assert torch.equal(served(photo, fields)[:, :, still], tensor(photo)[:, :, still])
    torch.testing.assert_close(trained[:, :, still], tensor(photo)[:, :, still], rtol=0, atol=1e-5)


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([128, 256]))
def test_paint_lies_where_the_service_lays_it(seed: int, side: int) -> None:
    """Paint that differs little from the photo, so that matching its colour leaves it nearly as it is."""
    rng = np.random.default_rng(seed)
    photo = photo_of(rng, side)
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    matte = (1.5 - torch.hypot(rows - 0.6 * side, columns - 0.5 * side) / (0.15 * side)).clamp(0, 1)[None, None]
    stripe = 0.25 * torch.exp(-(((rows - 0.6 * side) / (0.04 * side)) ** 2)) * (matte[0, 0] == 1)
    nothing = torch.zeros(1, 3, side, side)
    paint = torch.cat([(tensor(photo) + stripe).clamp(0, 1), matte], dim=1)
    fields = Fields(nothing[:, :2], nothing, nothing[:, :1], paint)
    trained = composed(tensor(photo), fields)
    shown = served(photo, fields)
    assert (shown - tensor(photo)).abs().max() > 0.15
    assert ((trained - shown).abs() * 255).mean() < 0.5
    assert torch.equal(shown[:, :, matte[0, 0] == 0], tensor(photo)[:, :, matte[0, 0] == 0])
    assert torch.equal(trained[:, :, matte[0, 0] == 0], tensor(photo)[:, :, matte[0, 0] == 0])


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([96, 128]))
def test_a_twin_lies_where_the_service_lays_it(seed: int, side: int) -> None:
    """The twin is the photo, shifted: the service fetches it, training is given it."""
    rng = np.random.default_rng(seed)
    photo, fields = photo_of(rng, side), random_fields(rng, side)
    shift, matte = side // 16, smooth(rng, side, 1).clamp(0, 1)
    other = np.roll(photo, -shift, axis=1)
    other[:, -shift:] = photo[:, -1:]
    whole_alpha = Fields(fields.flow * 0, fields.residual * 0, torch.ones_like(fields.alpha))
    trained = composed(tensor(photo), replace(whole_alpha, twin=torch.cat([tensor(other), matte], dim=1)))
    away = np.zeros((side, side, 3), np.float32)
    away[..., 0], away[..., 2] = shift, matte[0, 0].numpy()
    shown = tensor(apply_edit(photo, whole(side), replace(edit_of(whole_alpha), twin=away)))
    rim = side // 12
    difference = ((trained - shown).abs() * 255)[..., rim:-rim, rim:-rim]
    assert (shown - tensor(photo)).abs().mean() * 255 > 1
    assert difference.mean() < 1


def test_nothing_changes_at_the_squares_edge() -> None:
    rng = np.random.default_rng(1)
    image, fields = tensor(photo_of(rng, 100)), random_fields(rng, 100)
    open_wide = Fields(fields.flow, fields.residual, torch.ones_like(fields.alpha), torch.rand(1, 4, 100, 100))
    found = composed(image, open_wide)
    assert RIM == 0.03, "the ramp is three pixels wide here"
    for edge in (found[..., 0, :] - image[..., 0, :], found[..., :, -1] - image[..., :, -1]):
        torch.testing.assert_close(edge, torch.zeros_like(edge), rtol=0, atol=1e-6)
    assert (found[..., 1, 20:80] - image[..., 1, 20:80]).abs().max() > 0.01


def test_each_face_of_a_batch_has_its_own_edit() -> None:
    rng = np.random.default_rng(2)
    images = torch.cat([tensor(photo_of(rng, 64)) for _ in range(2)])
    both = [random_fields(rng, 64) for _ in range(2)]
    joined = Fields(*(torch.cat([getattr(one, name) for one in both]) for name in ("flow", "residual", "alpha")))
    alone = torch.cat([composed(images[i : i + 1], both[i]) for i in range(2)])
    torch.testing.assert_close(composed(images, joined), alone)
    np.testing.assert_array_equal(edit_of(joined, 1).residual, edit_of(both[1]).residual)


def test_the_gradient_reaches_every_field_below_the_floor_too() -> None:
    rng = np.random.default_rng(3)
    fields = random_fields(rng, 64)
    leaves = [one.clone().requires_grad_() for one in (fields.flow, fields.residual, fields.alpha * 0 + 0.01)]
    paint = torch.rand(1, 4, 64, 64).requires_grad_()
    composed(tensor(photo_of(rng, 64)), Fields(*leaves, paint)).square().sum().backward()
    flow, residual, alpha = (leaf.grad for leaf in leaves)
    assert flow is not None
    assert not flow.any(), "nothing moves where alpha is shut"
    assert residual is not None
    assert not residual.any()
    assert alpha is not None
    assert (alpha != 0).float().mean() > 0.9, "but alpha may open"
    assert paint.grad is not None
    assert paint.grad[:, :, 5:-5, 5:-5].abs().min() > 0


def test_fields_become_an_edit_in_the_services_units() -> None:
    fields = Fields(
        torch.full((1, 2, 8, 8), 3.0),
        torch.full((1, 3, 8, 8), -0.5),
        torch.full((1, 1, 8, 8), 0.25),
        torch.tensor([1.0, 0, 0.5, 0.75]).view(1, 4, 1, 1).expand(1, 4, 8, 8),
    )
    edit = edit_of(fields)
    assert edit.flow is not None
    assert edit.paint is not None
    assert (edit.resolution, edit.flow.shape, edit.residual.shape) == (8, (8, 8, 2), (8, 8, 3))
    assert edit.flow[0, 0].tolist() == [3, 3]
    assert edit.residual[0, 0].tolist() == [-127.5] * 3
    assert edit.alpha[0, 0] == 0.25
    assert edit.paint[0, 0].tolist() == [255, 0, 127.5, 0.75]
    assert {field.dtype for field in (edit.flow, edit.residual, edit.alpha, edit.paint)} == {np.dtype(np.float32)}
