"""Train the two attribute judges: B in three minutes on two CPU cores that do nothing else.

    python -m mien_export train judges --minutes 3

A filters training pairs, B judges results. They have different architectures and learnt on different people:
the train identities are halved by CRC-32. A judge's decision thresholds are set on the other judge's half,
people it has never seen and on whom nothing is reported; its AUC is measured on the validation identities.
Belongs in judges/ in the cache: {a,b}.pt, and the table of AUCs and thresholds beside each.
"""

import json
import math
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from mien_export.data.augment import jittered_squares, varied_colours
from mien_export.data.crops import MARGIN, Crops, cache_folder, load_crops
from mien_export.data.packs import Row
from mien_export.networks.judge import RESIDUAL_SIDE, LinearJudge, ResidualJudge
from mien_export.quality.statistics import Floats, auc, balanced_threshold
from mien_export.recipes.loop import Average, Budget, autocast, pick_device

IMAGE_SIZE = 128
BATCH = 64

LINEAR_DECAY = 3e-3
"""Ridge of judge A on standardised features. A first guess, not yet chosen on held-out people."""

LINEAR_STEPS = 40

LEARNING_RATE = 2e-3
WEIGHT_DECAY = 0.05
WARM_UP = 0.1
"""Share of the time in which judge B's rate rises; then it falls as a cosine."""

EMA_DECAY = 0.99
"""About the last 100 of judge B's steps."""

RAREST_WEIGHT = 4.0
"""Most that a positive of a rare attribute counts over a negative."""

BLUR_SIGMA = 1.0
"""Pixels; each picture is mixed with its blurred copy by a random share, as soft phone photos would be."""

CALIBRATION_PICTURES = 3000
"""Pictures of the other half that thresholds are set on: some 300 of them have a mustache."""

REPORT_SECONDS = 60
REPORTED = ("Smiling", "Male", "Mustache", "Young", "Eyeglasses", "No_Beard")
NOT_ATTRIBUTES = ("file", "identity", "split")

JudgeName = Literal["a", "b"]
HALVES: dict[JudgeName, int] = {"a": 0, "b": 1}


@dataclass(frozen=True, eq=False)
class Judge:
    """A trained judge: its network, the names of its 40 logits in order, and a threshold for each."""

    name: JudgeName
    network: nn.Module
    attributes: list[str]
    thresholds: dict[str, float]
    auc: dict[str, float]
    """On the validation identities."""

    def __call__(self, squares: torch.Tensor) -> torch.Tensor:
        """Return (n, 40) logits of aligned squares (n, 3, 128, 128), RGB in 0..1."""
        return judged(self.network, squares)

    def scores(self, squares: torch.Tensor, attribute: str) -> Floats:
        """Return (n,) logits of one attribute; above `thresholds[attribute]` it reads as present."""
        return self(squares)[:, self.attributes.index(attribute)].double().numpy()


def half_of(identity: str) -> int:
    """Return the half, 0 or 1, that an identity belongs to (CRC-32 modulo 2)."""
    return zlib.crc32(identity.encode()) % 2


def half(crops: Crops, which: int) -> Crops:
    """Return the crops of one half of the identities."""
    return crops.at([i for i, row in enumerate(crops.rows) if half_of(row["identity"]) == which])


def attribute_names(row: Row) -> list[str]:
    """Return the 40 attributes in the order of the CSV."""
    return [name for name in row if name not in NOT_ATTRIBUTES]


def labels_of(rows: list[Row]) -> torch.Tensor:
    """Return (n, 40) labels, 0 or 1."""
    names = attribute_names(rows[0])
    return torch.tensor([[float(row[name]) for name in names] for row in rows])


def centre_squares(pixels: torch.Tensor) -> torch.Tensor:
    """Return (n, 3, 128, 128) in 0..1, the service's squares of widened crops (n, 144, 144, 3) uint8."""
    return jittered_squares(pixels, IMAGE_SIZE, MARGIN, jitter=False)


@torch.no_grad()
def judged(network: nn.Module, squares: torch.Tensor) -> torch.Tensor:
    """Return (n, 40) logits, computed batch by batch."""
    return torch.cat([network(batch) for batch in squares.split(BATCH)])


