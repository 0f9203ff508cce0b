"""One request's work as the engine sees it: whether it is still wanted, and where its time went."""

import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager


class DeadlineExceeded(TimeoutError):
    """The request took longer than it may."""


class WorkAbandoned(RuntimeError):
    """The client left; nobody waits for the result."""


class Work:
    """Deadline, cancellation and stage timings of one request. Safe to use from several threads."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._abandoned = threading.Event()
        self._lock = threading.Lock()
        self._stages: dict[str, float] = {}

    def abandon(self) -> None:
        """Say that nobody waits for the result any more."""
        self._abandoned.set()

    def check(self) -> None:
        """Raise WorkAbandoned or DeadlineExceeded where the work is no longer wanted."""
        if self._abandoned.is_set():
            raise WorkAbandoned
        if self.seconds_left() <= 0:
            raise DeadlineExceeded

    def seconds_left(self) -> float:
        """Return the seconds until the deadline; negative once it has passed."""
        return self._until - time.monotonic()

    def add(self, stage: str, seconds: float) -> None:
        """Add to the time of a stage."""
        with self._lock:
            self._stages[stage] = self._stages.get(stage, 0.0) + seconds

    @contextmanager
    def stage(self, name: str, besides: Sequence[str] = ()) -> Generator[None]:
        """Check that the work is wanted, then time what is done within as part of stage `name`.

        What of it is timed as one of the stages `besides` counts there alone.
        """
        self.check()
        started, counted = time.perf_counter(), self._sum(besides)
        try:
            yield
        finally:
            elapsed = time.perf_counter() - started
            self.add(name, max(elapsed - (self._sum(besides) - counted), 0.0))

    def _sum(self, stages: Sequence[str]) -> float:
        with self._lock:
            return sum(self._stages.get(stage, 0.0) for stage in stages)

    def timings(self) -> dict[str, float]:
        """Return milliseconds by stage, in the order the stages began."""
        with self._lock:
            return {name: round(seconds * 1000, 2) for name, seconds in self._stages.items()}
