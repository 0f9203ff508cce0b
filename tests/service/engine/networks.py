"""Tiny real networks and their weights folders, for the tests of this room."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from served import wait_until

from mien_service.engine.batching import Batcher, BatchOptions
from mien_service.engine.manifest import WeightEntry
from mien_service.engine.sessions import NetworkSession, SessionOptions

WIDTH = 4


def doubling(file: Path) -> None:
    """Write a network: y = 2 x for x of (batch, 4)."""
    two = helper.make_tensor("two", TensorProto.FLOAT, [], [2.0])
    save(file, [helper.make_node("Mul", ["x", "two"], ["y"])], ["batch", WIDTH], [two])


def pictures(file: Path) -> None:
    """Write a network: y = 2 x for x of (batch, any length)."""
    two = helper.make_tensor("two", TensorProto.FLOAT, [], [2.0])
    save(file, [helper.make_node("Mul", ["x", "two"], ["y"])], ["batch", "height"], [two])


def save(file: Path, nodes: list[Any], shape: list[int | str], tensors: list[Any]) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "tiny", [x], [y], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9), file)


def described(file: Path, name: str = "tiny", **members: Any) -> dict[str, Any]:
    """Return the manifest's entry for a network of one input x and one output y."""
    tensor = {"shape": ["batch", WIDTH], "meaning": "numbers"}
    return {
        "name": name,
        "kind": "network",
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "task": "/tiny",
        "version": "1.0.0",
        "inputs": [{"name": "x", **tensor}],
        "outputs": [{"name": "y", **tensor}],
        "card": "card.md",
        "licence": "Apache-2.0",
        "commercial_use": True,
        **members,
    }


def folder_of(folder: Path, *entries: dict[str, Any]) -> Path:
    """Write the manifest and the card of a weights folder."""
    (folder / "card.md").write_text("# Tiny")
    (folder / "manifest.json").write_text(json.dumps({"weights": list(entries)}))
    return folder


def batcher_of(
    file: Path,
    on_death: Callable[[], None] | None = None,
    options: BatchOptions | None = None,
    shape: list[int | str] | None = None,
) -> Batcher:
    tensor = {"shape": shape or ["batch", WIDTH], "meaning": "numbers"}
    entry = described(file, inputs=[{"name": "x", **tensor}], outputs=[{"name": "y", **tensor}])
    session = NetworkSession(WeightEntry.model_validate(entry), file, SessionOptions())
    return Batcher(session, options or BatchOptions(), on_death or unexpected)


def unexpected() -> None:
    raise AssertionError("the worker died")


def numbers(*values: float) -> dict[str, np.ndarray]:
    """Return one item for each value."""
    return {"x": np.repeat(np.array(values, np.float32)[:, None], WIDTH, axis=1)}


class Held(Mapping[str, np.ndarray]):
    """Inputs that hold the worker which reads them until they are let go."""

    def __init__(self, inputs: dict[str, np.ndarray]) -> None:
        self._inputs = inputs
        self._reached = threading.Event()
        self._released = threading.Event()

    def __getitem__(self, name: str) -> np.ndarray:
        if threading.current_thread() is not threading.main_thread():
            self.on_worker()
        return self._inputs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)

    def on_worker(self) -> None:
        self._reached.set()
        assert self._released.wait(60)

    def let_go(self) -> None:
        self._released.set()

    def reached(self) -> bool:
        """Return whether a worker holds them now, having waited for it."""
        return wait_until(self._reached.is_set)


class Deadly(Held):
    """Inputs that end the worker which reads them, as nothing of ours should."""

    def on_worker(self) -> None:
        raise SystemExit
