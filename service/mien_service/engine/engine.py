"""All networks and tables of the tasks that are on: loaded, warmed up, run."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitTimeout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien_service.engine.batching import Batcher, BatchOptions, Finished
from mien_service.engine.manifest import Manifest, WeightEntry, WeightsError, load_manifest
from mien_service.engine.sessions import (
    Arrays,
    NetworkSession,
    SessionOptions,
    fits,
    require_provider,
)
from mien_service.engine.work import DeadlineExceeded, Work, WorkAbandoned

Table = dict[str, NDArray[Any]]

WANTED_CHECK_SECONDS = 0.25
"""How often a wait for a network asks whether the result is still wanted."""


WARM_UP_SIDE = 320
"""Length, at warm-up, of axes other than the batch that may have any length: a picture's height and width."""


@dataclass(frozen=True)
class EngineOptions:
    """Where the weights are and how networks run."""

    weights: Path
    session: SessionOptions = field(default_factory=SessionOptions)
    batch: BatchOptions = field(default_factory=BatchOptions)


class Engine:
    """Networks by name, each with a batcher, and tables by name.

    Raises WeightsError or ProviderUnavailable when made: a service that cannot run must not start.
    """

    def __init__(self, options: EngineOptions, names: Iterable[str], on_death: Callable[[], None]) -> None:
        require_provider(options.session.provider)
        self.manifest: Manifest = load_manifest(options.weights)
        self._options = options
        self._on_death = on_death
        self._dead = threading.Event()
        self._batchers: dict[str, Batcher] = {}
        self._tables: dict[str, Table] = {}
        for name in sorted(set(names)):
            self._load(self.manifest.entry(name))

    def _load(self, entry: WeightEntry) -> None:
        file = self._options.weights / entry.file
        if entry.kind == "table":
            self._tables[entry.name] = _load_table(entry, file)
            return
        session = NetworkSession(entry, file, self._options.session)
        self._batchers[entry.name] = Batcher(session, self._options.batch, self._died)

    def _died(self) -> None:
        self._dead.set()
        self._on_death()

    @property
    def alive(self) -> bool:
        """Whether every batcher still works."""
        return not self._dead.is_set()

    @property
    def batchers(self) -> list[Batcher]:
        """The batchers of all networks."""
        return list(self._batchers.values())

    @property
    def entries(self) -> list[WeightEntry]:
        """The manifest entries of what is loaded."""
        return [self.manifest.entry(name) for name in sorted([*self._batchers, *self._tables])]

    def provider(self, name: str) -> str | None:
        """Return the ONNX Runtime provider that runs network `name`, or None for a table."""
        batcher = self._batchers.get(name)
        return None if batcher is None else batcher.session.provider

    def warm_up(self) -> None:
        """Run every network once on zeros, so that no request is the first."""
        for batcher in self._batchers.values():
            batcher.submit(_zeros(batcher.session.entry)).result()

    def table(self, name: str) -> Table:
        """Return the arrays of table `name`."""
        return self._tables[name]

    def submit(self, name: str, inputs: Arrays) -> Future[Finished]:
        """Queue inputs for network `name`. Raises InvalidInput, QueueFull or BatcherStopped."""
        return self._batchers[name].submit(inputs)

    def stop(self) -> None:
        """End all workers."""
        for batcher in self._batchers.values():
            batcher.stop()


class Runner:
    """The engine as a task sees it: runs networks for one request, within its deadline.

    Its runs are timed as the stages `queue` and `network`, unless they are part of another stage.
    """

    def __init__(self, engine: Engine, work: Work, *, is_stage: bool = True) -> None:
        self._engine = engine
        self._work = work
        self._is_stage = is_stage

    def __call__(self, network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Run `network` on inputs with a leading batch axis and return its outputs by name.

        Raises InvalidInput, QueueFull, BatcherStopped, DeadlineExceeded or WorkAbandoned.
        """
        self._work.check()
        future = self._engine.submit(network, inputs)
        try:
            finished = self._result(future)
        except (DeadlineExceeded, WorkAbandoned):
            future.cancel()
            raise
        if self._is_stage:
            self._work.add("queue", finished.waited)
            self._work.add("network", finished.ran)
        return finished.outputs

    def _result(self, future: Future[Finished]) -> Finished:
        """Wait for a result for as long as it is wanted."""
        while True:
            try:
                return future.result(timeout=min(max(self._work.seconds_left(), 0.0), WANTED_CHECK_SECONDS))
            except WaitTimeout:
                self._work.check()

    def table(self, name: str) -> Table:
        """Return the arrays of table `name`."""
        return self._engine.table(name)


def _load_table(entry: WeightEntry, file: Path) -> Table:
    with np.load(file, allow_pickle=False) as saved:
        table: Table = {name: saved[name] for name in saved.files}
    for tensor in entry.outputs:
        if tensor.name not in table or not fits(tensor, table[tensor.name]):
            raise WeightsError(f"{entry.name}: array {tensor.name} does not have the shape of the manifest")
    return table


def _zeros(entry: WeightEntry) -> Arrays:
    """Return one item of zeros for each input."""
    return {
        tensor.name: np.zeros(
            [1, *(WARM_UP_SIDE if isinstance(size, str) else size for size in tensor.shape[1:])], np.float32
        )
        for tensor in entry.inputs
    }
