"""Lay masks on two of the people in examples/people/ and write them to examples/masked/.

python -m examples.wear_masks

The masks are those of MaskTheFace (MIT), from the training data; see export/mien_export/teachers/mask_overlays.py.
"""

from pathlib import Path

import cv2
import numpy as np

from mien_export.runner import WeightsRunner
from mien_export.teachers.mask_overlays import MaskOverlays
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.find import FaceFinder
from mien_service.faces.landmarks import MeshLandmarks

PEOPLE = Path("examples/people")
MASKED = Path("examples/masked")

SEEDS = {"anna": 13, "farid": 9}
"""What draws each one's mask."""


def main() -> None:
    """Write the pictures."""
    run, overlays = WeightsRunner(Path("weights")), MaskOverlays()
    finder = FaceFinder(NetworkDetector(), MeshLandmarks())
    MASKED.mkdir(exist_ok=True)
    for name, seed in SEEDS.items():
        photo = np.asarray(cv2.imread(str(PEOPLE / f"{name}.jpg"), cv2.IMREAD_COLOR_RGB), np.uint8)
        [face] = finder.find(photo, "largest", run)
        mesh = np.asarray(face.mesh, np.float32)
        worn = overlays.wear(photo, mesh, np.random.default_rng(seed))
        file = MASKED / f"{name}.jpg"
        cv2.imwrite(str(file), cv2.cvtColor(worn.pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 90])


if __name__ == "__main__":
    main()
