"""A photo's tiles worked on by several cores, where they have nothing else to do.

OpenCV lets go of the interpreter while it works, so threads do. Under load every core has a photo of its own: then a
request's tiles are worked on by its own thread alone, at no loss.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from mien_service.faces.sheet import Box

CORES = os.cpu_count() or 1

FEWEST = 4
"""Tiles from which on it pays to share them."""

_POOL = ThreadPoolExecutor(CORES, "tiles")
"""Its threads hold nothing of any request, and start when they are needed."""


def spread(work: Callable[[Sequence[Box]], None], tiles: Sequence[Box]) -> None:
    """Call `work` with shares of the tiles, at once as far as cores are free, and return when all is done."""
    if len(tiles) < FEWEST:
        work(tiles)
        return
    own, *others = [tiles[first::CORES] for first in range(CORES)]
    futures = [_POOL.submit(work, share) for share in others]
    work(own)
    for future, share in zip(futures, others, strict=True):
        # What nobody has begun by now is done here.
        if future.cancel():
            work(share)
        else:
            future.result()
