"""Networks of expressions as they are served, on one core: ours from the weights, the baseline from its checkpoint."""

import time
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mien_export.data.expressions import Expressions
from mien_export.onnx import export, pack_half
from mien_export.quality.statistics import Floats
from mien_export.recipes.emotion_export import FACE, PROBABILITIES, calibrated
from mien_service.faces.expression import INPUT_SIDE

Faces = NDArray[np.float32]
"""(n, 1, 44, 44), grey in 0..1; or views of each face, (n, views, 1, 44, 44)."""

AT_ONCE = 64
TIMED = 100


class ExpressionReader:
    """Runs a network's ONNX file on one core."""

    def __init__(self, file: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.bytes = file.stat().st_size
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def __call__(self, faces: Faces) -> Floats:
        """Return the probabilities (n, 7) of the expressions, each face seen once."""
        batches = [faces[i : i + AT_ONCE] for i in range(0, len(faces), AT_ONCE)]
        found = [np.asarray(self._session.run(None, {FACE.name: batch})[0]) for batch in batches]
        return np.concatenate(found).astype(np.float64)

    def served(self, views: Faces) -> Floats:
        """Return the mean over each face's views (n, views, 1, 44, 44) and their mirror images, (n, 7)."""
        both = np.concatenate([views, views[..., ::-1]], axis=1)
        shares = self(both.reshape(-1, *both.shape[2:]))
        return shares.reshape(*both.shape[:2], -1).mean(axis=1)

    def milliseconds(self) -> float:
        """Return the median time of one face, seen once."""
        face = np.full((1, 1, INPUT_SIDE, INPUT_SIDE), 0.5, np.float32)
        times: list[float] = []
        for _ in range(TIMED):
            started = time.perf_counter()
            self(face)
            times.append((time.perf_counter() - started) * 1000)
        return float(np.median(times))


def baseline_reader(name: str, checkpoint: Path, valid: Expressions, folder: Path) -> ExpressionReader:
    """Return the network called `name` from its checkpoint, its temperature fitted on `valid`; its file is in `folder`.

    Raises FileNotFoundError where it has not been trained.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.onnx"
    export(calibrated(name, checkpoint, valid), [FACE], [PROBABILITIES], file)
    pack_half(file)
    return ExpressionReader(file)
