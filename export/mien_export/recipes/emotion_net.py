"""Train a network of expressions on FER2013: about an hour on two cores.

    python -m mien_export train emotion_net --minutes 70
    python -m mien_export train mini_xception --minutes 5

The second is the seed project's network, a baseline, by the same recipe. Resumes from runs/NAME/checkpoint.pt where
there is one; the first else goes on from the shipped weights. Every report tells the accuracy on `valid`, and writes a
contact sheet beside the checkpoint.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from mien_export.data.expression_batches import VIEW, plain_views, varied_views
from mien_export.data.expressions import Expressions, load_expressions, soft_labels, training_faces
from mien_export.networks.emotion_net import SIDE, EmotionNet, ExpressionNet, ServedEmotionNet
from mien_export.networks.mini_xception import MiniXception
from mien_export.recipes.loop import load_shipped, pick_device, placed
from mien_export.recipes.supervised import Recipe, Schedule, Terms, train_supervised
from mien_service.faces.expression import EXPRESSIONS, INPUT_SIDE

NETWORKS: dict[str, Callable[[], ExpressionNet]] = {
    "emotion_net": lambda: EmotionNet(len(EXPRESSIONS)),
    "mini_xception": lambda: MiniXception(len(EXPRESSIONS)),
}

SHIPPED = {"emotion_net": Path("weights/emotion_net.onnx")}
"""Where training goes on from, if it is there."""

BATCH = 96

OPINION = 0.3
"""Share of the target that the votes make up: a label is one person's word, and wrong one time in three."""

SCHEDULE = Schedule(learning_rate=1e-3, weight_decay=0.05, ema_decay=0.998, report_seconds=180.0)

FIRST_SIDE, FIRST_SHARE = 64, 0.4
"""Pixels of the faces' side that EmotionNet learns with for so much of the time: twice as fast as its own."""

CALIBRATION_BATCHES = 25
READ_AT_ONCE = 256

PER_ROW = 16
"""Faces in a row of the contact sheet: rows are full."""

assert BATCH % PER_ROW == 0


class ExpressionBatches:
    """Training faces on the device, in a new order each round."""

    def __init__(self, faces: Expressions, device: torch.device) -> None:
        self._pictures = torch.from_numpy(faces.pixels).to(device)
        self._targets = torch.from_numpy(soft_labels(faces, OPINION)).to(device)
        self._order = torch.empty(0, dtype=torch.long, device=device)

    def batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return faces (BATCH, 1, 44, 44) in 0..1, varied, and what to train towards, (BATCH, 7)."""
        if len(self._order) < BATCH:
            self._order = torch.randperm(len(self._pictures), device=self._pictures.device)
        chosen, self._order = self._order[:BATCH], self._order[BATCH:]
        views = varied_views(self._pictures[chosen], INPUT_SIDE)
        return views.contiguous(memory_format=torch.channels_last), self._targets[chosen]

    def plain(self) -> torch.Tensor:
        """Return faces (BATCH, 1, 44, 44) in 0..1 as the service shows them."""
        chosen = torch.randint(len(self._pictures), (BATCH,), device=self._pictures.device)
        return plain_views(self._pictures[chosen], INPUT_SIDE)


def train(name: str, minutes: float, folder: Path) -> Path:
    """Train the network called `name` for `minutes` (all sessions together) and return the checkpoint's path."""
    device = pick_device()
    everything = load_expressions()
    batches = ExpressionBatches(training_faces(everything), device)
    valid = everything.split("valid")
    model = NETWORKS[name]()
    if name in SHIPPED and SHIPPED[name].exists():
        load_shipped(ServedEmotionNet(model, 1.0), SHIPPED[name])
    model = placed(model, device)

    def terms() -> Terms:
        faces, targets = batches.batch()
        return {"entropy": F.cross_entropy(model(faces), targets)}

    def at(progress: float) -> None:
        if isinstance(model, EmotionNet):
            model.side = FIRST_SIDE if progress < FIRST_SHARE else SIDE

    def calibration() -> Iterator[torch.Tensor]:
        return (batches.plain() for _ in range(CALIBRATION_BATCHES))

    def report(average: torch.nn.Module, file: Path) -> None:
        logits = read_expressions(average, valid)
        right = (logits.argmax(dim=1).numpy() == valid.labels).mean()
        print(f"            valid accuracy {right:.4f} of {len(valid.labels)}, one view", flush=True)
        write_sheet(batches.batch()[0], file)

    return train_supervised(model, Recipe(terms, calibration, report, at), minutes, folder, SCHEDULE)


@torch.no_grad()
def read_expressions(
    model: torch.nn.Module, faces: Expressions, view: float = VIEW, mirrored: bool = False
) -> torch.Tensor:
    """Return (n, 7) what `model` gives for a view of each face, on the CPU."""
    device = next(model.parameters()).device
    parts: list[torch.Tensor] = []
    for pictures in torch.from_numpy(faces.pixels).split(READ_AT_ONCE):
        views = plain_views(pictures.to(device), INPUT_SIDE, view)
        parts.append(model(views.flip(3) if mirrored else views).float().cpu())
    return torch.cat(parts)


def write_sheet(views: torch.Tensor, file: Path) -> None:
    """Write training faces (n, 1, 44, 44), n a multiple of PER_ROW, as the network sees them as one PNG."""
    rows = views.cpu().view(-1, PER_ROW, INPUT_SIDE, INPUT_SIDE)
    grid = rows.permute(0, 2, 1, 3).reshape(-1, PER_ROW * INPUT_SIDE)
    cv2.imwrite(str(file), np.asarray(grid.numpy() * 255, np.uint8))
