"""TensorFlow Lite files: which operators a network is made of, what they are given, and its constants.

The format: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs, a
FlatBuffer; a field is known by its place in its table, counted from 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from flatbuffers import encode, flexbuffers, number_types, packer
from flatbuffers.table import Table
from numpy.typing import NDArray

IDENTIFIER = b"TFL3"

OPERATORS = {
    0: "ADD", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 9: "FULLY_CONNECTED", 18: "MUL", 21: "RELU6",
    22: "RESHAPE", 23: "RESIZE_BILINEAR", 28: "TANH", 34: "PAD", 37: "BATCH_TO_SPACE_ND", 38: "SPACE_TO_BATCH_ND",
    39: "TRANSPOSE", 45: "STRIDED_SLICE", 65: "SLICE", 69: "TILE", 77: "SHAPE", 83: "PACK",
    97: "RESIZE_NEAREST_NEIGHBOR", 98: "LEAKY_RELU", 129: "CALL_ONCE", 142: "VAR_HANDLE", 143: "READ_VARIABLE",
    144: "ASSIGN_VARIABLE", 146: "RANDOM_STANDARD_NORMAL",
}  # fmt: skip
"""Names of the operators that the teachers need, by the number the format has for them."""

CUSTOM = 32
"""The number of operators that are known by a name of their own."""

DTYPES: dict[int, type[np.generic]] = {0: np.float32, 2: np.int32}
"""Of the tensors that can be constants, by the format's number."""


class NotTflite(ValueError):
    """The bytes are no TensorFlow Lite file, or one with what is not read here."""


class Record:
    """A table of the file."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def root(cls, content: bytes) -> "Record":
        """Return the table that the file begins with."""
        return cls(Table(content, encode.Get(packer.uoffset, content, 0)))

    def integer(self, field: int, default: int = 0) -> int:
        """Return a number of 32 bits."""
        return int(self._value(field, number_types.Int32Flags, default))

    def byte(self, field: int) -> int:
        """Return a number, or a yes (1) or no (0), of 8 bits; 0 where there is none."""
        return int(self._value(field, number_types.Int8Flags, 0))

    def real(self, field: int) -> float:
        """Return a single-precision number; 0 where there is none."""
        return float(self._value(field, number_types.Float32Flags, 0.0))

    def text(self, field: int) -> str:
        """Return a text; an empty one where there is none."""
        offset = self._offset(field)
        return self._table.String(self._table.Pos + offset).decode() if offset else ""

    def array(self, field: int, dtype: type[np.generic]) -> NDArray[Any]:
        """Return a vector of numbers as (n,); without any where there is none."""
        offset = self._offset(field)
        if not offset:
            return np.zeros(0, dtype)
        size = self._table.VectorLen(offset) * np.dtype(dtype).itemsize
        start = self._table.Vector(offset)
        return np.frombuffer(self._table.Bytes[start : start + size], dtype)

    def record(self, field: int) -> "Record | None":
        """Return a table, or None where there is none."""
        offset = self._offset(field)
        return Record(Table(self._table.Bytes, self._table.Indirect(self._table.Pos + offset))) if offset else None

    def records(self, field: int) -> "Iterator[Record]":
        """Yield a vector's tables."""
        offset = self._offset(field)
        for i in range(self._table.VectorLen(offset) if offset else 0):
            yield Record(Table(self._table.Bytes, self._table.Indirect(self._table.Vector(offset) + 4 * i)))

    def _offset(self, field: int) -> int:
        return self._table.Offset(4 + 2 * field)

    def _value(self, field: int, kind: Any, default: float) -> Any:
        offset = self._offset(field)
        return self._table.Get(kind, self._table.Pos + offset) if offset else default


@dataclass(frozen=True)
class Node:
    """An operator's use: tensors by number (-1: none), what it is set to, and a custom operator's settings by name."""

    operator: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Record | None
    custom: dict[str, Any]


class TfliteFile:
    """A network: its nodes in the order they are worked in, its constants, and the tensors that go in and come out.

    inputs, outputs: numbers of tensors; constants: arrays by number of tensor. Only the main graph is read: what else a
    file has sets variables.
    """

    def __init__(self, content: bytes) -> None:
        """Raises NotTflite for other content, and for operators and constants that are not read here."""
        if content[4:8] != IDENTIFIER:
            raise NotTflite("the file does not begin as TensorFlow Lite files do")
        model = Record.root(content)
        operators = [_operator(code) for code in model.records(1)]
        buffers = [record.array(0, np.uint8) for record in model.records(4)]
        main = next(model.records(2))
        self.inputs, self.outputs = (tuple(main.array(field, np.int32).tolist()) for field in (1, 2))
        self.nodes = [_node(record, operators) for record in main.records(3)]
        tensors = enumerate(main.records(0))
        self.constants = {
            i: _constant(tensor, data) for i, tensor in tensors if (data := buffers[tensor.integer(2)]).size
        }


def _operator(code: Record) -> str:
    # The first field is too short for later operators; where it is full, the fourth holds the number.
    number = max(code.byte(0), code.integer(3))
    if number == CUSTOM:
        return code.text(1)
    if number not in OPERATORS:
        raise NotTflite(f"operator {number} is not known here")
    return OPERATORS[number]


def _node(record: Record, operators: list[str]) -> Node:
    inputs, outputs = (tuple(record.array(field, np.int32).tolist()) for field in (1, 2))
    custom = record.array(5, np.uint8).tobytes()
    settings: Any = flexbuffers.Loads(bytearray(custom)) if custom else {}
    return Node(operators[record.integer(0)], inputs, outputs, record.record(4), settings)


def _constant(tensor: Record, data: NDArray[np.uint8]) -> NDArray[Any]:
    kind = tensor.byte(1)
    if kind not in DTYPES:
        raise NotTflite(f"constants of kind {kind} are not read here")
    return data.view(DTYPES[kind]).reshape(tensor.array(0, np.int32))
