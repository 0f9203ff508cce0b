"""PyTorch to ONNX: export, parity check, half-precision packing, manifest entry."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mien_service.engine.manifest import Manifest, TensorEntry, WeightEntry

OPSET = 18

MAX_BYTES = 16_000_000
"""Largest weight file."""

SIDE_MULTIPLE = 32
"""What the sides of pictures of any size are multiples of."""

PACKED_SIZE = 64
"""Initialisers with at least this many numbers are stored in half precision."""

BYTES_FROM = 4096
"""Weights with at least this many numbers may be stored in a byte each."""


class ParityError(RuntimeError):
    """The exported network does not answer as the trained one does."""


@dataclass(frozen=True)
class Tensor:
    """An input or output of a network: its name, its shape without the batch axis, and what it means.

    In the shape, a name stands for an axis of any length.
    """

    name: str
    shape: tuple[int | str, ...]
    meaning: str
    range: tuple[float, float] | None = None

    def entry(self) -> TensorEntry:
        """Return the manifest's entry, the batch as a named axis."""
        return TensorEntry(name=self.name, shape=("batch", *self.shape), range=self.range, meaning=self.meaning)


def export(module: torch.nn.Module, inputs: list[Tensor], outputs: list[Tensor], file: Path) -> None:
    """Write `module` to `file` with batch and named axes dynamic; initialisers keep the module's names.

    Named axes are pictures' sides: multiples of SIDE_MULTIPLE.
    """
    examples = tuple(torch.zeros(2, *_example_shape(tensor)) for tensor in inputs)
    program = torch.onnx.export(
        module.eval(),
        examples,
        input_names=[tensor.name for tensor in inputs],
        output_names=[tensor.name for tensor in outputs],
        dynamic_shapes=tuple(_dynamic_axes(tensor) for tensor in inputs),
        opset_version=OPSET,
        dynamo=True,
        optimize=False,
        verbose=False,
    )
    assert program is not None
    onnx.save(program.model_proto, file)
    use_constants(file)


def use_constants(file: Path) -> None:
    """Say of the constants of `file` that they are constant, and of biases of 0 that there are none.

    The exporter casts constants to the type of what they are used with, and makes a convolution's lacking bias from
    its input's shape. Both are known only when the graph runs, so that ONNX Runtime joins no convolution with the
    normalisation and the activation after it: EfficientNet-Lite0 took four times as long, other networks a fifth more.
    """
    model = onnx.load(file)
    graph = model.graph
    floats = {
        info.name
        for info in onnx.shape_inference.infer_shapes(model).graph.value_info
        if info.type.tensor_type.elem_type == TensorProto.FLOAT
    }
    same = {
        node.output[0]: node.input[0]
        for node in graph.node
        if node.op_type == "CastLike" and floats.issuperset({node.input[0], node.output[0]})
    }
    for node in graph.node:
        node.input[:] = [same.get(name, name) for name in node.input]
    zeros = _expanded_zeros(graph)
    for node in graph.node:
        if node.op_type == "Conv" and len(node.input) == 3 and node.input[2] in zeros:
            del node.input[2]
    _remove_unused(graph)
    onnx.save(model, file)


def _constants(graph: onnx.GraphProto) -> dict[str, NDArray[Any]]:
    return {
        node.output[0]: numpy_helper.to_array(node.attribute[0].t)
        for node in graph.node
        if node.op_type == "Constant" and node.attribute[0].name == "value"
    }


def _expanded_zeros(graph: onnx.GraphProto) -> set[str]:
    zeros = {name for name, value in _constants(graph).items() if not value.any()}
    for node in graph.node:
        if node.op_type in ("Expand", "Cast", "CastLike") and node.input[0] in zeros:
            zeros.add(node.output[0])
    return zeros


def _remove_unused(graph: onnx.GraphProto) -> None:
    """Remove nodes whose outputs nobody uses; nodes come after those that they use."""
    used = {output.name for output in graph.output}
    kept: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if used.intersection(node.output):
            used.update(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))


def _example_shape(tensor: Tensor) -> list[int]:
    """Return a shape to trace with; no two named axes are alike, lest the exporter takes them for one."""
    sizes = iter(range(3, 3 + len(tensor.shape)))
    return [next(sizes) * SIDE_MULTIPLE if isinstance(size, str) else size for size in tensor.shape]


def _dynamic_axes(tensor: Tensor) -> dict[int, Any]:
    axes: dict[int, Any] = {0: torch.export.Dim("batch", min=1, max=1024)}
    for axis, size in enumerate(tensor.shape, start=1):
        if isinstance(size, str):
            axes[axis] = SIDE_MULTIPLE * torch.export.Dim(f"{size}_{SIDE_MULTIPLE}", min=1, max=256)
    return axes


def pack_half(file: Path) -> None:
    """Store the large initialisers of `file` in half precision; cast nodes restore them, folded at load."""
    model = onnx.load(file)
    graph = model.graph
    casts = []
    for i, initializer in enumerate(graph.initializer):
        array = numpy_helper.to_array(initializer)
        if array.dtype != np.float32 or array.size < PACKED_SIZE:
            continue
        name = initializer.name
        graph.initializer[i].CopyFrom(numpy_helper.from_array(array.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], f"{name}.cast", to=TensorProto.FLOAT))
    _put_first(graph, casts)
    # What the exporter notes of each node is for debugging and as large as the weights.
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del graph.value_info[:]
    _save_checked(model, file)


