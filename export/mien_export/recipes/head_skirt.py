"""Fit the skirt around the face, by which hair, ears and neck turn: part of `export head_model`.

People of the generator are rendered turned and from the front. The skirt whose warp of the turned head comes nearest to
the frontal one is found by coordinate descent: minutes, since a warp takes milliseconds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data.parallel import in_parts, pool
from mien_export.runner import WeightsRunner
from mien_export.teachers.renderer import Renderer
from mien_export.teachers.turned_views import Rotation, Seen, Views, front_and_sides
from mien_service.faces.edit import Field
from mien_service.faces.face import Mesh, RgbImage
from mien_service.faces.head_model import HeadModel, placement
from mien_service.faces.motion import fetch
from mien_service.faces.turning import turned

PEOPLE, FIRST_SEED = 120, 900_000
"""People to fit on; no other recipe has their seeds."""

RINGS = (0.06, 0.14, 0.24, 0.36, 0.5, 0.7, 1.0, 2.0)
"""Between the face's oval (0) and the edge of the square (1)."""

FREE = 6
"""Rings that are fitted; those at the edge and beyond do not turn, and are as deep as the last."""

FLANKS = 4
"""The flank that turns away, the one that turns to the camera, the top, the bottom."""

DEEPEST = 1.2
"""In outer eye distances. Twice as deep is a little nearer by this measure, but shears hair into zigzags, and fetches
from beyond the picture."""

START_SLOPE, START_DEPTH = 0.72, 0.5
"""Depth over the share of the way to the edge, and its limit, at the start."""

SIDE = 96
"""Pixels of the pictures that are compared."""

BLURS = (1.0, 3.0)
"""Pixels over which differences are meaned: strands of hair need not lie where they lay."""

FIRST_STEPS = (0.3, 0.2)
SWEEPS = 3
"""Steps of depth and turning; each sweep halves them."""

LEAST_GAIN = 2e-3
"""Grey levels below which a step is not worth taking."""


@dataclass(frozen=True, eq=False)
class SkirtPair:
    """A turned head's mesh and square (SIDE, SIDE, 3), and of the frontal one rotation, square and what is not face."""

    mesh: Mesh
    turned: RgbImage
    target: Rotation
    frontal: RgbImage
    beside: Field


def start_model(model: HeadModel) -> HeadModel:
    """Return the model with the skirt that fitting starts from: a slope, turning less and less outwards."""
    rings = np.array(RINGS, np.float32)
    depth = np.minimum(START_SLOPE * rings, START_DEPTH)
    turning = np.clip(1.1 - rings, 0, 1) * (rings < 1)
    both = (np.tile(values, (FLANKS, 1)).astype(np.float32) for values in (depth, turning))
    return replace(model, rings=rings, **dict(zip(("ring_depth", "ring_turning"), both, strict=True)))


def fitted(start: HeadModel, people: Callable[[Sequence[int]], list[SkirtPair]]) -> HeadModel:
    """Return the model with its skirt fitted; `people` makes pairs of seeds. Prints the difference at each sweep."""
    pairs = in_parts(people, range(FIRST_SEED, FIRST_SEED + PEOPLE), part=20)
    halves = pairs[::2], pairs[1::2]
    with pool() as processes:

        def difference(model: HeadModel) -> float:
            return float(np.mean(list(processes.map(partial(mean_difference, model), halves))))

        return descended(start, difference)


def skirt_pairs(model: HeadModel, run: WeightsRunner, seeds: Sequence[int]) -> list[SkirtPair]:
    """Return pairs of some people, each from both sides, as far as their faces are found."""
    views, render, found = Views(run, model), Renderer(), list[SkirtPair]()
    for seed in seeds:
        found += [pair(side, frontal, model) for side, frontal in front_and_sides(views, render, seed)]
    return found


def pair(side: Seen, frontal: Seen, model: HeadModel) -> SkirtPair:
    """Return two views of a person as a pair."""
    before, after = (
        np.asarray(cv2.resize(seen.face.crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
        for seen in (side, frontal)
    )
    oval = (frontal.mesh[model.oval, :2] + 0.5) * SIDE / frontal.face.crop.shape[0] - 0.5
    beside = cv2.fillPoly(np.ones((SIDE, SIDE), np.float32), [np.rint(oval).astype(np.int32)], (0,))
    target = placement(frontal.mesh, model).rotation
    beside = np.asarray(cv2.erode(beside, np.ones((3, 3), np.uint8)), np.float32)
    return SkirtPair(side.mesh, before, target, after, beside)


def mean_difference(model: HeadModel, pairs: Sequence[SkirtPair]) -> float:
    """Return the mean difference beside the face of turned heads to frontal ones, in grey levels, over all blurs."""
    found: list[float] = []
    for one in pairs:
        turn = turned(one.mesh, model, one.target, SIDE)
        away = fetch(one.turned, turn.flow).astype(np.float32) - one.frontal
        for blur in BLURS:
            levels = np.abs(cv2.GaussianBlur(away, (0, 0), blur)).mean(axis=2)
            found.append(float((levels * one.beside).sum() / one.beside.sum()))
    return len(BLURS) * float(np.mean(found))


def descended(start: HeadModel, difference: Callable[[HeadModel], float]) -> HeadModel:
    """Return the model after SWEEPS over all values of its skirt, each moved for as long as that helps."""
    best, lowest = start, difference(start)
    print(f"difference {lowest:.2f}", flush=True)
    for sweep in range(SWEEPS):
        for flank in range(FLANKS):
            for ring in range(FREE):
                for name, step in zip(("ring_depth", "ring_turning"), FIRST_STEPS, strict=True):
                    for signed in (step / 2**sweep, -step / 2**sweep):
                        while (after := stepped(best, name, flank, ring, signed)) is not None:
                            reached = difference(after)
                            if reached > lowest - LEAST_GAIN:
                                break
                            best, lowest = after, reached
        print(f"difference {lowest:.2f} after sweep {sweep + 1}", flush=True)
    return best


def stepped(model: HeadModel, name: str, flank: int, ring: int, step: float) -> HeadModel | None:
    """Return the model with one value moved and those that it passes taken along; None where it is at its limit.

    Outwards rings are deeper and turn less.
    """
    values: NDArray[np.float32] = getattr(model, name).copy()
    row, deeper = values[flank], name == "ring_depth"
    value = np.clip(row[ring] + step, 0, DEEPEST if deeper else 1)
    if value == row[ring]:
        return None
    if (value > row[ring]) == deeper:
        others, beyond = slice(ring, FREE), np.maximum if deeper else np.minimum
    else:
        others, beyond = slice(0, ring + 1), np.minimum if deeper else np.maximum
    row[ring] = value
    row[others] = beyond(row[others], value)
    if deeper:
        row[FREE:] = row[FREE - 1]
    return replace(model, **{name: values})
