"""Store the large weights of a shipped network in a byte each, where its answers stay the same to the eye.

python -m mien_export repack smile_editor
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mien_export.onnx import ParityError, file_sha256, pack_bytes, update_manifest
from mien_export.recipes.shipping import example_photos
from mien_service.engine.manifest import TensorEntry, load_manifest

BOUND = 0.02
"""Largest mean difference of an output, over its own mean: of an edit's residual a fifth of a grey level."""


def repack(name: str, weights: Path) -> None:
    """Write the network `name` of `weights` anew, raise its version's last number, and print what changes.

    Raises ParityError where an output differs by more than BOUND; the old file stays.
    """
    entry = load_manifest(weights).entry(name)
    file, unfinished = weights / entry.file, weights / f"{name}.part.onnx"
    try:
        shutil.copy(file, unfinished)
        pack_bytes(unfinished)
        difference = _difference(file, unfinished, entry.inputs)
        if difference > BOUND:
            raise ParityError(f"{name} differs by {difference} of its answers in bytes; the bound is {BOUND}")
        print(f"{name}: {file.stat().st_size} bytes, then {unfinished.stat().st_size}; differs by {difference:.2%}")
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    *first, last = entry.version.split(".")
    version = ".".join([*first, str(int(last) + 1)])
    update_manifest(weights, entry.model_copy(update={"sha256": file_sha256(file), "version": version}))


def _difference(before: Path, after: Path, inputs: Sequence[TensorEntry]) -> float:
    """Return the largest mean difference of an output of two files, over that output's mean."""
    feeds = {one.name: example(one) for one in inputs}
    answers = [
        onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]).run(None, feeds)
        for file in (before, after)
    ]
    pairs = [[np.asarray(one, np.float32) for one in both] for both in zip(*answers, strict=True)]
    return max(float(np.abs(one - other).mean() / max(np.abs(one).mean(), 1e-6)) for one, other in pairs)


def example(tensor: TensorEntry) -> NDArray[np.float32]:
    """Return what a network may be asked on: people for pictures, with nothing in further channels; ones for others."""
    _, channels, *sides = tensor.shape
    if len(sides) != 2 or not isinstance(sides[0], int):
        return np.ones((2, *(int(size) for size in tensor.shape[1:])), np.float32)
    photos = example_photos(sides[0])
    beside = np.zeros((len(photos), int(channels) - 3, *photos.shape[2:]), np.float32)
    return np.concatenate([photos, beside], axis=1)
