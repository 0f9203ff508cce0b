import torch
from torch.nn.functional import interpolate

from mien_export.networks.face_filler import CHANNELS, FaceFiller, ServedFaceFiller
from mien_export.recipes.edit_compose import composed

NARROW = (8, 16, 16, 24)


def holed(side: int = 192) -> torch.Tensor:
    image = torch.rand(2, CHANNELS, side, side)
    image[:, 3] = 0
    image[:, 3, side // 3 : side // 2, side // 3 : side // 2] = 1
    return image


def filler() -> FaceFiller:
    return FaceFiller(NARROW, NARROW)


def learned() -> FaceFiller:
    net = filler()
    for painter in (net.coarse, net.fine):
        torch.nn.init.normal_(painter.head.weight, std=0.2)
    return net


def test_a_network_that_has_learned_nothing_leaves_the_coarse_filling() -> None:
    small = holed(128)
    torch.testing.assert_close(composed(small[:, :3], filler().fields(small)), small[:, :3])
    large = interpolate(small, scale_factor=2.0)
    smoothed = interpolate(small[:, :3], scale_factor=2.0, mode="bilinear")
    wanted = torch.where(large[:, 3:4] == 1, smoothed, large[:, :3])
    torch.testing.assert_close(composed(large[:, :3], filler().fields(large)), wanted)
    torch.testing.assert_close(ServedFaceFiller(filler())(large), wanted)


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


def test_what_was_drawn_is_filled_otherwise() -> None:
    image, net = holed(), learned()
    other = image.clone()
    other[:, 4] = 0
    assert (net.filled(image) - net.filled(other)).abs().max() > 1e-3


def test_each_part_has_its_say_on_a_large_face_and_the_coarse_one_alone_on_a_small_one() -> None:
    for side, parts in ((192, ("coarse", "fine")), (128, ("coarse",))):
        net, image = learned(), holed(side)
        net.filled(image).mean().backward()
        taught = [name for name in ("coarse", "fine") if getattr(net, name).head.weight.grad is not None]
        assert taught == list(parts)
