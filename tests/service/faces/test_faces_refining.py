from typing import Any

import cv2
import numpy as np
import people
import pytest
from finding import found
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien_service.faces.align import AlignedFace, align
from mien_service.faces.composite import apply_edit
from mien_service.faces.motion import fetch
from mien_service.faces.refining import CHANNELS, NETWORK, SIDE, refined, refiner_input
from mien_service.faces.turning import Turn, by_mesh


class Answers:
    """Runs no network: answers what it was given, and keeps what it was asked."""

    def __init__(self, **fields: NDArray[np.float32]) -> None:
        nothing = {"flow": 2, "residual": 3, "mix": 1, "paint": 4}
        self.fields = {name: np.zeros((1, count, SIDE, SIDE), np.float32) for name, count in nothing.items()}
        for name, field in fields.items():
            self.fields[name][:] = field
        self.asked: list[NDArray[np.float32]] = []

    def __call__(self, network: str, **inputs: Any) -> dict[str, NDArray[np.float32]]:
        assert network == NETWORK
        self.asked.append(inputs["image"])
        return self.fields


def turn(seed: int = 0) -> Turn:
    """Return smooth random fields."""
    random = np.random.default_rng(seed)

    def smooth(count: int, low: float, high: float) -> NDArray[np.float32]:
        coarse = random.uniform(low, high, (6, 6, count)).astype(np.float32)
        return cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC).reshape(SIDE, SIDE, count)

    shares = [np.clip(smooth(1, 0, 1)[..., 0], 0, 1) for _ in range(3)]
    return Turn(smooth(2, -9, 9), smooth(2, -30, 30), *shares)


@pytest.fixture(scope="module")
def face() -> AlignedFace:
    return align(people.small_person("ben"), found("ben"))


def test_the_network_sees_both_pictures_and_what_the_mesh_says(face: AlignedFace) -> None:
    given_turn = turn()
    image = refiner_input(face.crop, given_turn)
    assert image.shape == (SIDE, SIDE, CHANNELS)
    assert image.dtype == np.float32
    assert (image.min(), image.max()) >= (0, 0)
    assert image.max() <= 1
    small = cv2.resize(face.crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(image[..., 3:6] * 255, fetch(small, given_turn.twin_flow), atol=1e-3)
    for i, name in enumerate(("seen", "twin_seen", "head")):
        np.testing.assert_array_equal(image[..., 6 + i], getattr(given_turn, name))
    still = Turn(*(np.zeros((SIDE, SIDE, 2), np.float32),) * 2, *(np.ones((SIDE, SIDE), np.float32),) * 3)
    np.testing.assert_allclose(refiner_input(face.crop, still)[..., :3] * 255, small, atol=1e-3)


def test_a_network_that_says_nothing_leaves_the_mesh_warp(face: AlignedFace) -> None:
    given_turn, run = turn(), Answers()
    image = refiner_input(face.crop, given_turn)
    edit = refined(given_turn, image, 1.0, run)
    np.testing.assert_array_equal(run.asked[0][0].transpose(1, 2, 0), image)
    np.testing.assert_array_equal(edit.flow, given_turn.flow)
    bare = Turn(given_turn.flow, given_turn.twin_flow, *(np.ones((SIDE, SIDE), np.float32),) * 3)
    photo = people.small_person("ben")
    np.testing.assert_array_equal(
        apply_edit(photo, face.transform, edit), apply_edit(photo, face.transform, by_mesh(bare))
    )


def test_the_other_half_is_taken_where_the_network_says_so(face: AlignedFace) -> None:
    given_turn = turn()
    edit = refined(given_turn, refiner_input(face.crop, given_turn), 1.0, Answers(mix=np.float32(1)))
    swapped = Turn(given_turn.twin_flow, given_turn.flow, given_turn.seen, given_turn.twin_seen, given_turn.head)
    other = refined(swapped, refiner_input(face.crop, swapped), 1.0, Answers())
    photo = people.small_person("ben")
    rim = face.transform, edit
    taken, wanted = apply_edit(photo, *rim), apply_edit(photo, face.transform, other)
    assert np.median(np.abs(taken.astype(int) - wanted)) <= 1


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=20)
def test_a_share_of_a_turn_is_a_share_of_everything(amount: float, matte: float) -> None:
    paint = np.array([0.2, 0.4, 0.6, matte], np.float32).reshape(4, 1, 1)
    edit = refined(turn(), np.zeros((SIDE, SIDE, CHANNELS), np.float32), amount, Answers(paint=paint))
    assert edit.paint is not None
    np.testing.assert_allclose(edit.alpha, amount, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(edit.paint[..., 3], matte * amount, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(edit.paint[0, 0, :3], [51, 102, 153], rtol=1e-5)
    assert not edit.match_paint


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_a_correction_comes_after_the_turn(seed: int) -> None:
    """What the corrected flow fetches is what the correction fetches of the turned picture."""
    given_turn = turn(seed)
    shift = np.array([3, -2], np.float32).reshape(2, 1, 1)
    edit = refined(given_turn, np.zeros((SIDE, SIDE, CHANNELS), np.float32), 1.0, Answers(flow=shift))
    ramp = np.dstack(np.meshgrid(*[np.arange(SIDE, dtype=np.float32)] * 2)).astype(np.float32)
    assert edit.flow is not None
    at_once = fetch(ramp, edit.flow, cv2.INTER_LINEAR)
    in_two = fetch(fetch(ramp, given_turn.flow, cv2.INTER_LINEAR), np.broadcast_to(shift[:, 0, 0], ramp.shape).copy())
    inner = slice(12, -12)
    np.testing.assert_allclose(at_once[inner, inner], in_two[inner, inner], atol=0.3)
