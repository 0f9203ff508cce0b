import torch

from mien_export.networks.face_filler import CHANNELS, FaceFiller, ServedFaceFiller
from mien_export.recipes.edit_compose import composed

NARROW = (8, 16, 16, 24)


def holed(side: int = 48) -> torch.Tensor:
    image = torch.rand(2, CHANNELS, side, side)
    image[:, 3] = 0
    image[:, 3, side // 3 : side // 2, side // 3 : side // 2] = 1
    return image


def learned() -> FaceFiller:
    net = FaceFiller(NARROW)
    torch.nn.init.normal_(net.head.weight, std=0.2)
    return net


def test_a_network_that_has_learned_nothing_leaves_the_coarse_filling() -> None:
    image = holed()
    torch.testing.assert_close(composed(image[:, :3], FaceFiller(NARROW).fields(image)), image[:, :3])
    torch.testing.assert_close(ServedFaceFiller(FaceFiller(NARROW))(image), image[:, :3])


def test_only_the_hole_is_painted() -> None:
    image, net = holed(), learned()
    output = composed(image[:, :3], net.fields(image))
    hole = image[:, 3:4].expand_as(output) == 1
    torch.testing.assert_close(output[~hole], image[:, :3][~hole])
    assert (output - image[:, :3])[hole].abs().mean() > 0.01


def test_what_is_served_is_what_is_painted() -> None:
    image, net = holed(), learned()
    hole = image[:, 3:4].expand(-1, 3, -1, -1) == 1
    output = composed(image[:, :3], net.fields(image)).clamp(0, 1)
    torch.testing.assert_close(ServedFaceFiller(net)(image)[hole], output[hole])


def test_noise_asks_for_another_face() -> None:
    image, net = holed(), learned()
    other = image.clone()
    other[:, 4] = 0
    assert (net.filled(image) - net.filled(other)).abs().max() > 1e-3
