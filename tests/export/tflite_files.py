"""Small TensorFlow Lite files, written field by field as the schema has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import flatbuffers
import numpy as np
from numpy.typing import NDArray

ADD, CONVOLUTION, MULTIPLY, CUSTOM = 0, 3, 18, 32

KINDS = {np.dtype(np.float32): 0, np.dtype(np.int32): 2, np.dtype(np.int64): 4}

Tensor = NDArray[np.generic] | Sequence[int]
"""A constant, or the shape of what is worked out."""

Setting = np.int8 | np.int32 | np.float32


@dataclass(frozen=True)
class Use:
    """An operator, by number or by its own name, on tensors by number; settings are by their field."""

    operator: int | str
    inputs: Sequence[int]
    outputs: Sequence[int]
    settings: Mapping[int, Setting] = field(default_factory=dict)
    custom: bytes = b""


class _Writer(flatbuffers.Builder):
    def table(self, fields: Mapping[int, Setting | int]) -> int:
        """Write a table; a plain number is where something written before lies."""
        self.StartObject(max(fields, default=-1) + 1)
        for place, value in fields.items():
            if isinstance(value, np.int8):
                self.PrependInt8Slot(place, value, 0)
            elif isinstance(value, np.int32):
                self.PrependInt32Slot(place, value, 0)
            elif isinstance(value, np.float32):
                self.PrependFloat32Slot(place, value, 0)
            else:
                self.PrependUOffsetTRelativeSlot(place, value, 0)
        return self.EndObject()

    def tables(self, offsets: Sequence[int]) -> int:
        self.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.PrependUOffsetTRelative(offset)
        return self.EndVector()

    def numbers(self, values: Sequence[int]) -> int:
        return self.CreateNumpyVector(np.array(values, np.int32))


def tflite_file(tensors: Sequence[Tensor], uses: Sequence[Use], inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
    """Return a file of one graph."""
    writer = _Writer(0)
    empty = writer.table({})
    buffers = [empty, *(_buffer(writer, tensor) for tensor in tensors)]
    graph = {
        0: writer.tables([_tensor(writer, i, tensor) for i, tensor in enumerate(tensors)]),
        1: writer.numbers(inputs),
        2: writer.numbers(outputs),
        3: writer.tables([_use(writer, i, use) for i, use in enumerate(uses)]),
    }
    graphs = writer.tables([writer.table(graph)])
    codes = writer.tables([_code(writer, use.operator) for use in uses])
    model = {0: np.int32(3), 1: codes, 2: graphs, 4: writer.tables(buffers)}
    writer.Finish(writer.table(model), b"TFL3")
    return bytes(writer.Output())


def _buffer(writer: _Writer, tensor: Tensor) -> int:
    if not isinstance(tensor, np.ndarray):
        return writer.table({})
    return writer.table({0: writer.CreateNumpyVector(np.frombuffer(tensor.tobytes(), np.uint8))})


def _tensor(writer: _Writer, number: int, tensor: Tensor) -> int:
    constant = isinstance(tensor, np.ndarray)
    shape = writer.numbers(tensor.shape if constant else tensor)
    kind = KINDS[tensor.dtype] if constant else 0
    return writer.table({0: shape, 1: np.int8(kind), 2: np.int32(number + 1)})


def _use(writer: _Writer, code: int, use: Use) -> int:
    fields: dict[int, Setting | int] = {1: writer.numbers(use.inputs), 2: writer.numbers(use.outputs)}
    if use.settings:
        fields[4] = writer.table(use.settings)
    if use.custom:
        fields[5] = writer.CreateByteVector(use.custom)
    return writer.table({0: np.int32(code), **fields})


def _code(writer: _Writer, operator: int | str) -> int:
    if isinstance(operator, str):
        return writer.table({1: writer.CreateString(operator), 3: np.int32(CUSTOM), 0: np.int8(CUSTOM)})
    # As the schema has it: numbers from 127 on stand in the fourth field alone.
    return writer.table({0: np.int8(min(operator, 127)), 3: np.int32(operator)})
