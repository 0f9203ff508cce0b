import torch

from mien_export.networks.seed_frontalizer import SeedFrontalizer
from mien_export.recipes.edit_compose import composed


def test_it_redraws_the_whole_face() -> None:
    net = SeedFrontalizer()
    image = torch.rand(2, 3, 64, 64)
    fields = net.fields(image)
    assert fields.paint is not None
    assert (fields.paint[:, 3] == 1).all()
    assert not fields.alpha.any()
    redrawn = net.eval().redrawn(image)
    assert redrawn.shape == image.shape
    assert 0 < redrawn.min() < redrawn.max() < 1
    inner = composed(image, net.fields(image))[..., 4:-4, 4:-4]
    torch.testing.assert_close(inner, redrawn[..., 4:-4, 4:-4])
    redrawn.mean().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())
