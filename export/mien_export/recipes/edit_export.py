"""An EditNet to an ONNX file, checked against the trained one before and after its weights are packed."""

from pathlib import Path

import numpy as np

from mien_export.networks.edit_net import REACH, REACH_SIDE, EditNet
from mien_export.onnx import Tensor, export, pack_half, parity

PARITY_BOUND = 1e-3
"""Largest difference of ONNX Runtime to PyTorch, both in full precision: a thousandth of a pixel of flow."""

PACKED_BOUND = 0.05
"""Largest difference once the weights are in half precision: a twentieth of a pixel of flow."""


def edit_inputs(net: EditNet, side: int, condition: str = "signed strengths") -> list[Tensor]:
    """Return what the exported network takes, for squares of `side` pixels; `condition` says what its numbers mean."""
    inputs = [Tensor("image", (net.channels, side, side), "aligned face, RGB, further channels behind it", (0.0, 1.0))]
    return [*inputs, Tensor("condition", (net.condition_size,), condition)] if net.condition_size else inputs


def edit_outputs(net: EditNet, side: int) -> list[Tensor]:
    """Return what the exported network gives, as networks/edit_net.py's `Fields` has it."""
    reach = REACH * side / REACH_SIDE
    outputs = [
        Tensor("flow", (2, side, side), "x, y in pixels of the square: where to fetch a pixel", (-reach, reach)),
        Tensor("residual", (3, side, side), "RGB to add, 1 is 255 grey levels", (-1.0, 1.0)),
        Tensor("alpha", (1, side, side), "how much of flow and residual is applied", (0.0, 1.0)),
    ]
    paint = Tensor("paint", (4, side, side), "RGB to lay over the rest, and its matte", (0.0, 1.0))
    return [*outputs, paint] if net.paints else outputs


def export_edit(net: EditNet, side: int, file: Path, condition: str = "signed strengths") -> None:
    """Write `net` for squares of `side` pixels to `file`, its weights in half precision; prints the parity.

    Raises ParityError where the file does not answer as the network does.
    """
    export(net, edit_inputs(net, side, condition), edit_outputs(net, side), file)
    rng = np.random.default_rng(0)
    examples = [rng.uniform(size=(2, net.channels, side, side)).astype(np.float32)]
    if net.condition_size:
        examples.append(rng.normal(size=(2, net.condition_size)).astype(np.float32))
    exact = parity(net, file, examples, PARITY_BOUND)
    pack_half(file)
    packed = parity(net, file, examples, PACKED_BOUND)
    print(f"{file.stem}: largest difference to PyTorch {exact:.2e}, in half precision {packed:.2e}")
