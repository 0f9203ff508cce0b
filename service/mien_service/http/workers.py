"""A bounded thread pool: photos are worked on a few at a time, a few more may wait, the rest are refused."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Overloaded(RuntimeError):
    """All threads work and all waiting places are taken."""


class Workers:
    """`threads` jobs at a time, `waiting` more in line."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="mien-worker")
        self._places = threading.BoundedSemaphore(threads + waiting)

    def warm_up(self, job: Callable[[], object]) -> None:
        """Run `job` once on every thread, for what each thread has to make for itself."""
        all_started = threading.Barrier(self._threads)

        def once() -> None:
            all_started.wait()
            job()

        for done in [self._pool.submit(once) for _ in range(self._threads)]:
            done.result()

    def reserve(self) -> "Place":
        """Return a place for one job. Raises Overloaded."""
        if not self._places.acquire(blocking=False):
            raise Overloaded
        return Place(self._pool, self._places)

    def stop(self) -> None:
        """Finish all jobs and end the threads."""
        self._pool.shutdown(wait=True)


class Place:
    """A reserved place: submit one job to it, or release it."""

    def __init__(self, pool: ThreadPoolExecutor, places: threading.BoundedSemaphore) -> None:
        self._pool = pool
        self._places = places

    def release(self) -> None:
        """Give the place back unused."""
        self._places.release()

    def submit(self, job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `job` on a thread of the pool; the place is given back when it ends."""
        future = self._pool.submit(job, *args, **kwargs)
        future.add_done_callback(lambda _: self._places.release())
        return future
