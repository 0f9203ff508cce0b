"""What Mien uses of ONNX Runtime."""

from collections.abc import Mapping, Sequence
from enum import Enum
from os import PathLike
from typing import Any

from numpy.typing import NDArray

class GraphOptimizationLevel(Enum):
    ORT_DISABLE_ALL = ...
    ORT_ENABLE_BASIC = ...
    ORT_ENABLE_ALL = ...

class SessionOptions:
    intra_op_num_threads: int
    inter_op_num_threads: int
    graph_optimization_level: GraphOptimizationLevel
    def add_session_config_entry(self, key: str, value: str) -> None: ...

class NodeArg:
    name: str
    shape: list[int | str]

class InferenceSession:
    def __init__(
        self,
        path_or_bytes: str | bytes | PathLike[str],
        sess_options: SessionOptions | None = None,
        providers: Sequence[str | tuple[str, dict[str, Any]]] | None = None,
    ) -> None: ...
    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]: ...
    def get_inputs(self) -> list[NodeArg]: ...
    def get_outputs(self) -> list[NodeArg]: ...
    def get_providers(self) -> list[str]: ...

def get_available_providers() -> list[str]: ...
