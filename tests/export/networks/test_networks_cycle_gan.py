import pytest
import torch

from mien_export.networks.cycle_gan import IMAGE_SIZE, Critic, Critics, CycleGan, Generator


def test_a_generator_redraws_the_face_at_its_size() -> None:
    net = Generator()
    redrawn = net(torch.rand(2, 3, 64, 64))
    assert redrawn.shape == (2, 3, 64, 64)
    assert 0 <= redrawn.min() < redrawn.max() <= 1
    redrawn.mean().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


def test_both_directions_have_networks_of_their_own() -> None:
    net, image = CycleGan().eval(), torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(net(image), net.older(image))
        assert (net.older(image) - net.younger(image)).abs().max() > 1e-3


@pytest.mark.parametrize("side", [64, IMAGE_SIZE])
def test_a_critic_scores_patches_for_themselves(side: int) -> None:
    net, image = Critic().eval(), torch.rand(1, 3, side, side)
    with torch.no_grad():
        assert net(image).shape == (1, 1, side // 8 - 2, side // 8 - 2)


def test_a_patch_is_70_pixels_wide() -> None:
    """The score in the middle listens to 70 pixels, but for the normalisation, which hears them all."""
    net = Critic()
    for name, layer in list(net.layers.named_children()):
        if isinstance(layer, torch.nn.InstanceNorm2d):
            net.layers.register_module(name, torch.nn.Identity())
    image = torch.rand(1, 3, IMAGE_SIZE, IMAGE_SIZE, requires_grad=True)
    net(image)[0, 0, 6, 6].backward()
    assert image.grad is not None
    heard = image.grad.abs().sum(dim=(0, 1, 2)).nonzero()
    assert heard.max() - heard.min() + 1 == 70


def test_the_critics_differ() -> None:
    critics, image = Critics(), torch.rand(1, 3, 64, 64)
    assert (critics.older(image) - critics.younger(image)).abs().max() > 1e-3
