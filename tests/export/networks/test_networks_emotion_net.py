import pytest
import torch

from mien_export.networks.emotion_net import EmotionNet, ExpressionNet, ServedEmotionNet
from mien_export.networks.mini_xception import MiniXception
from mien_export.recipes.emotion_net import NETWORKS
from mien_service.faces.expression import EXPRESSIONS, INPUT_SIDE

MAKERS = [lambda: EmotionNet(7, (8, 16), (1, 2), 8), lambda: MiniXception(7)]


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


def test_the_shipped_network_is_small() -> None:
    counts = {name: sum(one.numel() for one in make().parameters()) for name, make in NETWORKS.items()}
    assert counts["emotion_net"] < 5_000_000
    assert 50_000 < counts["mini_xception"] < 70_000
    for make in NETWORKS.values():
        assert make().eval()(torch.rand(1, 1, INPUT_SIDE, INPUT_SIDE)).shape == (1, len(EXPRESSIONS))
