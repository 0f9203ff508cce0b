"""Views of turned heads (teachers/turned_views.py), made in a few processes and cached as one array a kind.

No person of `pose_pairs` is among them, and people who are held out are kept apart.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mien_export.data.caching import write_arrays
from mien_export.data.crops import WEIGHTS, cache_folder, networks_key
from mien_export.data.packs import Row, is_held_out, is_validation, read_pictures, read_rows
from mien_export.data.parallel import in_parts
from mien_export.data.synthetic_people import people_key
from mien_export.quality.held_out import found_faces
from mien_export.runner import WeightsRunner
from mien_export.teachers.renderer import Renderer
from mien_export.teachers.turned_views import (
    FRONT,
    FRONTAL,
    TURNED,
    Views,
    front_and_sides,
    photo_turned_away,
    view,
)
from mien_service.faces.head_model import TABLE
from mien_service.faces.refining import CHANNELS, SIDE

TURNED_AWAY = {"celeba": 1, "stylegan": 3}
"""Packs whose photos are turned away, and how often each."""

ASIDE, ASIDE_SHARE = 25.0, 0.25
"""This share of the photos that are neither frontal nor turned further are turned away too: not only the front is asked
for."""

AWAY = (12.0, 50.0)
"""Degrees of yaw that photos are turned away to, to either side."""

PEOPLE, FIRST_SEED = 1800, 500_000
"""People of the generator, each seen from the front and from both sides; no other recipe has their seeds."""

View = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class TurnedHeads:
    """Views of a kind.

    pixels: (n, SIDE, SIDE, CHANNELS + 6) uint8: what the refiner sees; the truth, or another photo of the person; the
    head as it was. held_out: (n,), who is never trained on.
    """

    pixels: NDArray[np.uint8]
    held_out: NDArray[np.bool_]


KINDS = ("photos", "people", "real")
"""Photos turned away, people of the generator, real turned heads beside another photo of the person."""


def load_turned_heads(kind: str) -> TurnedHeads:
    """Return the views of one of KINDS, made once and cached."""
    file = cache_folder() / f"turned-{kind}-{_key()}.npz"
    if not file.exists():
        pixels, held_out = zip(*{"photos": _photos, "people": _people, "real": _real}[kind](), strict=True)
        write_arrays(file, pixels=np.stack(pixels), held_out=np.array(held_out))
    with np.load(file) as saved:
        return TurnedHeads(saved["pixels"], saved["held_out"])


def _key() -> str:
    """Return a short name of what the views are made with."""
    table = (WEIGHTS / f"{TABLE}.npz").read_bytes()
    return hashlib.sha256(f"{people_key()} {SIDE} {CHANNELS}".encode() + table).hexdigest()[:8]


def load_yaws(pack: str) -> NDArray[np.float32]:
    """Return the yaw in degrees of the head in each of a pack's pictures; NaN where none is found; cached."""
    file = cache_folder() / f"yaws-{pack}-{networks_key(WEIGHTS)}.npz"
    if not file.exists():
        yaws = in_parts(partial(_yaws, pack), range(len(read_rows(pack))))
        write_arrays(file, yaws=np.array(yaws, np.float32))
    with np.load(file) as saved:
        return saved["yaws"]


Made = tuple[View, bool]


def _runner() -> WeightsRunner:
    return WeightsRunner(WEIGHTS)


def _yaws(pack: str, index: Sequence[int]) -> list[float]:
    rows = read_rows(pack)
    faces = found_faces(pack, [rows[i] for i in index], _runner())
    found = {face.row["file"]: face.aligned.face.pose.yaw for face in faces}
    return [found.get(rows[i]["file"], np.nan) for i in index]


def _allowed(pack: str) -> list[tuple[int, Row, float]]:
    """Return number, row and yaw of the pictures that may be used."""
    numbered = zip(read_rows(pack), load_yaws(pack), strict=True)
    return [(i, row, float(yaw)) for i, (row, yaw) in enumerate(numbered) if row.get("split") != "reserved"]


def _photos() -> list[Made]:
    made: list[Made] = []
    for pack, times in TURNED_AWAY.items():
        rng = np.random.default_rng(0)
        chosen = [i for i, _, yaw in _allowed(pack) if abs(yaw) < (ASIDE if rng.random() < ASIDE_SHARE else FRONTAL)]
        made += in_parts(partial(_turned_away, pack), chosen * times)
    return made


def _turned_away(pack: str, index: Sequence[int]) -> list[Made]:
    rows, views, made = read_rows(pack), Views(_runner()), list[Made]()
    rng = np.random.default_rng([index[0], len(index)])
    for i, photo in zip(index, read_pictures(pack, [rows[i]["file"] for i in index]), strict=True):
        yaw = float(rng.uniform(*AWAY) * rng.choice([-1, 1]))
        pixels = photo_turned_away(views, photo, yaw, rng)
        if pixels is not None:
            made.append((pixels, is_validation(rows[i])))
    return made


def _people() -> list[Made]:
    return in_parts(_seen_from_both_sides, range(FIRST_SEED, FIRST_SEED + PEOPLE))


def _seen_from_both_sides(seeds: Sequence[int]) -> list[Made]:
    views, render, made = Views(_runner()), Renderer(), list[Made]()
    for seed in seeds:
        for side, frontal in front_and_sides(views, render, seed):
            made.append((view(views, side, frontal, views.rotation(frontal)), is_held_out(str(seed))))
    return made


def _real() -> list[Made]:
    rows = _allowed("celeba")
    frontal: dict[str, tuple[float, int]] = {}
    for i, row, yaw in rows:
        if abs(yaw) < FRONTAL:
            frontal[row["identity"]] = min(frontal.get(row["identity"], (90.0, i)), (abs(yaw), i))
    turned = [
        (i, frontal[row["identity"]][1]) for i, row, yaw in rows if abs(yaw) > TURNED and row["identity"] in frontal
    ]
    return in_parts(_beside_frontal, turned)


def _beside_frontal(pairs: Sequence[tuple[int, int]]) -> list[Made]:
    rows, views, made = read_rows("celeba"), Views(_runner()), list[Made]()
    turned, frontal = (read_pictures("celeba", [rows[pair[side]]["file"] for pair in pairs]) for side in (0, 1))
    for (i, _), one, other in zip(pairs, turned, frontal, strict=True):
        head, truth = views.seen(one), views.seen(other)
        if head is not None and truth is not None:
            made.append((view(views, head, truth, FRONT), is_validation(rows[i])))
    return made
