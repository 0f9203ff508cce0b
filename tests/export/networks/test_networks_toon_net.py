import pytest
import torch
from torch import nn

from mien_export.networks.edit_net import REACH, EditNet
from mien_export.networks.toon_net import ServedToonNet

NARROW = (8, 16, 16, 24)


def learned() -> EditNet:
    net = EditNet(2, 0, NARROW, gated=False)
    for head in (net.smooth_head, net.fine_head):
        nn.init.normal_(head.weight, std=0.1)
    return net.eval()


def test_a_network_that_has_learned_nothing_gives_the_photo_back() -> None:
    flow, change = ServedToonNet(EditNet(2, 0, NARROW, gated=False))(torch.rand(2, 3, 64, 64), torch.eye(2))
    assert flow.shape == (2, 2, 64, 64)
    assert change.shape == (2, 3, 64, 64)
    assert not flow.any()
    assert not change.any()


def test_at_256_pixels_it_is_what_was_trained() -> None:
    net, image, condition = learned(), torch.rand(1, 3, 256, 256), torch.eye(2)[:1]
    with torch.no_grad():
        flow, change = ServedToonNet(net)(image, condition)
        wanted = net.fields(image, condition)
    torch.testing.assert_close(flow, wanted.flow)
    torch.testing.assert_close(change, wanted.residual)


def test_the_reach_is_the_same_on_any_size() -> None:
    net = learned()
    nn.init.constant_(net.smooth_head.bias, 9)
    for size in ((64, 96), (416, 416)):
        with torch.no_grad():
            flow, change = ServedToonNet(net)(torch.rand(1, 3, *size), torch.eye(2)[:1])
        assert flow.shape[2:] == change.shape[2:] == size
        assert 0.9 * REACH < flow.abs().max() <= REACH


def test_styles_answer_differently() -> None:
    image = torch.rand(1, 3, 64, 64).repeat(2, 1, 1, 1)
    with torch.no_grad():
        _, change = ServedToonNet(learned())(image, torch.eye(2))
    assert (change[0] - change[1]).abs().max() > 1e-3


@pytest.mark.parametrize("options", [{"gated": True}, {"gated": False, "paint": True}])
def test_a_network_of_another_kind_is_refused(options: dict[str, bool]) -> None:
    with pytest.raises(ValueError, match="everywhere"):
        ServedToonNet(EditNet(2, 0, NARROW, **options))
