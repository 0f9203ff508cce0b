"""Dynamic batching: items of many requests share one run of a network."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mien_service.engine.sessions import Arrays, NetworkSession

Outputs = dict[str, NDArray[np.float32]]


class QueueFull(RuntimeError):
    """The network's queue holds as many jobs as it may; try again later."""


class BatcherStopped(RuntimeError):
    """The batcher no longer takes jobs."""


@dataclass(frozen=True)
class BatchOptions:
    """Limits of a batcher.

    max_batch: items in one run; max_wait: seconds to wait for more items once one has come;
    max_queue: jobs that may wait; workers: runs at the same time.
    """

    max_batch: int = 8
    max_wait: float = 0.0
    max_queue: int = 64
    workers: int = 1


@dataclass(frozen=True, eq=False)
class Finished:
    """A job's outputs, and the seconds it waited and ran."""

    outputs: Outputs
    waited: float
    ran: float


@dataclass(eq=False)
class _Job:
    inputs: Arrays
    count: int
    future: Future[Finished] = field(default_factory=lambda: Future[Finished]())
    queued: float = field(default_factory=time.perf_counter)


class Batcher:
    """Runs one network on batches of jobs, on worker threads of its own.

    `on_death` is called if a worker ends by an error of its own: the service is then no longer ready.
    """

    def __init__(self, session: NetworkSession, options: BatchOptions, on_death: Callable[[], None]) -> None:
        self.session = session
        self._options = options
        self._on_death = on_death
        self._jobs: queue.Queue[_Job | None] = queue.Queue(options.max_queue)
        self._stopped = threading.Event()
        self._workers = [
            threading.Thread(target=self._work, name=f"{session.entry.name}-{i}", daemon=True)
            for i in range(options.workers)
        ]
        for worker in self._workers:
            worker.start()

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return self._jobs.qsize()

    def submit(self, inputs: Arrays) -> Future[Finished]:
        """Queue a job and return its future. Raises InvalidInput, QueueFull or BatcherStopped."""
        job = _Job(inputs, self.session.check(inputs))
        if self._stopped.is_set():
            raise BatcherStopped(self.session.entry.name)
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise QueueFull(self.session.entry.name) from None
        return job.future

    def stop(self) -> None:
        """Fail what is queued, finish what runs, and end the workers."""
        self._stopped.set()
        self._fail_queued()
        for _ in self._workers:
            self._jobs.put(None)
        for worker in self._workers:
            worker.join()

    def _fail_queued(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            # A job whose requester stopped waiting is cancelled already, and takes no exception.
            if job is not None and job.future.set_running_or_notify_cancel():
                job.future.set_exception(BatcherStopped(self.session.entry.name))

    def _work(self) -> None:
        batch: list[_Job] = []
        try:
            while (batch := self._collect()) != []:
                for alike in _by_shape(batch):
                    self._run(alike)
        except BaseException as error:
            self._stopped.set()
            for job in batch:
                if not job.future.done():
                    job.future.set_exception(BatcherStopped(self.session.entry.name))
            self._fail_queued()
            self._on_death()
            if not isinstance(error, Exception):
                raise

    def _collect(self) -> list[_Job]:
        """Return the next jobs to run together, their futures running; empty when the batcher stops."""
        while True:
            first = self._jobs.get()
            if first is None:
                return []
            batch = [first, *self._more(self._options.max_batch - first.count)]
            live = [job for job in batch if job.future.set_running_or_notify_cancel()]
            if live:
                return live

    def _more(self, room: int) -> list[_Job]:
        """Return jobs that come before the wait is over, until `room` items are filled."""
        more: list[_Job] = []
        until = time.perf_counter() + self._options.max_wait
        while room > 0:
            left = until - time.perf_counter()
            try:
                job = self._jobs.get(timeout=left) if left > 0 else self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                # The stop was meant for a worker that waits: hand it on.
                self._jobs.put(None)
                break
            more.append(job)
            room -= job.count
        return more

    def _run(self, batch: list[_Job]) -> None:
        """Run a batch; if it fails, run its jobs one by one, so that a bad one fails alone."""
        try:
            self._finish(batch)
        except Exception as error:
            if len(batch) == 1:
                batch[0].future.set_exception(error)
                return
            for job in batch:
                self._run([job])

    def _finish(self, batch: list[_Job]) -> None:
        started = time.perf_counter()
        outputs = self._in_parts(_joined([job.inputs for job in batch]))
        ran = time.perf_counter() - started
        first = 0
        for job in batch:
            mine = {name: array[first : first + job.count] for name, array in outputs.items()}
            first += job.count
            job.future.set_result(Finished(mine, started - job.queued, ran))

    def _in_parts(self, inputs: Arrays) -> Outputs:
        """Run the network on at most `max_batch` items at a time."""
        count = len(next(iter(inputs.values())))
        step = self._options.max_batch
        parts = [
            self.session.run({name: array[i : i + step] for name, array in inputs.items()})
            for i in range(0, count, step)
        ]
        return _joined(parts)


def _by_shape(batch: list[_Job]) -> list[list[_Job]]:
    """Return the jobs in groups that can share a run: axes other than the batch may differ between jobs."""
    groups: dict[tuple[tuple[int, ...], ...], list[_Job]] = {}
    for job in batch:
        groups.setdefault(tuple(array.shape[1:] for array in job.inputs.values()), []).append(job)
    return list(groups.values())


def _joined(parts: Sequence[Arrays]) -> Outputs:
    if len(parts) == 1:
        return dict(parts[0])
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
