import pytest
import torch

from mien_export.data.edit_pairs import within
from mien_export.networks.patch_discriminator import (
    HighPassDiscriminator,
    PatchDiscriminator,
    discriminator_loss,
    generator_loss,
    weighted_mean,
)

SIDE = 64


@pytest.fixture
def critic() -> PatchDiscriminator:
    return PatchDiscriminator(1, (8, 8, 16)).eval()


@pytest.fixture
def region() -> torch.Tensor:
    region = torch.zeros(2, 1, SIDE, SIDE)
    region[:, :, 10:30, 20:50] = 1
    return region


def test_there_is_a_score_for_each_patch(critic: PatchDiscriminator, region: torch.Tensor) -> None:
    scores = critic(torch.rand(2, 3, SIDE, SIDE), region, torch.zeros(2, 1))
    assert scores.shape == (2, 1, SIDE // 8, SIDE // 8)


def test_pixels_outside_the_region_say_nothing(critic: PatchDiscriminator, region: torch.Tensor) -> None:
    source, condition = torch.rand(2, 3, SIDE, SIDE), torch.ones(2, 1)
    made = torch.rand(2, 3, SIDE, SIDE).requires_grad_()
    loss = generator_loss(critic(within(made, source, region), region, condition), region)
    loss.backward()
    assert made.grad is not None
    outside = (region == 0).expand_as(made)
    assert not made.grad[outside].any()
    assert made.grad[~outside].abs().mean() > 0
    elsewhere = torch.where(outside, torch.rand_like(made), made)
    again = generator_loss(critic(within(elsewhere, source, region), region, condition), region)
    torch.testing.assert_close(again, loss, rtol=0, atol=0)


def test_patches_outside_the_region_do_not_count(region: torch.Tensor) -> None:
    scores = torch.randn(2, 1, 8, 8)
    far = torch.ones(2, 1, 8, 8, dtype=torch.bool)
    far[:, :, 1:4, 2:7] = False
    changed = torch.where(far, torch.full_like(scores, 100.0), scores)
    torch.testing.assert_close(weighted_mean(changed, region), weighted_mean(scores, region))
    changed = torch.where(far, scores, torch.full_like(scores, 100.0))
    torch.testing.assert_close(weighted_mean(changed, region), torch.tensor(100.0))


def test_no_region_at_all_is_no_loss() -> None:
    assert weighted_mean(torch.randn(1, 1, 8, 8), torch.zeros(1, 1, SIDE, SIDE)) == 0


@pytest.mark.parametrize(("real", "made", "loss"), [(1, -1, 0), (3, -2, 0), (0, 0, 2), (-1, -1, 2), (0.5, 0.5, 2)])
def test_the_hinge(real: float, made: float, loss: float, region: torch.Tensor) -> None:
    ones = torch.ones(2, 1, 8, 8)
    found = discriminator_loss(real * ones, made * ones, region)
    torch.testing.assert_close(found, torch.tensor(float(loss)))
    torch.testing.assert_close(generator_loss(made * ones, region), torch.tensor(-float(made)))


def test_every_layer_is_kept_from_stretching(region: torch.Tensor) -> None:
    critic = PatchDiscriminator(1, (8, 8, 16)).train()
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.mul_(50)
        for _ in range(30):
            critic(torch.rand(2, 3, SIDE, SIDE), region, torch.ones(2, 1))
        weights = [m.weight for m in critic.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
        assert len(weights) == 5
        norms = [float(torch.linalg.matrix_norm(weight.flatten(1), 2)) for weight in weights]
    assert norms == pytest.approx([1] * 5, rel=0.05)


def test_a_condition_is_compared_with_the_picture(critic: PatchDiscriminator, region: torch.Tensor) -> None:
    image = torch.rand(2, 3, SIDE, SIDE)
    none, one, two = (critic(image, region, torch.full((2, 1), value)) for value in (0.0, 1.0, 2.0))
    assert (one - none).abs().max() > 1e-3
    torch.testing.assert_close(two - none, 2 * (one - none), rtol=1e-3, atol=1e-5)
    unconditional = PatchDiscriminator(0, (8, 8, 16))
    assert unconditional(image, region).shape == one.shape


def test_it_learns_to_tell_blur_from_detail(region: torch.Tensor) -> None:
    critic = PatchDiscriminator(0, (8, 16, 16)).train()
    optimizer = torch.optim.Adam(critic.parameters(), lr=4e-3, betas=(0.5, 0.99))
    losses: list[float] = []
    for _ in range(60):
        sharp = torch.rand(2, 3, SIDE, SIDE)
        blurred = within(torch.nn.functional.avg_pool2d(sharp, 5, 1, 2), sharp, region)
        loss = discriminator_loss(critic(sharp, region), critic(blurred, region), region)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(2, abs=0.3), "nothing is known at first"
    assert losses[-1] < 0.7 * losses[0]


def test_the_high_pass_sees_texture_and_neither_colour_nor_shading(region: torch.Tensor) -> None:
    critic = HighPassDiscriminator(widths=(8, 8, 16)).eval()
    base = torch.rand(2, 3, SIDE, SIDE) * 0.2 + 0.3
    slope = torch.linspace(0, 0.3, SIDE).expand(2, 3, SIDE, SIDE)
    tint = torch.tensor([0.1, -0.05, -0.05]).view(1, 3, 1, 1)
    scores = critic(base, region)
    torch.testing.assert_close(critic(base + tint, region), scores, atol=1e-3, rtol=0)
    moved = (critic(base + slope, region) - scores).abs().mean()
    textured = (critic(base + 0.1 * torch.rand_like(base), region) - scores).abs().mean()
    assert moved < 0.2 * textured
