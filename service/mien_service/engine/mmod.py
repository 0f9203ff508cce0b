"""dlib's MMOD face detector, in a process of its own.

MMOD is the more thorough detector, and it holds the interpreter lock for the second or so that it takes, so it
never runs in the serving process.
"""

import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeout
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import dlib
import numpy as np

from mien_service.engine.dlib_models import model_file, to_box
from mien_service.faces.face import Detection, RgbImage

_detector: "dlib.cnn_face_detection_model_v1 | None" = None
"""The worker process's detector; None in every other process."""


class LastResortUnavailable(RuntimeError):
    """The detector's process died or took too long."""


class MmodProcess:
    """Runs MMOD in a worker process, one picture at a time; one that dies is replaced, and asked once more."""

    def __init__(self, timeout: float = 20.0) -> None:
        self._timeout = timeout
        self._turn = threading.Lock()
        self._pool = _start()
        # Processes start with their first job: this one makes it load while the rest of the service does.
        self._pool.submit(os.getpid)

    def warm_up(self) -> None:
        """Return once the worker process has loaded its model. Raises LastResortUnavailable."""
        self.detect(np.zeros((80, 80, 3), np.uint8))

    def detect(self, image: RgbImage) -> list[Detection]:
        """Return the faces in `image`, surest first. Raises LastResortUnavailable."""
        pixels = np.ascontiguousarray(image)
        # One at a time: the time limit is for the picture at work, not for those in line before it.
        with self._turn:
            try:
                return self._ask(pixels)
            except BrokenProcessPool:
                self._replace()
            try:
                return self._ask(pixels)
            except BrokenProcessPool as error:
                self._replace()
                raise LastResortUnavailable("the MMOD process died twice over a picture") from error

    def _ask(self, pixels: RgbImage) -> list[Detection]:
        try:
            return self._pool.submit(_detect, pixels).result(self._timeout)
        except WaitTimeout as error:
            self._replace()
            raise LastResortUnavailable("the MMOD process took too long") from error

    def process_ids(self) -> list[int]:
        """Return the ids of the worker processes now alive."""
        return list(self._pool._processes)  # pyright: ignore[reportPrivateUsage]

    def stop(self) -> None:
        """End the worker process."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _replace(self) -> None:
        broken = self._pool
        for process in list(broken._processes.values()):  # pyright: ignore[reportPrivateUsage]
            process.kill()
        broken.shutdown(wait=False, cancel_futures=True)
        self._pool = _start()


def _start() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_load, initargs=(os.getpid(),))


def _load(parent: int) -> None:
    global _detector
    # An interrupt from the keyboard goes to the whole group; the parent ends this process when it is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _detector = dlib.cnn_face_detection_model_v1(str(model_file("mmod_human_face_detector.dat")))


def _end_with(parent: int) -> None:
    """End this process once its parent is gone, however the parent ended."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def _detect(image: RgbImage) -> list[Detection]:
    if _detector is None:
        raise RuntimeError("the worker process was not initialised")
    hits = _detector(image, 0)
    return sorted((Detection(to_box(hit.rect), float(hit.confidence)) for hit in hits), key=lambda hit: -hit.score)