def pack_bytes(file: Path) -> None:
    """Store the large weights of `file`, which pack_half has packed, in a byte each.

    Each output channel has its scale. Nodes restore the weights, and are folded at load: nothing is computed in
    bytes, and nothing becomes faster.
    """
    model = onnx.load(file)
    graph = model.graph
    restored: list[onnx.NodeProto] = []
    for initializer in list(graph.initializer):
        array, name = numpy_helper.to_array(initializer), initializer.name.removesuffix(".half")
        if name == initializer.name or array.ndim < 2 or array.size < BYTES_FROM:
            continue
        levels, scale = _in_bytes(array.astype(np.float32))
        graph.initializer.remove(initializer)
        graph.initializer.extend(
            [numpy_helper.from_array(levels, f"{name}.byte"), numpy_helper.from_array(scale, f"{name}.scale")]
        )
        graph.node.remove(next(node for node in graph.node if list(node.output) == [name]))
        restored.append(helper.make_node("Cast", [f"{name}.byte"], [f"{name}.level"], to=TensorProto.FLOAT))
        restored.append(helper.make_node("Mul", [f"{name}.level", f"{name}.scale"], [name]))
    _put_first(graph, restored)
    _save_checked(model, file)


def _in_bytes(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return a weight (n, ...) in -127..127, and the scale of each of its n channels, shaped to multiply it."""
    largest = np.abs(weight).max(axis=tuple(range(1, weight.ndim)), keepdims=True)
    scale = np.maximum(largest / 127, 1e-12).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale


def _put_first(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    every = [*nodes, *graph.node]
    del graph.node[:]
    graph.node.extend(every)


def _save_checked(model: onnx.ModelProto, file: Path) -> None:
    onnx.checker.check_model(model)
    onnx.save(model, file)
    if file.stat().st_size > MAX_BYTES:
        raise ValueError(f"{file.name} has {file.stat().st_size} bytes; the limit is {MAX_BYTES}")


def read_initializers(file: Path) -> dict[str, torch.Tensor]:
    """Return the weights in `file` by the module's names, in full precision, to go on training from."""
    stored = {one.name: numpy_helper.to_array(one).copy() for one in onnx.load(file).graph.initializer}
    found: dict[str, torch.Tensor] = {}
    for name, array in stored.items():
        weight = torch.from_numpy(array).float()
        if name.endswith(".byte"):
            weight *= torch.from_numpy(stored[f"{name.removesuffix('.byte')}.scale"])
        if not name.endswith(".scale"):
            found[name.removesuffix(".half").removesuffix(".byte")] = weight
    return found


def parity(module: torch.nn.Module, file: Path, examples: list[NDArray[np.float32]], bound: float) -> float:
    """Return the largest difference of `file` in ONNX Runtime to `module` on `examples`.

    `examples` is one array for each input, with at least two items: they are run together and one by one.
    Raises ParityError beyond `bound`.
    """
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [tensor.name for tensor in session.get_inputs()]
    with torch.no_grad():
        wanted = module.eval()(*[torch.from_numpy(example) for example in examples])
    wanted = [wanted] if isinstance(wanted, torch.Tensor) else list(wanted)
    together: list[Any] = session.run(None, dict(zip(names, examples, strict=True)))
    differences: list[float] = []
    for i in range(len(examples[0])):
        alone: list[Any] = session.run(None, {n: e[i : i + 1] for n, e in zip(names, examples, strict=True)})
        for want, both, one in zip(wanted, together, alone, strict=True):
            reference = want[i].numpy()
            differences += [np.abs(both[i] - reference).max(), np.abs(one[0] - reference).max()]
    # Unlike max(), np.max passes a NaN on.
    largest = float(np.max(differences))
    if not largest <= bound:
        raise ParityError(f"{file.name} differs by {largest} from the trained network; the bound is {bound}")
    return largest


def file_sha256(file: Path) -> str:
    """Return the hex SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def update_manifest(weights: Path, entry: WeightEntry) -> None:
    """Put `entry` into the manifest of the folder `weights`, in place of one of the same name."""
    _write_manifest(weights, [*_others(weights, entry.name), entry])


def remove_from_manifest(weights: Path, name: str) -> None:
    """Take the entry called `name`, if there is one, out of the manifest of the folder `weights`."""
    _write_manifest(weights, _others(weights, name))


def _others(weights: Path, name: str) -> list[WeightEntry]:
    file = weights / "manifest.json"
    known = Manifest.model_validate_json(file.read_bytes()).weights if file.exists() else ()
    return [entry for entry in known if entry.name != name]


def _write_manifest(weights: Path, entries: list[WeightEntry]) -> None:
    manifest = Manifest(weights=tuple(sorted(entries, key=lambda entry: entry.name)))
    unfinished = weights / "manifest.part"
    unfinished.write_text(json.dumps(manifest.model_dump(mode="json"), indent=2) + "\n")
    unfinished.rename(weights / "manifest.json")
