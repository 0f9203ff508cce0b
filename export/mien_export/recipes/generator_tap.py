"""Fit the generator's tap at 256 pixels to its full pictures: four minutes, of which half renders them.

    python -m mien_export train generator_tap --minutes 2

Writes export/mien_export/teachers/generator_tap.npz, some 30 KB, which is committed.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from mien_export.recipes.loop import Budget, rate_share
from mien_export.teachers.generator import TAP, Synthesis, load_synthesis
from mien_export.teachers.people import styles_of

PEOPLE, HELD_OUT = 120, 20
WINDOWS, SIDE = 4, 64
"""Windows of each picture, and their side in pixels: all pictures would not fit."""

BATCH = 8
RIM = 3
"""Pixels at a window's edge that see what is not in it."""

LEARNING_RATE = 2e-3


def train(minutes: float, folder: Path, people: int = PEOPLE) -> Path:
    """Fit for `minutes`, write the tap's weights into `folder`, and return the file."""
    generator = load_synthesis()
    styles, lows, pictures = windows(generator, people)
    held_out = WINDOWS * max(people * HELD_OUT // PEOPLE, 1)
    tap = generator.tap
    weights = list(tap.weights.values())
    for weight in weights:
        weight.requires_grad_(requires_grad=True)
    optimizer = torch.optim.Adam(weights, LEARNING_RATE)
    before = fidelity(generator, styles[-held_out:], lows[-held_out:], pictures[-held_out:])
    budget, step = Budget(minutes), 0
    random = torch.Generator().manual_seed(0)
    while not budget.is_spent():
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * rate_share(step, budget.progress(), 1, 0.01)
        chosen = torch.randint(len(lows) - held_out, (BATCH,), generator=random)
        difference = inner(tap(lows[chosen], styles[chosen]) - pictures[chosen])
        optimizer.zero_grad()
        difference.abs().mean().backward()
        optimizer.step()
        step += 1
    after = fidelity(generator, styles[-held_out:], lows[-held_out:], pictures[-held_out:])
    print(f"tap: {step} steps, {before:.1f} dB before, {after:.1f} after on {held_out // WINDOWS} other people")
    file = folder / TAP.name
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(file, allow_pickle=False, **{name: weight.detach().numpy() for name, weight in tap.weights.items()})
    return file


@torch.no_grad()
def windows(generator: Synthesis, people: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return styles (n, 23, 512), low bands (n, 32, s, s) and pictures (n, 3, s, s) of random windows."""
    random = np.random.default_rng(0)
    styles, lows, pictures = [], [], []
    for i in range(people):
        style = styles_of([i])
        low, picture = generator.lows(style), F.avg_pool2d(generator(style, 512), 2)
        for top, left in random.integers(0, low.shape[-1] - SIDE + 1, (WINDOWS, 2)):
            place = (..., slice(top, top + SIDE), slice(left, left + SIDE))
            styles.append(style)
            lows.append(low[place].clone())
            pictures.append(picture[place].clone())
    return torch.cat(styles), torch.cat(lows), torch.cat(pictures)


@torch.no_grad()
def fidelity(generator: Synthesis, styles: torch.Tensor, lows: torch.Tensor, pictures: torch.Tensor) -> float:
    """Return the PSNR in dB of the tap's windows against the full ones (range -1..1)."""
    errors = [
        inner(generator.tap(low, style) - picture).square().mean()
        for style, low, picture in zip(styles.split(BATCH), lows.split(BATCH), pictures.split(BATCH), strict=True)
    ]
    return float(-10 * torch.log10(torch.stack(errors).mean() / 4))


def inner(window: torch.Tensor) -> torch.Tensor:
    """Return a window without its rim."""
    return window[..., RIM:-RIM, RIM:-RIM]
