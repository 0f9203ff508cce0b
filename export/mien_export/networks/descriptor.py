"""A face descriptor that a gradient goes through: faceres, for the identity term of a loss.

The judges' file (human-models' faceres, MIT) is an ONNX graph; its few kinds of nodes are run here by PyTorch's
functions, one by one, so that no converter has to follow this project's versions. dlib's descriptor, which has no
gradient, is kept for judging (quality/identity.py): what is trained against never judges.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn
from torch.nn import functional as F

from mien_export.data.packs import data_folder

DESCRIPTOR_OUTPUT = "global_pooling/Mean"
INPUT_SIDE = 224

FACE_SHARE = 0.8
"""Side of the middle part of the aligned square that is looked at. Two photos of one person against two people,
291 pairs of CelebA squares at 128: AUC .959 with the whole square, .966 with .8, .964 with .7, .950 with .6."""

Attributes = dict[str, Any]
Operator = Callable[[Sequence[torch.Tensor], Attributes], torch.Tensor]


class UnsupportedNode(ValueError):
    """The graph holds a node of a kind that is not known here."""


class OnnxModule(nn.Module):
    """One output of an ONNX file as a frozen PyTorch module in full precision, with gradients to its input."""

    def __init__(self, file: Path, output: str) -> None:
        """Read `file`. Raises KeyError if it has no such output, UnsupportedNode if that needs an unknown kind."""
        super().__init__()
        graph = onnx.load(file).graph
        self._output = output
        self._nodes = _needed_for(output, graph)
        unknown = sorted({node.op_type for node in self._nodes} - OPERATORS.keys())
        if unknown:
            raise UnsupportedNode(f"{file.name}: {', '.join(unknown)}")
        constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        [self._input] = [one.name for one in graph.input if one.name not in constants]
        self._attributes = [{a.name: helper.get_attribute_value(a) for a in node.attribute} for node in self._nodes]
        self._constants: dict[str, str] = {}
        for name in sorted({name for node in self._nodes for name in node.input} & constants.keys()):
            self._constants[name] = f"constant_{len(self._constants)}"
            self.register_buffer(self._constants[name], torch.from_numpy(constants[name].copy()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the output for the graph's one input `x`."""
        values = {name: self.get_buffer(buffer) for name, buffer in self._constants.items()} | {self._input: x}
        for node, attributes in zip(self._nodes, self._attributes, strict=True):
            taken = [values[name] for name in node.input if name]
            values[node.output[0]] = OPERATORS[node.op_type](taken, attributes)
        return values[self._output]


def _needed_for(output: str, graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Return the nodes that `output` depends on, in the graph's order."""
    makers = {name: node for node in graph.node for name in node.output}
    needed: set[str] = set()
    waiting = [makers[output]]
    while waiting:
        node = waiting.pop()
        if node.output[0] not in needed:
            needed.add(node.output[0])
            waiting += [makers[name] for name in node.input if name in makers]
    return [node for node in graph.node if node.output[0] in needed]


def _conv(taken: Sequence[torch.Tensor], attributes: Attributes) -> torch.Tensor:
    x, weight, *bias = taken
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    # What is padded alike on both sides is left to the convolution, the odd row or column is laid on first.
    x = F.pad(x, (max(left - right, 0), max(right - left, 0), max(top - bottom, 0), max(bottom - top, 0)))
    return F.conv2d(
        x,
        weight,
        bias[0] if bias else None,
        attributes.get("strides", [1, 1]),
        [min(top, bottom), min(left, right)],
        attributes.get("dilations", [1, 1]),
        attributes.get("group", 1),
    )


OPERATORS: dict[str, Operator] = {
    "Add": lambda x, _: x[0] + x[1],
    "Conv": _conv,
    "GlobalAveragePool": lambda x, _: x[0].mean(dim=(2, 3), keepdim=True),
    "Max": lambda x, _: torch.maximum(x[0], x[1]),
    "Min": lambda x, _: torch.minimum(x[0], x[1]),
    "Mul": lambda x, _: x[0] * x[1],
    "Relu": lambda x, _: F.relu(x[0]),
    "Squeeze": lambda x, _: x[0].squeeze(tuple(x[1].tolist())),
    "Transpose": lambda x, attributes: x[0].permute(attributes["perm"]),
}
"""How a node of each kind is computed from its inputs and attributes (ONNX opset 15)."""


class FaceDescriptor(nn.Module):
    """Aligned squares to centred descriptors whose cosine says whether two faces are one person's.

    The mean over a data set is subtracted first: without it strangers score nearly as high as the same person.
    """

    mean: torch.Tensor

    def __init__(self, file: Path | None = None) -> None:
        """Read faceres from `file`, by default the data folder's judges."""
        super().__init__()
        self._network = OnnxModule(file or data_folder() / "judges" / "faceres.onnx", DESCRIPTOR_OUTPUT)
        self.register_buffer("mean", torch.zeros(()))
        self.eval()

    @torch.no_grad()
    def centre_on(self, batches: Sequence[torch.Tensor]) -> None:
        """Take the mean descriptor over `batches` of squares (n, 3, side, side) RGB in 0..1 as the centre."""
        self.mean = torch.cat([self._described(batch) for batch in batches]).mean(dim=0)

    def forward(self, squares: torch.Tensor) -> torch.Tensor:
        """Return (n, 1024) centred descriptors of unit length for squares (n, 3, side, side) RGB in 0..1."""
        return F.normalize(self._described(squares) - self.mean, dim=1)

    def _described(self, squares: torch.Tensor) -> torch.Tensor:
        rim = round(squares.shape[-1] * (1 - FACE_SHARE) / 2)
        face = squares[..., rim : squares.shape[-2] - rim, rim : squares.shape[-1] - rim]
        sized = F.interpolate(face, (INPUT_SIDE, INPUT_SIDE), mode="bilinear", antialias=True)
        # The file wants the channels last, in grey levels.
        return self._network(sized.permute(0, 2, 3, 1) * 255).float()
