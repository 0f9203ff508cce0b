"""Moving and colouring by what a network says; the network here is a function."""

from pathlib import Path

import numpy as np
import people
import pytest
from numpy.typing import NDArray

from mien_export.runner import WeightsRunner
from mien_service.faces.toon import MULTIPLE, NETWORK, toon
from mien_service.tasks.toon_styles import LEARNED

STYLE = np.eye(len(LEARNED), dtype=np.float32)[1]
Answer = dict[str, NDArray[np.float32]]


class Network:
    """Answers with one flow and one change for every pixel, and remembers what it was shown."""

    def __init__(self, flow: tuple[float, float] = (0, 0), change: tuple[float, float, float] = (0, 0, 0)) -> None:
        self.answer = np.array(flow, np.float32), np.array(change, np.float32)
        self.shown: Answer = {}

    def __call__(self, network: str, **inputs: NDArray[np.float32]) -> Answer:
        assert network == NETWORK
        self.shown = inputs
        size = inputs["image"].shape[2:]
        flow, change = (np.broadcast_to(one[None, :, None, None], (1, len(one), *size)) for one in self.answer)
        return {"flow": flow.copy(), "change": change.copy()}


def picture(height: int = 50, width: int = 70) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return np.dstack([rows * 3, columns * 2, np.full_like(rows, 90)]).astype(np.uint8)


def test_the_network_sees_the_picture_and_what_is_beyond_repeats_its_edge() -> None:
    network = Network()
    drawn = toon(picture(), STYLE, 1.0, network)
    image = network.shown["image"]
    assert image.shape == (1, 3, 64, 96)
    assert all(side % MULTIPLE == 0 for side in image.shape[2:])
    np.testing.assert_allclose(image[0, :, :50, :70], picture().transpose(2, 0, 1) / 255, atol=1e-6)
    np.testing.assert_array_equal(image[0, :, 63, 95], image[0, :, 49, 69])
    np.testing.assert_array_equal(network.shown["condition"], STYLE[None])
    np.testing.assert_allclose(drawn, picture(), atol=1e-3)


def test_pixels_are_fetched_from_where_the_flow_says_and_the_change_is_added() -> None:
    drawn = toon(picture(), STYLE, 1.0, Network(flow=(4, -2), change=(0.1, 0, -0.2)))
    wanted = picture().astype(np.float32)[8:38, 14:54] + np.array([25.5, 0, -51])
    np.testing.assert_allclose(drawn[10:40, 10:50], wanted.clip(0, 255), atol=1)


@pytest.mark.parametrize("strength", [0.25, 0.5])
def test_a_strength_is_a_share_of_flow_and_change(strength: float) -> None:
    drawn = toon(picture(), STYLE, strength, Network(flow=(8, 0), change=(0.2, 0.2, 0.2)))
    moved, added = 2 * 8 * strength, 51 * strength
    inside = drawn[10:40, 10:50] - picture()[10:40, 10:50]
    np.testing.assert_allclose(inside, np.broadcast_to([added, added + moved, added], inside.shape), atol=1)


def test_strength_0_is_the_picture_itself_and_runs_nothing() -> None:
    network = Network(flow=(8, 0), change=(1, 1, 1))
    np.testing.assert_array_equal(toon(picture(), STYLE, 0, network), picture())
    assert network.shown == {}


def test_colours_stay_within_a_bytes_range() -> None:
    assert toon(picture(), STYLE, 1.0, Network(change=(1, -1, 1))).min() == 0
    assert toon(picture(), STYLE, 1.0, Network(change=(1, -1, 1))).max() == 255


def test_the_shipped_network_takes_any_size_and_keeps_to_its_reach(weights: Path) -> None:
    runner = WeightsRunner(weights)
    person = people.small_person("ben", 256)
    for size in ((256, 256), (100, 200)):
        drawn = toon(person[: size[0], : size[1]], STYLE, 1.0, runner)
        assert drawn.shape == (*size, 3)
        assert 1 < np.abs(drawn - person[: size[0], : size[1]]).mean() < 100
