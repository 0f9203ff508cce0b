from collections.abc import Callable
from typing import Any

import numpy as np
import people
import pytest
import torch

from mien_export.data.signed_faces import (
    CONDITION_SIZE,
    SHOWN,
    SIDE,
    SignedFaces,
    SignedPairs,
    condition,
    signed_pairs,
)
from mien_service.faces.skin.signs import Gains
from mien_service.tasks.substances import Substance


def test_a_condition_tells_substance_severity_and_gains() -> None:
    np.testing.assert_allclose(
        condition(Substance.ALCOHOL, 0.4, Gains(tone=2, eyes_teeth=0)), [0, 0.4, 0, 0, 0, 1, 0, -1], atol=1e-6
    )


def test_a_pair_is_a_face_and_what_is_drawn_on_it(make_pack: Callable[..., None], webp: Any) -> None:
    rows = [{"file": "0.webp", "age": "60"}, {"file": "1.webp", "age": "30"}]
    pictures = {"0.webp": people.small_person("ben", 256), "1.webp": np.zeros((256, 256, 3), np.uint8)}
    make_pack("utkface", rows, {name: webp(picture) for name, picture in pictures.items()})
    [(before, after, region, asked, age)] = signed_pairs([("utkface", row) for row in rows])
    assert before.shape == after.shape == (SIDE, SIDE, 3)
    assert before.dtype == after.dtype == region.dtype == np.uint8
    assert asked.shape == (CONDITION_SIZE,)
    assert age == 60
    moved = np.abs(after.astype(int) - before).max(axis=2)
    assert moved[region > 250].mean() > 4
    assert moved[:6].max() == 0


def test_real_skin_is_that_of_older_people_and_the_shown_are_not_trained_on() -> None:
    count = 20 + SHOWN
    level = np.arange(count, dtype=np.uint8)
    pixels = np.broadcast_to(level[:, None, None, None], (count, 32, 32, 3)).copy()
    age = np.where(level % 2 == 0, 70, 30)
    faces = SignedFaces(
        pixels, pixels, np.full((count, 32, 32), 255, np.uint8), np.zeros((count, CONDITION_SIZE), np.float32), age
    )
    pairs = SignedPairs(faces, torch.device("cpu"))
    batch = pairs.batch(64, 16)
    assert batch.source.shape == (64, 3, 16, 16)
    levels = (batch.source[:, 0, 0, 0] * 255).round().tolist()
    assert max(levels) < 20
    assert all(level % 2 == 0 and level < 20 for level in (batch.real[:, 0, 0, 0] * 255).round().tolist())
    shown = (pairs.shown(32).source[:, 0, 0, 0] * 255).round().tolist()
    assert shown == pytest.approx(range(20, count))
