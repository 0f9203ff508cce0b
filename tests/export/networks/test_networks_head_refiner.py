import cv2
import numpy as np
import torch
from torch import nn

from mien_export.networks.edit_net import Fields
from mien_export.networks.head_refiner import HeadRefiner, ServedHeadRefiner
from mien_export.recipes.edit_compose import composed
from mien_service.faces.align import CROP_SIZE
from mien_service.faces.composite import apply_edit
from mien_service.faces.refining import CHANNELS, SIDE, refined, refiner_input
from mien_service.faces.turning import Turn

WIDTHS = (8, 16, 16, 24)


def smooth(random: np.random.Generator, count: int, low: float, high: float) -> np.ndarray:
    coarse = random.uniform(low, high, (6, 6, count)).astype(np.float32)
    return cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC).reshape(SIDE, SIDE, count)


def views(count: int, side: int) -> torch.Tensor:
    return torch.rand(count, CHANNELS, side, side)


def test_an_untrained_refiner_takes_what_was_seen_and_smooths_the_rest() -> None:
    image = views(2, 32)
    image[:, 8] = 1.0
    image[:, 6], image[:, 7] = 0.0, 1.0
    image[:, 6, :, :16], image[:, 7, :, :16] = 1.0, 0.0
    fields = HeadRefiner(WIDTHS).fields(image)
    assert fields.twin is not None
    assert fields.paint is not None
    assert not fields.flow.any()
    assert not fields.residual.any()
    assert (fields.alpha == 1).all()
    assert (fields.twin[:, 3, :, :16] == 0).all()
    assert (fields.twin[:, 3, :, 16:] > 0.95).all()
    found = composed(image[:, :3], fields)
    # The face's middle lies a little below the square's.
    face = slice(15, 22), slice(10, 15)
    torch.testing.assert_close(found[:, :, *face], image[:, :3, *face], atol=0.01, rtol=0)
    rest = slice(4, -4), slice(18, -4)
    assert found[:, :, *rest].std() < 0.6 * image[:, 3:6, *rest].std()
    torch.testing.assert_close(found[:, :, *rest].mean(), image[:, 3:6, *rest].mean(), atol=0.05, rtol=0)


def test_fields_are_within_their_bounds_whatever_the_weights() -> None:
    net = HeadRefiner(WIDTHS)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=2.0)
    flow, residual, mix, paint = net.refined(views(2, 64))
    assert flow.abs().max() <= 3.0
    assert residual.abs().max() <= 1
    for shares in (mix, paint):
        assert shares.min() >= 0
        assert shares.max() <= 1


def test_it_serves_what_it_trains() -> None:
    """The service's compositor at full size and training's at the network's make the same picture."""
    torch.manual_seed(1)
    net = HeadRefiner(WIDTHS)
    nn.init.normal_(net.smooth_head.weight, std=0.05)
    # Residual, paint and matte are even: of fields that change from pixel to pixel two sizes make two pictures.
    assert net.fine_head.bias is not None
    net.fine_head.bias.data = torch.randn(7).repeat_interleave(4) / 8
    served = ServedHeadRefiner(net.eval())

    def run(network: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        with torch.no_grad():
            answers = served(torch.from_numpy(inputs["image"]))
        assert network == "head_refiner"
        return dict(zip(("flow", "residual", "mix", "paint"), (one.numpy() for one in answers), strict=True))

    random = np.random.default_rng(2)
    crop = np.clip(cv2.resize(smooth(random, 3, 40, 220), (CROP_SIZE, CROP_SIZE)), 0, 255).astype(np.uint8)
    shares = [np.clip(smooth(random, 1, 0, 1)[..., 0], 0, 1) for _ in range(3)]
    turn = Turn(smooth(random, 2, -5, 5), smooth(random, 2, -9, 9), *shares)
    image = refiner_input(crop, turn)
    picture = apply_edit(crop, np.eye(2, 3), refined(turn, image, 1.0, run))
    batch = torch.from_numpy(image.transpose(2, 0, 1)[None].copy())
    with torch.no_grad():
        fields = net.fields(batch)
        assert isinstance(fields, Fields)
        wanted = composed(batch[:, :3], fields)[0].permute(1, 2, 0).numpy() * 255
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    inner = slice(10, -10)
    assert np.abs(small[inner, inner] - wanted[inner, inner]).mean() < 2.0
