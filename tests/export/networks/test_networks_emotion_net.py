import pytest
import torch

from mien_export.networks.emotion_net import SIDE, EmotionNet, ExpressionNet, ServedEmotionNet, standardized
from mien_export.networks.lite0 import Lite0
from mien_export.networks.mini_xception import MiniXception
from mien_export.recipes.emotion_net import NETWORKS
from mien_service.faces.expression import EXPRESSIONS, INPUT_SIDE

MAKERS = [lambda: EmotionNet(7), lambda: MiniXception(7)]


@pytest.fixture(params=MAKERS, ids=["emotion_net", "mini_xception"])
def net(request: pytest.FixtureRequest) -> ExpressionNet:
    made: ExpressionNet = request.param()
    return made.eval().requires_grad_(requires_grad=False)


def test_faces_become_logits(net: ExpressionNet) -> None:
    assert net(torch.rand(3, 1, 44, 44)).shape == (3, 7)


def test_light_and_contrast_are_all_one(net: ExpressionNet) -> None:
    face = torch.linspace(0, 1, 44)[:, None].expand(1, 1, 44, 44)
    in_other_light, upside_down = net(face * 0.4 + 0.3), net(face.flip(2))
    assert (in_other_light - net(face)).abs().max() < 0.1 * (upside_down - net(face)).abs().max()


def test_an_even_picture_gives_finite_logits(net: ExpressionNet) -> None:
    assert torch.isfinite(net(torch.full((1, 1, 44, 44), 0.7))).all()


def test_what_is_served_are_probabilities_less_sure_the_higher_the_temperature(net: ExpressionNet) -> None:
    face = torch.rand(4, 1, 44, 44)
    served = [ServedEmotionNet(net, temperature)(face) for temperature in (0.5, 1.0, 5.0)]
    for shares in served:
        torch.testing.assert_close(shares.sum(dim=1), torch.ones(4))
    torch.testing.assert_close(served[1], net(face).softmax(dim=1))
    sureness = [float(shares.max(dim=1).values.mean()) for shares in served]
    assert sureness == sorted(sureness, reverse=True)
    assert sureness[0] > sureness[-1]


def test_it_begins_as_what_imagenet_taught_and_all_of_it_learns() -> None:
    net, lite0 = EmotionNet(7), Lite0()
    face = standardized(torch.rand(2, 1, SIDE, SIDE))
    [last] = lite0.features(face.expand(-1, 3, -1, -1) * 0.5 * 0.5020 + 0.4980, (15,))
    layers = list(net.eval().features)[: len(lite0.layers())]
    torch.testing.assert_close(torch.nn.Sequential(*layers)(face), last, atol=1e-3, rtol=1e-3)
    assert all(parameter.requires_grad for parameter in net.parameters())
    assert all(module.training for module in EmotionNet(7).modules())


def test_faces_may_be_looked_at_smaller() -> None:
    net, face = EmotionNet(7).eval(), torch.rand(1, 1, INPUT_SIDE, INPUT_SIDE)
    sharp = net(face)
    net.side = SIDE // 2
    assert net(face).shape == sharp.shape
    assert (net(face) - sharp).abs().max() > 1e-3


def test_the_shipped_network_is_small() -> None:
    counts = {name: sum(one.numel() for one in make().parameters()) for name, make in NETWORKS.items()}
    assert counts["emotion_net"] < 5_000_000
    assert 50_000 < counts["mini_xception"] < 70_000
    for make in NETWORKS.values():
        assert make().eval()(torch.rand(1, 1, INPUT_SIDE, INPUT_SIDE)).shape == (1, len(EXPRESSIONS))