def crop_logits(network: nn.Module, crops: Crops) -> torch.Tensor:
    """Return (n, 40) logits of crops."""
    batches = torch.from_numpy(crops.pixels).split(BATCH)
    return torch.cat([judged(network, centre_squares(batch)) for batch in batches])


def positive_weights(labels: torch.Tensor) -> torch.Tensor:
    """Return (40,) weights of positives: the square root of negatives over positives, bounded."""
    share = labels.mean(dim=0).clamp(1e-3, 1 - 1e-3)
    return ((1 - share) / share).sqrt().clamp(1 / RAREST_WEIGHT, RAREST_WEIGHT)


def blurred(images: torch.Tensor) -> torch.Tensor:
    """Return images (n, 3, h, w), each mixed with its blurred copy by a random share."""
    axis = torch.arange(-2, 3, dtype=torch.float32, device=images.device)
    kernel = torch.softmax(-axis.square() / (2 * BLUR_SIGMA**2), dim=0)
    channels = images.shape[1]
    across = kernel.view(1, 1, 1, 5).repeat(channels, 1, 1, 1)
    down = across.transpose(2, 3)
    soft = F.conv2d(images, across, padding=(0, 2), groups=channels)
    soft = F.conv2d(soft, down, padding=(2, 0), groups=channels)
    return torch.lerp(images, soft, torch.rand(len(images), 1, 1, 1, device=images.device))


def train_linear(crops: Crops) -> LinearJudge:
    """Return judge A: logistic regression on frozen features, by L-BFGS."""
    network = LinearJudge().eval()
    with torch.no_grad():
        batches = torch.from_numpy(crops.pixels).split(BATCH)
        features = torch.cat([network.features(centre_squares(batch)) for batch in batches])
        deviation, mean = torch.std_mean(features, dim=0)
        network.norm.load_state_dict(
            {"running_mean": mean, "running_var": deviation**2, "num_batches_tracked": torch.tensor(1)}
        )
        standard = network.norm(features)
    labels = labels_of(crops.rows)
    weights = positive_weights(labels)
    linear = network.linear.parameters()
    optimizer = torch.optim.LBFGS(linear, max_iter=LINEAR_STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        error = F.binary_cross_entropy_with_logits(network.linear(standard), labels, pos_weight=weights) * 40
        total = error + LINEAR_DECAY * network.linear.weight.square().sum()
        total.backward()
        return total

    optimizer.step(loss)
    return network


def learning_rate(progress: float) -> float:
    """Return judge B's rate after a share `progress` of the time."""
    if progress < WARM_UP:
        return LEARNING_RATE * max(progress / WARM_UP, 0.01)
    return LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * min((progress - WARM_UP) / (1 - WARM_UP), 1.0)))


