"""What the finder's two thresholds do, on scenes that are not trained on, of training people: nobody is measured on.

python -m mien_export evaluate finding_thresholds
"""

from itertools import product
from pathlib import Path

from mien_export.data.face_tiles import Tile, tuning_tiles
from mien_export.data.mined import drawings, portraits
from mien_export.data.scenes import Scene, SceneComposer
from mien_export.quality.finding import Outcome, boxes_of_all, measure
from mien_export.quality.finding_sets import GROUPS, Example
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.find import FaceFinder
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.faces.networks import RunNetwork

CANDIDATE_SCORES = (0.25, 0.35, 0.45)
"""Least scores of the detector that are tried."""

FACE_SCORES = (0.5, 0.7, 0.8, 0.9, 0.95)
"""Least scores of MeshNet that are tried."""

TUNING_SEED = 2_000_000

SCENES = 60
DRAWINGS = 150
PORTRAITS = 350
"""Pictures of each kind."""


def report_thresholds(run: RunNetwork, folder: Path) -> None:
    """Write finding_thresholds.md, a row for each pair of thresholds, into `folder`."""
    tiles = tuning_tiles()
    groups = SceneComposer(tiles, GROUPS)
    sets = {
        "groups": [_example(groups.compose(TUNING_SEED + seed)) for seed in range(SCENES)],
        "face-free": [_example(scene) for scene in drawings(DRAWINGS, TUNING_SEED)],
        "portraits": [_example(scene) for scene in portraits(_spread(tiles, PORTRAITS))],
    }
    lines = ["| candidate | face | " + " | ".join(sets) + " |", "| --- " * (2 + len(sets)) + "|"]
    for candidate, face in product(CANDIDATE_SCORES, FACE_SCORES):
        finder = FaceFinder(NetworkDetector(candidate), MeshLandmarks(face))
        outcomes = [measure(lambda picture, f=finder: boxes_of_all(f, picture, run), part) for part in sets.values()]
        lines.append(f"| {candidate} | {face} | " + " | ".join(map(_cell, outcomes)) + " |")
        print(lines[-1], flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "finding_thresholds.md").write_text("\n".join(lines) + "\n")


def _example(scene: Scene) -> Example:
    return Example(scene.pixels, scene.boxes)


def _spread(tiles: list[Tile], count: int) -> list[Tile]:
    return tiles[:: max(len(tiles) // count, 1)]


def _cell(outcome: Outcome) -> str:
    return f"{outcome.found} of {outcome.faces}, {outcome.false} false"
