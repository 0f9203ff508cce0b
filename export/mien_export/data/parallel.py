"""Work on many items in a few processes, each on one thread."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

import cv2
import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

PART = 100
"""Items that one process works on at a time."""


def in_parts(make: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item], part: int = PART) -> list[Result]:
    """Return what `make` makes of all items, `part` at a time, in order. `make` and the items are pickled."""
    parts = [items[start : start + part] for start in range(0, len(items), part)]
    with pool() as processes:
        return [result for results in processes.map(make, parts) for result in results]


def pool() -> ProcessPoolExecutor:
    """Return as many processes as there are cores, each on one thread."""
    return ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), _on_one_thread)


def _on_one_thread() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
