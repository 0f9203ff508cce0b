"""The networks and tables of a weights folder, run at once and without a server."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien_service.engine.manifest import load_manifest
from mien_service.engine.sessions import NetworkSession, SessionOptions

Table = dict[str, NDArray[Any]]


class WeightsRunner:
    """Runs the networks of a weights folder at once, and hands out its tables."""

    def __init__(self, weights: Path, threads: int = 1) -> None:
        self._weights = weights
        self._manifest = load_manifest(weights)
        self._options = SessionOptions(threads=threads)
        self._sessions: dict[str, NetworkSession] = {}
        self._tables: dict[str, Table] = {}

    def __call__(self, network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Run `network` on inputs with a leading batch axis and return its outputs by name."""
        if network not in self._sessions:
            entry = self._manifest.entry(network)
            self._sessions[network] = NetworkSession(entry, self._weights / entry.file, self._options)
        self._sessions[network].check(inputs)
        return self._sessions[network].run(inputs)

    def with_tables(self, tables: Mapping[str, Table]) -> "WeightsRunner":
        """Return a runner on the same sessions in which `tables` stand for the folder's own."""
        twin = copy.copy(self)
        twin._tables = {**self._tables, **tables}
        return twin

    def table(self, name: str) -> Table:
        """Return the arrays of table `name`."""
        if name not in self._tables:
            with np.load(self._weights / self._manifest.entry(name).file) as saved:
                self._tables[name] = {key: saved[key] for key in saved.files}
        return self._tables[name]
