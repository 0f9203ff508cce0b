import torch

from mien_export.networks.u_net import BottomBlock, Film, UNet

NARROW = (8, 16, 16, 24)


def test_features_are_half_as_large_at_any_size() -> None:
    net = UNet(5, 0, NARROW)
    for side in (32, 48):
        assert net.features(torch.rand(2, 5, side, side)).shape == (2, NARROW[0], side // 2, side // 2)
    folded = UNet(5, 0, NARROW, fold=4)
    assert folded.features(torch.rand(2, 5, 64, 64)).shape == (2, NARROW[0], 16, 16)


def test_a_condition_matters_a_little_from_the_start() -> None:
    net, image = UNet(3, 2, NARROW), torch.rand(1, 3, 32, 32)
    plain, one = (net.features(image, condition) for condition in (torch.zeros(1, 2), torch.ones(1, 2)))
    assert 0.01 < (one - plain).abs().mean() < plain.abs().mean()


def test_a_condition_is_heard_by_the_first_layer_and_more_is_not_the_opposite_of_less() -> None:
    net, image = UNet(3, 2, NARROW), torch.rand(1, 3, 32, 32)
    asked = torch.tensor([[0.7, -0.3]])
    assert net.embedding is not None
    less, none, more = (net.embedding(sign * asked) for sign in (-1, 0, 1))
    assert (more + less - 2 * none).abs().max() > 0.01
    net.embedding.requires_grad_(requires_grad=False)
    heard = asked.clone().requires_grad_()
    with torch.no_grad():
        for film in net.modules():
            if isinstance(film, Film):
                film.spread.weight.zero_()
    net.features(image, heard).square().mean().backward()
    assert heard.grad is not None
    assert heard.grad.abs().min() > 0


def test_film_scales_and_shifts() -> None:
    film = Film(1, 2)
    with torch.no_grad():
        film.spread.bias.copy_(torch.tensor([1.0, 0, 0, 5]))
    x = torch.ones(1, 2, 2, 2)
    torch.testing.assert_close(film(x, torch.zeros(1, 1)), torch.tensor([2.0, 6]).view(1, 2, 1, 1).expand(1, 2, 2, 2))


def test_a_bottom_block_starts_as_the_identity() -> None:
    x = torch.randn(2, 24, 4, 4)
    torch.testing.assert_close(BottomBlock(24, 1)(x, torch.ones(2, 1)), x)
