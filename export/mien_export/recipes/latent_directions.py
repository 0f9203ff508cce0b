"""Fit directions in the generator's w: what judge A and the mesh read off people, by ridge regression.

    python -m mien_export train latent_directions

Renders 2,000 people (cached), reads them, and writes export/mien_export/teachers/directions.npz, some 20 KB, which is
committed. Takes no minutes of its own but those of rendering: about a quarter of an hour on two CPU cores.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien_export.data.portrait_readings import PortraitReader, Readings
from mien_export.data.synthetic_people import load_people
from mien_export.quality.statistics import Bools, Floats
from mien_export.teachers.people import DIRECTIONS, mean_style, styles_of

PEOPLE = 2000

COMPONENTS = 200
"""Principal components of w that a direction is made of, fewer where there are few people."""

RIDGE = 0.3
"""Ridge on standardised components."""

FOLDS = 5

STYLES = 4
"""Directions that tell takes on one edit apart."""

ADULT = 20.0
"""Years from which men count for beards."""

HAIR_AND_SKIN = ("age", "tone", "Blond_Hair", "Black_Hair", "Gray_Hair", "Pale_Skin", "Smiling")


@dataclass(frozen=True)
class Target:
    """What a direction shall raise (a reading, negated or not), and the readings it shall leave alone."""

    reading: str
    apart_from: tuple[str, ...]
    negated: bool = False
    men_only: bool = False


TARGETS: dict[str, Target] = {
    "smile": Target("Smiling", ("yaw", "pitch", "Male", "age")),
    "age": Target("age", ("Male", "Smiling", "yaw", "pitch", "tone")),
    "male": Target("Male", ("age", "Smiling", "yaw", "pitch", "tone")),
    "mustache": Target("Mustache", HAIR_AND_SKIN, men_only=True),
    "beard": Target("No_Beard", HAIR_AND_SKIN, negated=True, men_only=True),
    "glasses": Target("Eyeglasses", ("age", "Male", "tone")),
    "yaw": Target("yaw", ("pitch", "Male", "Smiling")),
    "pitch": Target("pitch", ("yaw", "Male", "Smiling", "age")),
    "tone": Target("tone", ("Male", "Smiling", "age", "yaw", "pitch", "behind", "eyes")),
}


@dataclass(frozen=True, eq=False)
class Fit:
    """A direction of unit length (512,), people's deviation along it, and its cross-validated correlation."""

    direction: NDArray[np.float32]
    deviation: float
    correlation: float
    n: int


def train(minutes: float, folder: Path, people: int = PEOPLE) -> Path:  # noqa: ARG001 - takes as long as it takes
    """Fit all directions and write them into `folder`; prints how well each is found."""
    synthetic = load_people(people)
    readings = PortraitReader().read(synthetic.pixels, synthetic.meshes)
    w = styles_of(synthetic.seeds.tolist())[:, 0].numpy()
    table: dict[str, NDArray[np.float32]] = {"mean": mean_style()}
    for name, target in TARGETS.items():
        found = fitted(w, readings, target)
        print(f"{name}: r {found.correlation:.2f}, deviation {found.deviation:.2f}, {found.n} people", flush=True)
        table |= {name: found.direction, f"{name}_sd": np.array(found.deviation, np.float32)}
    for i, axis in enumerate(style_axes(w, np.stack([table[name] for name in TARGETS])), start=1):
        deviation = ((w - w.mean(axis=0)) @ axis).std()
        table |= {f"style_{i}": axis, f"style_{i}_sd": np.array(deviation, np.float32)}
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / DIRECTIONS.name, allow_pickle=False, **table)
    return folder / DIRECTIONS.name


def fitted(w: NDArray[np.float32], readings: Readings, target: Target) -> Fit:
    """Return the direction along which a reading rises most for how far people spread, the nuisances taken out of it.

    Moving along the spread's own axes, and not against it, keeps a moved person likely.
    """
    of = eligible(readings) if target.men_only else np.ones(len(w), np.bool_)
    aim = readings[target.reading][of] * (-1 if target.negated else 1)
    nuisances = np.column_stack([*(readings[name][of] for name in target.apart_from), np.ones(of.sum())])
    aim = aim - nuisances @ np.linalg.lstsq(nuisances, aim, rcond=None)[0]
    aim = aim / aim.std()
    centred = (w[of] - w[of].mean(axis=0)).astype(np.float64)
    u, spread, axes = np.linalg.svd(centred, full_matrices=False)
    count = min(COMPONENTS, len(aim) // 3)
    scores = u[:, :count] * np.sqrt(len(aim))
    weights = ridge(scores, aim)
    direction = axes[:count].T @ (weights * spread[:count])
    direction = direction / np.linalg.norm(direction)
    deviation = float((centred @ direction).std())
    return Fit(direction.astype(np.float32), deviation, cross_validated(scores, aim), len(aim))


def style_axes(w: NDArray[np.float32], named: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (STYLES, 512): how people (n, 512) differ most, apart from the named directions (k, 512)."""
    basis, _ = np.linalg.qr(named.T.astype(np.float64))
    centred = w - w.mean(axis=0)
    rest = centred - centred @ basis @ basis.T
    _, _, axes = np.linalg.svd(rest, full_matrices=False)
    return axes[:STYLES].astype(np.float32)


def eligible(readings: Readings) -> Bools:
    """Return (n,): who is a grown man."""
    return (readings["Male"] > 0) & (readings["age"] > ADULT)


def ridge(scores: Floats, aim: Floats) -> Floats:
    """Return weights (k,) of standardised scores (n, k) for an aim (n,)."""
    penalty = RIDGE * len(scores) * np.eye(scores.shape[1])
    return np.asarray(np.linalg.solve(scores.T @ scores + penalty, scores.T @ aim), np.float64)


def cross_validated(scores: Floats, aim: Floats) -> float:
    """Return the correlation of an aim with its prediction by those who are not in the same fold."""
    folds = np.arange(len(aim)) % FOLDS
    predicted = np.zeros(len(aim))
    for fold in range(FOLDS):
        held_out = folds == fold
        predicted[held_out] = scores[held_out] @ ridge(scores[~held_out], aim[~held_out])
    return float(np.corrcoef(predicted, aim)[0, 1])
