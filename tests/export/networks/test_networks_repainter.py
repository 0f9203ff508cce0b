import torch

from mien_export.networks.repainter import Repainter
from mien_export.recipes.edit_compose import composed

NARROW = (8, 16, 16, 24)


def holed() -> torch.Tensor:
    image = torch.rand(2, 5, 48, 48)
    image[:, 3] = 0
    image[:, 3, 24:40, 16:32] = 1
    return image


def test_the_whole_face_is_repainted() -> None:
    net, image = Repainter(NARROW), holed()
    output = composed(image[:, :3], net.fields(image))
    assert output.shape == (2, 3, 48, 48)
    assert 0 <= output.min() < output.max() <= 1
    assert (output != image[:, :3]).all(dim=1).float().mean() > 0.9


def test_what_is_in_the_hole_is_not_looked_at() -> None:
    net, image = Repainter(NARROW), holed()
    other = image.clone()
    other[:, :3, 24:40, 16:32] = 0
    answers: list[torch.Tensor] = []
    for one in (image, other):
        torch.manual_seed(3)
        answers.append(net.repainted(one))
    torch.testing.assert_close(*answers)