def train_residual(crops: Crops, minutes: float) -> ResidualJudge:
    """Return judge B, trained end to end for `minutes`."""
    device = pick_device()
    torch.manual_seed(0)
    pixels, labels = torch.from_numpy(crops.pixels).to(device), labels_of(crops.rows).to(device)
    weights = positive_weights(labels)
    network = ResidualJudge().to(device)
    nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    average = Average(network, EMA_DECAY)
    budget = Budget(minutes)
    reported, step, mean_loss = 0.0, 0, 0.0
    order = torch.empty(0, dtype=torch.long, device=device)
    while not budget.is_spent():
        if len(order) < BATCH:
            order = torch.randperm(len(pixels), device=device)
        chosen, order = order[:BATCH], order[BATCH:]
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(budget.progress())
        images = blurred(varied_colours(jittered_squares(pixels[chosen], RESIDUAL_SIDE, MARGIN)))
        with autocast(device):
            logits = network(images.contiguous(memory_format=torch.channels_last))
        loss = F.binary_cross_entropy_with_logits(logits, labels[chosen], pos_weight=weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        average.update(network)
        step += 1
        mean_loss += (loss.item() - mean_loss) * max(0.02, 1 / step)
        if budget.seconds_spent() - reported > REPORT_SECONDS:
            reported = budget.seconds_spent()
            print(f"{reported / 60:5.1f} min  step {step}  loss {mean_loss:.4f}", flush=True)
    print(f"judge B: {step} steps, {step * BATCH} images")
    return cast("ResidualJudge", average.model.cpu())


def aucs(network: nn.Module, crops: Crops) -> dict[str, float]:
    """Return the AUC of each attribute on `crops`."""
    logits, present = crop_logits(network, crops).double().numpy(), labels_of(crops.rows).numpy() > 0
    names = attribute_names(crops.rows[0])
    return {name: auc(logits[:, i], present[:, i]) for i, name in enumerate(names)}


def thresholds(network: nn.Module, crops: Crops) -> dict[str, float]:
    """Return for each attribute the logit that best separates `crops` (balanced accuracy).

    An attribute that all or none of `crops` have (the pack keeps no blurred pictures) has no threshold.
    """
    logits, present = crop_logits(network, crops).double().numpy(), labels_of(crops.rows).numpy() > 0
    names = attribute_names(crops.rows[0])
    return {
        names[i]: balanced_threshold(logits[:, i], present[:, i])
        for i in range(len(names))
        if 0 < present[:, i].sum() < len(present)
    }


def calibration_part(crops: Crops) -> Crops:
    """Return a random part of `crops`, the same each time."""
    return crops.at(np.random.default_rng(0).permutation(len(crops.rows))[:CALIBRATION_PICTURES].tolist())


def fit(name: JudgeName, people: Crops, minutes: float, folder: Path) -> Path:
    """Train one judge on its half of `people` (B for `minutes`) and return the file of its weights."""
    mine = half(people, HALVES[name])
    network = train_linear(mine) if name == "a" else train_residual(mine, minutes)
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), folder / f"{name}.pt")
    return folder / f"{name}.pt"


def measure(name: JudgeName, people: Crops, held_out: Crops, folder: Path) -> dict[str, float]:
    """Set a fitted judge's thresholds on the other half of `people` and return its AUCs on `held_out`.

    Both are written to the table beside the weights; without it a judge cannot be loaded.
    """
    network = load_network(name, folder)
    calibration = calibration_part(half(people, 1 - HALVES[name]))
    found = aucs(network, held_out)
    table = {
        "measured_on": f"{len(held_out.rows)} pictures of the validation identities",
        "thresholds_from": f"{len(calibration.rows)} pictures of the other judge's people",
        "attributes": attribute_names(held_out.rows[0]),
        "auc": {key: value for key, value in found.items() if not math.isnan(value)},
        "thresholds": thresholds(network, calibration),
    }
    (folder / f"{name}.json").write_text(json.dumps(table, indent=2))
    return found


def train(minutes: float, folder: Path) -> Path:
    """Train both judges (B for `minutes`), print their AUCs, and return `folder`."""
    everyone = load_crops("celeba", IMAGE_SIZE)
    people, held_out = everyone.where(split="train"), everyone.where(split="validation")
    for name in HALVES:
        started = time.monotonic()
        fit(name, people, minutes, folder)
        found = measure(name, people, held_out, folder)
        shown = "  ".join(f"{key} {found[key]:.3f}" for key in REPORTED)
        print(f"judge {name}: {(time.monotonic() - started) / 60:.1f} min  {shown}", flush=True)
    return folder


def load_network(name: JudgeName, folder: Path) -> nn.Module:
    """Return a fitted judge's network, frozen. Raises FileNotFoundError if it has not been fitted."""
    network = LinearJudge() if name == "a" else ResidualJudge()
    network.load_state_dict(torch.load(folder / f"{name}.pt", map_location="cpu", weights_only=True))
    return network.eval().requires_grad_(requires_grad=False)


def load_judge(name: JudgeName, folder: Path | None = None) -> Judge:
    """Return a trained and measured judge from `folder` (default judges/ in the cache).

    Raises FileNotFoundError if it has not been trained.
    """
    folder = folder or cache_folder() / "judges"
    table = json.loads((folder / f"{name}.json").read_text())
    return Judge(name, load_network(name, folder), table["attributes"], table["thresholds"], table["auc"])
