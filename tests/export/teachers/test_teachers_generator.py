import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

from mien_export.teachers.generator import (
    LAYERS,
    Synthesis,
    Tap,
    averaging_weights,
    joined_wavelets,
    load_mapping,
)
from mien_export.teachers.people import styles_of


@pytest.fixture(scope="module")
def styles() -> torch.Tensor:
    return styles_of([3])


@pytest.fixture(scope="module")
def half(generator: Synthesis, styles: torch.Tensor) -> torch.Tensor:
    return generator(styles, 512)


def psnr(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(10 * torch.log10(4 / (one - other).square().mean()))


def test_the_half_picture_is_the_full_one_averaged(
    generator: Synthesis, styles: torch.Tensor, half: torch.Tensor
) -> None:
    full = generator(styles)
    assert full.shape == (1, 3, 1024, 1024)
    assert -3 < full.min() < -0.5 < 0.5 < full.max() < 3
    torch.testing.assert_close(avg_pool2d(full, 2), half, atol=1e-5, rtol=0)


def test_the_tap_is_nearly_the_full_picture_averaged(
    generator: Synthesis, styles: torch.Tensor, half: torch.Tensor
) -> None:
    small = generator(styles, 256)
    assert small.shape == (1, 3, 256, 256)
    assert psnr(small, avg_pool2d(half, 2)) > 34


def test_fitting_the_tap_was_worth_it(generator: Synthesis, styles: torch.Tensor, half: torch.Tensor) -> None:
    unfitted = Tap(generator)
    unfitted.weights.update({name: torch.from_numpy(w) for name, w in averaging_weights(generator).items()})
    unfitted.requires_grad_(requires_grad=False)
    wanted = avg_pool2d(half, 2)
    first, fitted = unfitted(generator.lows(styles), styles), generator(styles, 256)
    assert 28 < psnr(first, wanted) < psnr(fitted, wanted) - 1


def test_a_style_acts_on_its_own_layer(generator: Synthesis, styles: torch.Tensor) -> None:
    plain = generator(styles, 256)
    shifts: list[float] = []
    for layer in (0, LAYERS - 1):
        other = styles.clone()
        other[:, layer] += styles_of([4])[:, layer]
        low, low_plain = (avg_pool2d(generator(s, 256), 64) for s in (other, styles))
        assert (generator(other, 256) != plain).any()
        fine = (generator(other, 256) - plain) - interpolate(low - low_plain, size=256)
        shifts.append(float(fine.abs().mean()))
    assert shifts[0] > 2 * shifts[1], "the first layer moves things, the last colours them"


def test_people_of_a_batch_do_not_mix(generator: Synthesis, styles: torch.Tensor) -> None:
    both = generator(torch.cat([styles, styles_of([4])]), 256)
    torch.testing.assert_close(both[:1], generator(styles, 256), atol=1e-4, rtol=0)


def test_wavelets_are_joined_as_haar_transforms_are() -> None:
    picture = torch.rand(2, 3, 8, 10)
    a, b, c, d = (picture[:, :, top::2, left::2] for top in (0, 1) for left in (0, 1))
    bands = [a + b + c + d, a + b - c - d, a - b + c - d, a - b - c + d]
    details = torch.stack(bands[1:], dim=2).flatten(1, 2)
    torch.testing.assert_close(joined_wavelets(torch.cat([bands[0], details], dim=1) / 2), picture)


def test_the_mapping_answers_for_any_length_of_z_alike() -> None:
    mapping = load_mapping()
    z = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 512)).astype(np.float32))
    w = mapping(z)
    assert w.shape == (2, 512)
    torch.testing.assert_close(mapping(3 * z), w, atol=1e-4, rtol=1e-4)
    assert (w[0] - w[1]).abs().mean() > 0.05
