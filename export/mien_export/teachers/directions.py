"""Directions in the generator's w, each added on the layers where it changes what it names and little else.

Steps are in units of w: 4 to 6 is a plain change. The layers were chosen by `evaluate latent_directions`.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.teachers.generator import LAYERS
from mien_export.teachers.people import DIRECTIONS

LAYERS_OF: dict[str, dict[range, float]] = {
    "smile": {range(4, 7): 1.0, range(7, 10): 0.5},
    "age": {range(7, 13): 1.0},
    "male": {range(7, 13): 1.0},
    "mustache": {range(4, 13): 1.0},
    "beard": {range(4, 13): 1.0},
    "glasses": {range(5): 1.0},
    "yaw": {range(10): 1.0},
    "pitch": {range(7): 1.0},
    "tone": {range(4, 13): 1.0},
    **{f"style_{number}": {range(4, 9): 1.0} for number in range(1, 5)},
}
"""For each direction, how much of it is added on which layers; on others nothing."""


@dataclass(frozen=True)
class Move:
    """A step along a direction."""

    direction: str
    step: float


def moved(styles: torch.Tensor, moves: list[Move]) -> torch.Tensor:
    """Return styles (n, 23, 512) after all moves. Raises KeyError for an unknown direction."""
    total = styles
    for move in moves:
        weights = torch.from_numpy(layer_weights(move.direction))
        total = total + move.step * weights[:, None] * torch.from_numpy(direction(move.direction))
    return total


def layer_weights(name: str) -> NDArray[np.float32]:
    """Return how much of a direction each layer gets, (23,)."""
    weights = np.zeros(LAYERS, np.float32)
    for layers, weight in LAYERS_OF[name].items():
        weights[layers] = weight
    return weights


def direction(name: str) -> NDArray[np.float32]:
    """Return the unit vector of a direction, (512,)."""
    return _table()[name]


def deviation(name: str) -> float:
    """Return the standard deviation of people along a direction."""
    return float(_table()[f"{name}_sd"])


@cache
def _table() -> dict[str, NDArray[np.float32]]:
    with np.load(DIRECTIONS) as saved:
        return {name: saved[name] for name in saved.files}
