"""TensorFlow Lite networks of pictures, run with PyTorch, one operator after the other.

Tensors are as TensorFlow has them: (n, height, width, channels). Kernels of convolutions lie in memory as PyTorch's
`channels_last` has them, so that nothing is copied. Operators as in TensorFlow Lite 2.18, for what the teachers use
of them; fields of settings are counted as in its schema.
"""

from collections.abc import Callable

import torch
from torch.nn import functional as F

from mien_export.teachers.tflite import Node, NotTflite, TfliteFile

Inputs = list[torch.Tensor]
Work = Callable[[Node, Inputs], torch.Tensor]

SAME = 0
"""Padding with which the output's side is the input's over the stride, rounded up."""

VARIABLES = ("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE")
"""Running means and variances, which training writes and nothing here reads: normalisation is by the picture's own."""


class TfliteNetwork:
    """A network with one input and one output. Noise that it draws is left at its mean, 0: answers are always alike."""

    def __init__(self, file: TfliteFile) -> None:
        """Raises NotTflite where an operator is not known."""
        self._nodes = [node for node in file.nodes if node.operator not in VARIABLES]
        for node in self._nodes:
            if node.operator not in WORK:
                raise NotTflite(f"operator {node.operator} is not known here")
        self._constants = {i: torch.tensor(value) for i, value in file.constants.items()}
        [self._input], [self._output] = file.inputs, file.outputs
        self._last_use = {i: place for place, node in enumerate(self._nodes) for i in node.inputs}

    @torch.inference_mode()
    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        """Return the output for the input, both of the file's shape, float32."""
        values = {**self._constants, self._input: image}
        for place, node in enumerate(self._nodes):
            inputs = [values[i] for i in node.inputs if i in values]
            values[node.outputs[0]] = WORK[node.operator](node, inputs)
            for i in set(node.inputs) & values.keys():
                # Maps that no later node needs would fill a gigabyte.
                if self._last_use[i] == place and i != self._output:
                    del values[i]
        return values[self._output]


def _integer(node: Node, field: int, default: int = 0) -> int:
    return node.options.integer(field, default) if node.options else default


def _byte(node: Node, field: int) -> int:
    return node.options.byte(field) if node.options else 0


def _unset(node: Node, *fields: int) -> None:
    """Refuse settings that are not heeded here, such as an activation within the operator."""
    for field in fields:
        if _byte(node, field):
            raise NotTflite(f"{node.operator}: setting {field} is not known here")


def _planes(x: torch.Tensor) -> torch.Tensor:
    """Return (n, height, width, channels) as PyTorch's (n, channels, height, width)."""
    return x.permute(0, 3, 1, 2)


def _pixels(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 2, 3, 1)


