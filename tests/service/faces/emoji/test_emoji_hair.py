"""The tones of an emoji's hair."""

import numpy as np

from mien_service.faces.drawn.colours import Tones
from mien_service.faces.drawn.parts import Parts
from mien_service.faces.emoji.hair import hair_colours

SIDE, UNIT = 160, 60.0


def test_a_tone_ends_in_a_smooth_line_and_not_in_a_stair() -> None:
    whole = np.ones((SIDE, SIDE), np.float32)
    nothing = np.zeros_like(whole)
    parts = Parts(whole, whole, whole, nothing, nothing, nothing, nothing)
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    lab = np.zeros((SIDE, SIDE, 3), np.float32)
    lab[..., 0] = np.where(columns + 0.4 * rows < 0.7 * SIDE, 15, 60)
    own = Tones(np.array([38, 6, 10], np.float32), 12.0)
    _, drawn = hair_colours(lab, parts, own, UNIT, 1.0)
    light = drawn[20:-20, 20:-20].mean(axis=2)
    assert np.ptp(light) > 60
    level = (light.min() + light.max()) / 2
    after = np.argmax(light > level, axis=1)
    high, low = (light[np.arange(len(light)), after - k] for k in (0, 1))
    places = after - (high - level) / (high - low)
    straight = np.polynomial.Polynomial.fit(np.arange(len(places)), places, 1)
    assert np.abs(places - straight(np.arange(len(places)))).max() < 0.34
