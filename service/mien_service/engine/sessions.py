"""ONNX Runtime sessions with explicit providers and threads."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mien_service.engine.manifest import TensorEntry, WeightEntry

Arrays = Mapping[str, NDArray[np.float32]]
"""float32 arrays by name, each with the batch as its first axis."""

Provider = Literal["cpu", "cuda"]

PROVIDERS: dict[Provider, str] = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class ProviderUnavailable(RuntimeError):
    """The provider that was asked for cannot be had; the service must not start."""


class InvalidInput(ValueError):
    """An array does not have the shape that the network takes."""


@dataclass(frozen=True)
class SessionOptions:
    """How sessions run: provider, and threads within one run."""

    provider: Provider = "cpu"
    threads: int = 1


class NetworkSession:
    """One network, loaded: its manifest entry and its ONNX Runtime session. Safe to call from many threads."""

    def __init__(self, entry: WeightEntry, file: Path, options: SessionOptions) -> None:
        self.entry = entry
        self._session = onnxruntime.InferenceSession(
            str(file), sess_options=_session_options(options), providers=_providers(options.provider)
        )
        self.provider = str(self._session.get_providers()[0])
        # ONNX Runtime falls back to the CPU without an error; a GPU silently unused is a fault here.
        if self.provider != PROVIDERS[options.provider]:
            raise ProviderUnavailable(f"{entry.name}: {PROVIDERS[options.provider]} was asked for, got {self.provider}")
        self._outputs = [output.name for output in entry.outputs]

    def check(self, inputs: Arrays) -> int:
        """Return the number of items in `inputs`. Raises InvalidInput if a shape does not fit the network."""
        if set(inputs) != {tensor.name for tensor in self.entry.inputs}:
            raise InvalidInput(f"{self.entry.name} takes other inputs than {sorted(inputs)}")
        counts = {inputs[tensor.name].shape[:1] for tensor in self.entry.inputs}
        if len(counts) != 1 or not all(fits(tensor, inputs[tensor.name]) for tensor in self.entry.inputs):
            raise InvalidInput(f"{self.entry.name}: an input does not have the shape of the manifest")
        count = counts.pop()[0]
        if count < 1:
            raise InvalidInput(f"{self.entry.name}: there is no item")
        return count

    def run(self, inputs: Arrays) -> dict[str, NDArray[np.float32]]:
        """Return the outputs for a batch of inputs that `check` has passed."""
        results = self._session.run(self._outputs, dict(inputs))
        return {name: np.asarray(result, np.float32) for name, result in zip(self._outputs, results, strict=True)}


def fits(tensor: TensorEntry, array: NDArray[Any]) -> bool:
    """Return whether `array` has the shape of `tensor`, named axes being of any length."""
    return array.ndim == len(tensor.shape) and all(
        isinstance(wanted, str) or wanted == found for wanted, found in zip(tensor.shape, array.shape, strict=True)
    )


def available_providers() -> list[str]:
    """Return the providers that this build of ONNX Runtime has."""
    return list(onnxruntime.get_available_providers())


def require_provider(provider: Provider) -> None:
    """Raise ProviderUnavailable if this build of ONNX Runtime lacks `provider`."""
    if PROVIDERS[provider] not in available_providers():
        raise ProviderUnavailable(
            f"MIEN_PROVIDER={provider} needs {PROVIDERS[provider]}; this ONNX Runtime has {available_providers()}"
        )


def _session_options(options: SessionOptions) -> onnxruntime.SessionOptions:
    made = onnxruntime.SessionOptions()
    made.intra_op_num_threads = options.threads
    made.inter_op_num_threads = 1
    made.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Spinning threads burn a quarter to all of a core between runs.
    made.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return made


def _providers(provider: Provider) -> list[Any]:
    if provider == "cuda":
        return [("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"})]
    return ["CPUExecutionProvider"]
