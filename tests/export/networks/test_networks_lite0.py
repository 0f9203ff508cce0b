from collections.abc import Callable

import cv2
import numpy as np
import people
import pytest
import torch
from skimage import data

from mien_export.networks.lite0 import PERCEPTUAL_TAPS, Lite0, SameConv, perceptual_distance


@pytest.fixture(scope="module")
def lite0() -> Lite0:
    return Lite0()


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float() / 255


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return people.small_person("gina", 64)


def test_it_is_frozen_and_stays_in_evaluation_mode(lite0: Lite0) -> None:
    assert not lite0.training
    assert not any(parameter.requires_grad for parameter in lite0.parameters())


@pytest.mark.parametrize(("photo", "classes"), [(data.chelsea, {281, 282, 285}), (data.coffee, {504, 967, 968})])
def test_it_knows_what_imagenet_taught_it(photo: Callable[[], np.ndarray], classes: set[int], lite0: Lite0) -> None:
    """Cats are classes 281 (tabby), 282 and 285; coffee is 504 (mug), 967 (espresso) and 968 (cup)."""
    pixels = cv2.resize(photo(), (224, 224), interpolation=cv2.INTER_AREA)
    with torch.no_grad():
        [last] = lite0.features(tensor(pixels), (15,))
        head = torch.nn.functional.relu6(lite0._bn1(lite0._conv_head(last))).mean(dim=(2, 3))
        found = lite0._fc(head).softmax(dim=1)[0]
    assert found[sorted(classes)].sum() > 0.4
    assert int(found.argmax()) in classes


def test_features_shrink_as_said(lite0: Lite0) -> None:
    with torch.no_grad():
        features = lite0.features(torch.rand(2, 3, 128, 128))
    assert len(features) == len(PERCEPTUAL_TAPS)
    assert [one.shape[-1] for one in features] == [64, 32, 16, 8, 8]
    assert [one.shape[1] for one in features] == [16, 24, 40, 80, 112]


def test_a_picture_is_at_no_distance_from_itself(lite0: Lite0, portrait: np.ndarray) -> None:
    features = lite0.features(tensor(portrait))
    assert perceptual_distance(features, features).tolist() == [0]


def test_distance_grows_with_blur(lite0: Lite0, portrait: np.ndarray) -> None:
    sharp = lite0.features(tensor(portrait))
    found = [
        perceptual_distance(lite0.features(tensor(cv2.GaussianBlur(portrait, (0, 0), sigma))), sharp).item()
        for sigma in (0.5, 1, 2, 4)
    ]
    assert found == sorted(found)
    assert found[0] > 0.001
    assert found[-1] > 5 * found[0]


def test_distance_is_symmetric_and_one_for_each_picture(lite0: Lite0, portrait: np.ndarray) -> None:
    one, other = lite0.features(tensor(portrait)), lite0.features(tensor(people.small_person("ben", 64)))
    both = [torch.cat([a, b]) for a, b in zip(one, other, strict=True)]
    turned = [torch.cat([b, b]) for b in other]
    distance = perceptual_distance(both, turned)
    assert distance.shape == (2,)
    assert distance[0] > 0.05
    assert distance[1] < 1e-6
    torch.testing.assert_close(perceptual_distance(turned, both), distance)


def test_the_distance_has_a_gradient(lite0: Lite0, portrait: np.ndarray) -> None:
    image = (tensor(portrait) + 0.05 * torch.rand(1, 3, 64, 64)).requires_grad_()
    perceptual_distance(lite0.features(image), lite0.features(tensor(portrait))).sum().backward()
    assert image.grad is not None
    assert image.grad.abs().mean() > 0


@pytest.mark.parametrize(("side", "kernel", "stride"), [(8, 3, 1), (8, 3, 2), (7, 3, 2), (9, 5, 2), (8, 5, 1)])
def test_same_means_the_side_over_the_stride_rounded_up(side: int, kernel: int, stride: int) -> None:
    made = SameConv(1, 1, kernel, stride, bias=False)(torch.rand(1, 1, side, side))
    assert made.shape[-2:] == (-(-side // stride),) * 2


def test_the_odd_pixel_of_padding_goes_right_and_below() -> None:
    conv = SameConv(1, 1, 3, 2, bias=False)
    with torch.no_grad():
        conv.weight.fill_(1)
        made = conv(torch.ones(1, 1, 4, 4))[0, 0]
    assert made.tolist() == [[9, 6], [6, 4]]
