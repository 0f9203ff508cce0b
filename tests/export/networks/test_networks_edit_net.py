import pytest
import torch
from torch import nn

from mien_export.networks.edit_net import REACH, EditNet, Fields, floored
from mien_export.networks.u_net import SMALL_WIDTHS
from mien_export.recipes.edit_compose import composed

NARROW = (8, 16, 16, 24)


def left_the_start(net: EditNet, spread: float = 0.2) -> EditNet:
    """Return the network with every weight that starts at 0 moved away from it."""
    with torch.no_grad():
        for parameter in net.parameters():
            if not parameter.any():
                parameter.normal_(0, spread)
    return net


def count(net: EditNet) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def test_it_has_the_size_that_was_planned() -> None:
    assert 3_400_000 < count(EditNet()) < 3_700_000
    assert 1_200_000 < count(EditNet(widths=SMALL_WIDTHS)) < 1_400_000


@pytest.mark.parametrize("side", [32, 128, 256])
@pytest.mark.parametrize(
    ("condition_size", "extra", "paint"), [(0, 0, False), (3, 0, True), (0, 2, True), (1, 5, False)]
)
def test_fields_have_the_shapes_and_ranges_of_an_edit(side: int, condition_size: int, extra: int, paint: bool) -> None:
    net = left_the_start(EditNet(condition_size, extra, NARROW, paint=paint), 3)
    condition = torch.randn(2, condition_size) if condition_size else None
    with torch.no_grad():
        fields = net.fields(torch.rand(2, 3 + extra, side, side), condition)
    assert fields.flow.shape == (2, 2, side, side)
    assert fields.residual.shape == (2, 3, side, side)
    assert fields.alpha.shape == (2, 1, side, side)
    reach = REACH * side / 256
    assert 0.5 * reach < fields.flow.abs().max() <= reach
    assert 0.5 < fields.residual.abs().max() <= 1
    assert 0 <= fields.alpha.min() < fields.alpha.max() <= 1
    if not paint:
        assert fields.paint is None
        return
    assert fields.paint is not None
    assert fields.paint.shape == (2, 4, side, side)
    assert 0 <= fields.paint.min() < fields.paint.max() <= 1


@pytest.mark.parametrize("paint", [True, False])
def test_a_network_that_has_learned_nothing_changes_nothing(paint: bool) -> None:
    net = EditNet(2, 1, NARROW, paint=paint)
    image = torch.rand(2, 4, 64, 64)
    with torch.no_grad():
        fields = net.fields(image, torch.randn(2, 2))
        assert fields.alpha.min() > 0.1, "alpha is open enough for what is learned to be seen"
        torch.testing.assert_close(composed(image[:, :3], fields), image[:, :3], rtol=0, atol=1e-6)


def test_alpha_is_open_everywhere_where_it_is_not_learned() -> None:
    image = torch.rand(2, 3, 32, 32)
    net = left_the_start(EditNet(0, 0, NARROW, gated=False))
    assert (net.fields(image).alpha == torch.ones(2, 1, 32, 32)).all()
    assert net.fields(image).flow.abs().max() > 0
    torch.testing.assert_close(composed(image, EditNet(0, 0, NARROW, gated=False).fields(image)), image)


def test_an_enlarged_edit_does_the_same_to_a_larger_face() -> None:
    enlarge, reduce = nn.UpsamplingBilinear2d, nn.AvgPool2d(2)

    def smooth(channels: int) -> torch.Tensor:
        return enlarge(64)(torch.rand(2, channels, 4, 4))

    face = smooth(3)
    fields = Fields(6 * smooth(2) - 3, smooth(3) - 0.5, smooth(1), smooth(4))
    assert fields.enlarged(1) is fields
    large = composed(enlarge(128)(face), fields.enlarged(2))
    assert large.shape == (2, 3, 128, 128)
    inner = slice(8, -8)
    difference = reduce(large) - composed(face, fields)
    assert difference[:, :, inner, inner].abs().mean() < 0.01
    assert (composed(face, fields) - face).abs().mean() > 0.05


def test_an_edit_can_be_confined_to_a_region() -> None:
    region = torch.rand(2, 1, 32, 32)
    for paint in (True, False):
        fields = left_the_start(EditNet(0, 0, NARROW, paint=paint)).fields(torch.rand(2, 3, 32, 32))
        confined = fields.confined(region)
        torch.testing.assert_close(confined.alpha, fields.alpha * region)
        torch.testing.assert_close((confined.flow, confined.residual), (fields.flow, fields.residual))
        if fields.paint is None:
            assert confined.paint is None
            continue
        assert confined.paint is not None
        torch.testing.assert_close(confined.paint[:, :3], fields.paint[:, :3])
        torch.testing.assert_close(confined.paint[:, 3:], fields.paint[:, 3:] * region)


@pytest.mark.parametrize(("condition_size", "paint"), [(0, False), (2, True)])
def test_the_gradient_reaches_every_weight(condition_size: int, paint: bool) -> None:
    net = left_the_start(EditNet(condition_size, 1, NARROW, paint=paint))
    image = torch.rand(2, 4, 64, 64)
    condition = torch.randn(2, condition_size) if condition_size else None
    (composed(image[:, :3], net.fields(image, condition)) - torch.rand(2, 3, 64, 64)).square().mean().backward()
    still = [name for name, one in net.named_parameters() if one.grad is None or not one.grad.any()]
    assert still == []


def test_a_fresh_network_leaves_its_start_within_two_steps() -> None:
    net = EditNet(1, 0, NARROW, paint=True)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    image, condition = torch.rand(2, 3, 64, 64), torch.randn(2, 1)
    for _ in range(3):
        optimizer.zero_grad()
        (composed(image, net.fields(image, condition)) - torch.rand(2, 3, 64, 64)).abs().mean().backward()
        optimizer.step()
    still = [name for name, one in net.named_parameters() if one.grad is None or not one.grad.any()]
    assert still == []


def test_a_condition_is_heard_as_soon_as_the_heads_have_left_their_start() -> None:
    net = EditNet(2, 0, NARROW)
    image = torch.rand(1, 3, 32, 32)
    one, other = torch.tensor([[1.0, 0]]), torch.tensor([[-1.0, 0.5]])
    with torch.no_grad():
        torch.testing.assert_close(net(image, one), net(image, other))
        for head in (net.smooth_head, net.fine_head):
            head.weight.normal_(0, 0.1)
        assert (net(image, one)[1] - net(image, other)[1]).abs().max() > 0.01


def test_a_face_is_edited_alike_alone_and_in_a_batch_in_training_and_after() -> None:
    net = left_the_start(EditNet(0, 0, NARROW))
    images = torch.rand(3, 3, 32, 32)
    with torch.no_grad():
        together = net.train()(images)
        alone = net.eval()(images[1:2])
    for both, one in zip(together, alone, strict=True):
        torch.testing.assert_close(both[1:2], one, rtol=1e-4, atol=1e-5)


def test_what_is_under_the_floor_is_nothing_but_can_rise() -> None:
    values = torch.tensor([0.0, 0.02, 0.03, 0.515, 1.0], requires_grad=True)
    found = floored(values, 0.03)
    torch.testing.assert_close(found, torch.tensor([0.0, 0.0, 0.0, 0.5, 1.0]))
    assert found[:2].tolist() == [0, 0]
    torch.testing.assert_close(floored(values.detach(), 0.03), found.detach())
    found.sum().backward()
    assert values.grad is not None
    torch.testing.assert_close(values.grad, torch.full((5,), 1 / 0.97))
