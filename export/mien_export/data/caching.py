"""Cached arrays, written whole or not at all, whoever else is writing them."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def write_arrays(file: Path, **arrays: NDArray[Any]) -> None:
    """Write arrays by name as the npz `file`, making its folder; of two that write at once the later stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.stem}.{os.getpid()}.part.npz")
    try:
        np.savez(unfinished, allow_pickle=False, **arrays)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
