"""Write the network of /emotion to the weights folder, its probabilities calibrated on `valid`.

python -m mien_export export emotion_net
"""

from pathlib import Path

import numpy as np
import torch

from mien_export.data.expression_batches import plain_views
from mien_export.data.expressions import Expressions, load_expressions
from mien_export.networks.emotion_net import ExpressionNet, ServedEmotionNet
from mien_export.onnx import Tensor
from mien_export.quality.classification import fit_temperature
from mien_export.recipes.emotion_net import NETWORKS, read_expressions
from mien_export.recipes.shipping import Shipment, averaged, ship
from mien_service.faces.expression import EXPRESSIONS, INPUT_SIDE, ZOOMS

FACE = Tensor("image", (1, INPUT_SIDE, INPUT_SIDE), "the middle of an aligned face, grey", (0.0, 1.0))

PROBABILITIES = Tensor(
    "probabilities", (len(EXPRESSIONS),), f"how likely the face shows {', '.join(EXPRESSIONS)}; together 1", (0.0, 1.0)
)

SHIPMENT = Shipment(
    name="emotion_net",
    task="/emotion",
    version="1.1.0",
    licence="Non-commercial research (trained on FER2013 with FER+'s votes; see weights/LICENSE.md)",
    inputs=(FACE,),
    outputs=(PROBABILITIES,),
    exact_bound=1e-4,
    packed_bound=0.01,
)

EXAMPLES = 8
"""Faces of `valid` that the file's answers are compared on."""


def export_emotion_net(checkpoint: Path, weights: Path) -> None:
    """Write the averaged weights into `weights` and its manifest; prints the temperature and the parity."""
    valid = load_expressions().split("valid")
    served = calibrated("emotion_net", checkpoint, valid)
    views = plain_views(torch.from_numpy(valid.pixels[:EXAMPLES]), INPUT_SIDE)
    ship(served, SHIPMENT, [views.numpy()], weights)


def calibrated(name: str, checkpoint: Path, valid: Expressions) -> ServedEmotionNet:
    """Return the network called `name` as it is served, its temperature fitted on `valid`; prints that."""
    net = NETWORKS[name]()
    net.load_state_dict(averaged(checkpoint))
    temperature = served_temperature(net.eval(), valid)
    print(f"{name}: temperature {temperature:.3f}, fitted on {len(valid.labels)} faces")
    return ServedEmotionNet(net, temperature)


def served_temperature(net: ExpressionNet, valid: Expressions) -> float:
    """Return the temperature at which what is served, the mean of all views and their mirror images, is calibrated."""
    views = [read_expressions(net, valid, zoom, mirrored) for zoom in ZOOMS for mirrored in (False, True)]
    return fit_temperature(np.stack([one.double().numpy() for one in views]), valid.labels)