def _convolution(node: Node, inputs: Inputs) -> torch.Tensor:
    """Weights: (channels out, height, width, channels in)."""
    _unset(node, 3)
    x, weight, *bias = inputs
    return _convolved(node, (x, _planes(weight), *bias), dilation=4, groups=x.shape[3] // weight.shape[3])


def _depthwise(node: Node, inputs: Inputs) -> torch.Tensor:
    """Weights: (1, height, width, channels)."""
    _unset(node, 4)
    x, weight, *bias = inputs
    return _convolved(node, (x, weight.permute(3, 0, 1, 2), *bias), dilation=5, groups=x.shape[3])


def _convolved(node: Node, operands: tuple[torch.Tensor, ...], dilation: int, groups: int) -> torch.Tensor:
    """Convolve; `dilation` is the field of the horizontal dilation, the vertical one comes after it."""
    x, weight, *bias = operands
    stride = _integer(node, 2), _integer(node, 1)
    apart = _integer(node, dilation + 1, 1), _integer(node, dilation, 1)
    x = _planes(x)
    if _byte(node, 0) == SAME:
        rims = [_rims(*of) for of in zip(x.shape[2:], weight.shape[2:], stride, apart, strict=True)]
        x = F.pad(x, [*rims[1], *rims[0]])
    return _pixels(F.conv2d(x, weight, *bias, stride=stride, dilation=apart, groups=groups))


def _rims(size: int, kernel: int, stride: int, apart: int) -> tuple[int, int]:
    """Return how many zeros are put before and after an axis; TensorFlow puts an odd one after it."""
    rim = max((-(-size // stride) - 1) * stride + (kernel - 1) * apart + 1 - size, 0)
    return rim // 2, rim - rim // 2


def _normalised(node: Node, inputs: Inputs) -> torch.Tensor:
    """Normalise by the batch's own mean and variance, then scale and shift: training's way, kept when in use."""
    if not node.custom.get("is_training"):
        raise NotTflite("normalisation by running means is not known here")
    x, scale, shift = inputs[:3]
    variance, mean = torch.var_mean(x, dim=(0, 1, 2), correction=0)
    return (x - mean) * (scale * torch.rsqrt(variance + node.custom["epsilon"])) + shift


def _fully_connected(node: Node, inputs: Inputs) -> torch.Tensor:
    _unset(node, 0, 2)
    x, weight, *bias = inputs
    return F.linear(x.reshape(-1, weight.shape[1]), weight, *bias)


def _added(node: Node, inputs: Inputs) -> torch.Tensor:
    _unset(node, 0)
    return inputs[0] + inputs[1]


def _multiplied(node: Node, inputs: Inputs) -> torch.Tensor:
    _unset(node, 0)
    return inputs[0] * inputs[1]


def _joined(node: Node, inputs: Inputs) -> torch.Tensor:
    _unset(node, 1)
    return torch.cat(inputs, dim=_integer(node, 0))


def _leaky(node: Node, inputs: Inputs) -> torch.Tensor:
    return F.leaky_relu(inputs[0], node.options.real(0) if node.options else 0.0)


def _smoothly_resized(node: Node, inputs: Inputs) -> torch.Tensor:
    """Resize bilinearly, pixel centres at half numbers."""
    _unset(node, 2)
    if not _byte(node, 3):
        raise NotTflite("RESIZE_BILINEAR: only half-pixel centres are known here")
    return _pixels(F.interpolate(_planes(inputs[0]), inputs[1].tolist(), mode="bilinear", align_corners=False))


def _coarsely_resized(node: Node, inputs: Inputs) -> torch.Tensor:
    """Resize to the nearest pixel, pixel centres at half numbers."""
    _unset(node, 0)
    if not _byte(node, 1):
        raise NotTflite("RESIZE_NEAREST_NEIGHBOR: only half-pixel centres are known here")
    return _pixels(F.interpolate(_planes(inputs[0]), inputs[1].tolist(), mode="nearest-exact"))


def _padded(_: Node, inputs: Inputs) -> torch.Tensor:
    return F.pad(inputs[0], inputs[1].flip(0).flatten().tolist())


def _space_to_batch(_: Node, inputs: Inputs) -> torch.Tensor:
    """Padded by inputs[2], let every pixel of a block (inputs[1]: height, width) be of a picture of its own."""
    down, right = inputs[1].tolist()
    x = F.pad(inputs[0], [0, 0, *inputs[2].flip(0).flatten().tolist()])
    n, height, width, channels = x.shape
    blocks = x.reshape(n, height // down, down, width // right, right, channels)
    return blocks.permute(2, 4, 0, 1, 3, 5).reshape(-1, height // down, width // right, channels)


def _batch_to_space(_: Node, inputs: Inputs) -> torch.Tensor:
    """Do what undoes `_space_to_batch`, then crop by inputs[2]."""
    down, right = inputs[1].tolist()
    height, width, channels = inputs[0].shape[1:]
    blocks = inputs[0].reshape(down, right, -1, height, width, channels).permute(2, 3, 0, 4, 1, 5)
    whole = blocks.reshape(-1, height * down, width * right, channels)
    (top, bottom), (left, after) = inputs[2].tolist()
    return whole[:, top : height * down - bottom, left : width * right - after]


def _strided_slice(node: Node, inputs: Inputs) -> torch.Tensor:
    """Masks have a bit an axis: its begin or end is not heeded; it is left out of the result."""
    if _integer(node, 2) or _integer(node, 3):
        raise NotTflite("STRIDED_SLICE: ellipses and new axes are not known here")
    x, begins, ends, steps = inputs
    index: list[int | slice] = []
    for axis, (begin, end, step) in enumerate(zip(begins.tolist(), ends.tolist(), steps.tolist(), strict=True)):
        without_begin, without_end, dropped = (_integer(node, field) >> axis & 1 for field in (0, 1, 4))
        index.append(begin if dropped else slice(None if without_begin else begin, None if without_end else end, step))
    return x[tuple(index)]


def _slice(_: Node, inputs: Inputs) -> torch.Tensor:
    x, begins, sizes = inputs
    pairs = zip(begins.tolist(), sizes.tolist(), strict=True)
    return x[tuple(slice(begin, None if size == -1 else begin + size) for begin, size in pairs)]


WORK: dict[str, Work] = {
    "ADD": _added,
    "BATCH_TO_SPACE_ND": _batch_to_space,
    "CONCATENATION": _joined,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "FusedBatchNormV3": _normalised,
    "LEAKY_RELU": _leaky,
    "MUL": _multiplied,
    "PACK": lambda node, inputs: torch.stack(inputs, dim=_integer(node, 1)),
    "PAD": _padded,
    "RANDOM_STANDARD_NORMAL": lambda _, inputs: torch.zeros(inputs[0].tolist()),
    "RELU6": lambda _, inputs: F.relu6(inputs[0]),
    "RESHAPE": lambda _, inputs: inputs[0].reshape(inputs[1].tolist()),
    "RESIZE_BILINEAR": _smoothly_resized,
    "RESIZE_NEAREST_NEIGHBOR": _coarsely_resized,
    "SHAPE": lambda _, inputs: torch.tensor(inputs[0].shape, dtype=torch.int32),
    "SLICE": _slice,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "STRIDED_SLICE": _strided_slice,
    "TANH": lambda _, inputs: torch.tanh(inputs[0]),
    "TILE": lambda _, inputs: inputs[0].tile(inputs[1].tolist()),
    "TRANSPOSE": lambda _, inputs: inputs[0].permute(inputs[1].tolist()),
}
"""What each operator does with its inputs, in the order of the schema; inputs that are not given are left out."""
