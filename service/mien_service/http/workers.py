"""What is worked on at once: a bounded thread pool for photos, and a bounded number of uploads.

Photos are worked on a few at a time, a few more may wait, the rest are refused. An upload takes no place among them
until it is complete, so that slow senders keep nobody else waiting.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Overloaded(RuntimeError):
    """All threads work and all waiting places are taken."""


class UploadTooSlow(TimeoutError):
    """A request's body was not complete in time."""


class Workers:
    """`threads` jobs at a time, `waiting` more in line."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="mien-worker")
        self._free = threads + waiting
        self._lock = threading.Lock()

    def warm_up(self, job: Callable[[], object]) -> None:
        """Run `job` once on every thread, for what each thread has to make for itself."""
        all_started = threading.Barrier(self._threads)

        def once() -> None:
            all_started.wait()
            job()

        for done in [self._pool.submit(once) for _ in range(self._threads)]:
            done.result()

    def require_room(self) -> None:
        """Raise Overloaded if a job would be refused now."""
        if self._free <= 0:
            raise Overloaded

    def submit(self, job: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `job` on a thread of the pool. Raises Overloaded."""
        with self._lock:
            self.require_room()
            future = self._pool.submit(job, *args, **kwargs)
            self._free -= 1
        future.add_done_callback(self._give_back)
        return future

    def _give_back(self, _: Future[T]) -> None:
        with self._lock:
            self._free += 1

    def stop(self) -> None:
        """Finish all jobs and end the threads."""
        self._pool.shutdown(wait=True)


class Uploads:
    """At most `most` bodies that arrive at the same time, each within `seconds`. For one event loop."""

    def __init__(self, most: int, seconds: float) -> None:
        self._free = most
        self._seconds = seconds

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        """Hold a place while a body is read within. Raises Overloaded or UploadTooSlow."""
        if self._free <= 0:
            raise Overloaded
        self._free -= 1
        try:
            async with asyncio.timeout(self._seconds):
                yield
        except TimeoutError as error:
            raise UploadTooSlow from error
        finally:
            self._free += 1
