import pytest
import torch

from mien_export.networks.face_prior import COMPONENTS, SIDE, FacePrior


def faces(count: int, side: int = 64) -> torch.Tensor:
    """Return smooth pictures of three hidden numbers each: the lower half is known from the upper."""
    numbers = torch.rand(count, 3, 1, 1)
    y, x = torch.meshgrid(torch.linspace(0, 1, side), torch.linspace(0, 1, side), indexing="ij")
    waves = torch.stack([x, y, torch.sin(6 * y) * 0.5 + 0.5])
    return (numbers * waves * 0.6 + 0.2 * numbers.flip(1)).clamp(0, 1) + 0.002 * torch.randn(count, 3, side, side)


@pytest.fixture(scope="module")
def prior() -> FacePrior:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        made = FacePrior()
        made.fit(faces(400).clamp(0, 1))
        return made


def lower_half(count: int, side: int = 64) -> torch.Tensor:
    hole = torch.zeros(count, 1, side, side)
    hole[:, :, side // 2 :] = 1
    return hole


def test_what_a_hole_hides_is_known_from_the_rest(prior: FacePrior) -> None:
    images = faces(8).clamp(0, 1)
    found = prior(images, lower_half(8))
    mean = images.mean(dim=0, keepdim=True)
    error = (found - images)[:, :, 36:].abs().mean()
    assert error < 0.15 * (mean - images)[:, :, 36:].abs().mean()
    torch.testing.assert_close(found[:, :, :32], images[:, :, :32])


def test_what_is_in_the_hole_is_not_looked_at(prior: FacePrior) -> None:
    images = faces(2).clamp(0, 1)
    other = images.clone()
    other[:, :, 32:] = torch.rand(2, 3, 32, 64)
    torch.testing.assert_close(prior(images, lower_half(2)), prior(other, lower_half(2)))


def test_where_all_is_hole_the_mean_face_is(prior: FacePrior) -> None:
    found = prior(torch.rand(1, 3, SIDE, SIDE), torch.ones(1, 1, SIDE, SIDE))
    torch.testing.assert_close(found.flatten(), prior.mean.clamp(0, 1), atol=1e-4, rtol=0)


def test_components_are_orthonormal_and_their_variances_fall(prior: FacePrior) -> None:
    torch.testing.assert_close(prior.components @ prior.components.T, torch.eye(COMPONENTS), atol=1e-3, rtol=0)
    assert (prior.variances.diff() <= 1e-6).all()
    assert prior.noise > 0


def test_a_face_without_a_hole_has_its_own_coefficients(prior: FacePrior) -> None:
    images = faces(4).clamp(0, 1)
    own = prior.own_coefficients(images)
    torch.testing.assert_close(own, prior.coefficients(images, torch.zeros(4, 1, 64, 64)), atol=1e-3, rtol=1e-3)
    found = prior.filled(images, torch.ones(4, 1, 64, 64), own)
    assert (found - images).abs().mean() < 0.02


def test_a_cautious_model_believes_less_of_what_it_sees(prior: FacePrior) -> None:
    cautious = FacePrior()
    torch.manual_seed(1)
    images = faces(400).clamp(0, 1)
    cautious.fit(images, caution=1e8)
    assert cautious.noise > 100 * prior.noise
    hole = lower_half(8)
    filled, guess = cautious(images[:8], hole)[:, :, 36:], prior(images[:8], hole)[:, :, 36:]
    assert filled.std(dim=0).mean() < 0.7 * guess.std(dim=0).mean()
