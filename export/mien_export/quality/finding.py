"""Recall, false faces and time of finding faces: the service's finder beside dlib's HOG and MMOD.

python -m mien_export evaluate finding

What each finder saw is kept in the folder as one JSON file a finder: MMOD alone takes half an hour. Delete a file to
measure that finder again.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from mien_export.quality.finding_sets import SETS, Example
from mien_service.engine.dlib_models import HogDetector, model_file, to_box
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Box, RgbImage
from mien_service.faces.find import FaceFinder, NoFaceFound
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.faces.networks import RunNetwork

Find = Callable[[RgbImage], list[Box]]

SMALL_PICTURE, ENLARGED = 400, 2
"""Pictures of at most this longest side are shown to dlib's detectors so many times as large."""


@dataclass(frozen=True)
class Outcome:
    """What a finder saw in one set: pictures, faces, faces found, false boxes, seconds, all pictures together."""

    pictures: int
    faces: int
    found: int
    false: int
    seconds: float

    @property
    def recall(self) -> float:
        """Share of faces found; 0 where there is none."""
        return self.found / max(self.faces, 1)


def finders(run: RunNetwork) -> dict[str, Find]:
    """Return the finders by name; `run` runs the service's networks."""
    hog, mmod = HogDetector(), dlib.cnn_face_detection_model_v1(str(model_file("mmod_human_face_detector.dat")))
    detector, whole = NetworkDetector(), FaceFinder(NetworkDetector(), MeshLandmarks())

    found: dict[str, Find] = {
        "HOG": lambda picture: _enlarged(picture, lambda large: [hit.box for hit in hog.detect(large)]),
        "MMOD": lambda picture: _enlarged(picture, lambda large: [to_box(hit.rect) for hit in mmod(large, 0)]),
        "detector 960": lambda picture: [hit.box for hit in detector.detect(picture, 960, run)],
        "finder": lambda picture: boxes_of_all(whole, picture, run),
    }
    return found


def boxes_of_all(finder: FaceFinder, picture: RgbImage, run: RunNetwork) -> list[Box]:
    """Return the boxes of all faces that `finder` finds."""
    try:
        return [face.box for face in finder.find(picture, "all", run)]
    except NoFaceFound:
        return []


def measure(find: Find, examples: Iterable[Example]) -> Outcome:
    """Return what `find` sees in the pictures of `examples`."""
    pictures = faces = found = false = 0
    seconds = 0.0
    for example in examples:
        started = time.perf_counter()
        boxes = find(example.pixels)
        seconds += time.perf_counter() - started
        hits, misses = match(boxes, example.boxes)
        pictures, faces = pictures + 1, faces + len(example.boxes)
        found, false = found + hits, false + misses
    return Outcome(pictures, faces, found, false, seconds)


def match(boxes: list[Box], truth: NDArray[np.float32]) -> tuple[int, int]:
    """Return how many true boxes are found (one box's middle lies in them) and how many boxes are false.

    A second box in a face that is found already is false as well.
    """
    found: set[int] = set()
    false = 0
    for box in boxes:
        x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        inside = (truth[:, 0] <= x) & (x <= truth[:, 2]) & (truth[:, 1] <= y) & (y <= truth[:, 3])
        mine = next((int(i) for i in np.flatnonzero(inside) if int(i) not in found), None)
        if mine is None:
            false += 1
        else:
            found.add(mine)
    return len(found), false


def report_finding(run: RunNetwork, folder: Path) -> None:
    """Measure what is not measured yet, and write finding.md into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = {finder: _outcomes(finder, find, folder) for finder, find in finders(run).items()}
    (folder / "finding.md").write_text(table(outcomes))
    print(table(outcomes))


def _outcomes(finder: str, find: Find, folder: Path) -> dict[str, Outcome]:
    file = folder / f"finding-{finder.replace(' ', '-')}.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    for name in SETS:
        if name not in known:
            known[name] = asdict(measure(find, SETS[name]()))
            file.write_text(json.dumps(known, indent=1))
    return {name: Outcome(**known[name]) for name in SETS}


def table(outcomes: dict[str, dict[str, Outcome]]) -> str:
    """Return the table of finders and sets as Markdown."""
    lines = ["| set | pictures | faces | " + " | ".join(outcomes) + " |", "| --- " * (3 + len(outcomes)) + "|"]
    for name in SETS:
        row = [of_finder[name] for of_finder in outcomes.values()]
        lines.append(f"| {name} | {row[0].pictures} | {row[0].faces} | " + " | ".join(map(_cell, row)) + " |")
    return "\n".join(lines) + "\n"


def _cell(outcome: Outcome) -> str:
    milliseconds = 1000 * outcome.seconds / outcome.pictures
    recall = f"recall {outcome.recall:.3f}, " if outcome.faces else ""
    return f"{recall}{outcome.false} false, {milliseconds:.0f} ms"


def _enlarged(picture: RgbImage, find: Find) -> list[Box]:
    """Return what `find` sees in the picture, a small one enlarged: dlib sees no face under 40 to 80 pixels."""
    factor = ENLARGED if max(picture.shape[:2]) <= SMALL_PICTURE else 1
    large = picture if factor == 1 else cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return [box.scaled(1 / factor) for box in find(np.ascontiguousarray(large, np.uint8))]
