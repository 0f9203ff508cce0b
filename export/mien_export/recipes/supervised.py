"""The loop of recipes that minimise one sum of loss terms: budget, schedule, average, checkpoints, contact sheets."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from mien_export.recipes.loop import Average, Budget, Checkpoint, rate_share, recalibrate

Terms = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Schedule:
    """Learning rate (warm-up by steps, then a cosine over the time budget), clipping, average, time between reports."""

    learning_rate: float = 2e-3
    final_learning_rate: float = 1e-5
    warm_up_steps: int = 200
    weight_decay: float = 1e-4
    clip_norm: float = 1.0
    ema_decay: float = 0.999
    report_seconds: float = 180.0

    def rate(self, step: int, progress: float) -> float:
        """Return the learning rate after `step` steps and a share `progress` of the time."""
        final_share = self.final_learning_rate / self.learning_rate
        return self.learning_rate * rate_share(step, progress, self.warm_up_steps, final_share)


@dataclass(frozen=True, eq=False)
class Recipe:
    """What a recipe gives the loop.

    terms: the weighted loss terms of a new batch, for the model being trained.
    calibration: inputs on which the average's normalisation statistics are measured before each checkpoint.
    sheet: writes a contact sheet of the averaged model to a file.
    at: told before every step which share of the budget is spent, 0..1.
    """

    terms: Callable[[], Terms]
    calibration: Callable[[], Iterable[torch.Tensor]]
    sheet: Callable[[nn.Module, Path], None]
    at: Callable[[float], None] = lambda _: None


def train_supervised(model: nn.Module, recipe: Recipe, minutes: float, folder: Path, schedule: Schedule) -> Path:
    """Train `model` for `minutes` (all sessions together) and return the checkpoint's path.

    Raises FloatingPointError where the loss is no longer finite; the last checkpoint is kept.
    """
    decay = schedule.weight_decay
    optimizer = torch.optim.AdamW(model.parameters(), lr=schedule.learning_rate, weight_decay=decay, betas=(0.9, 0.99))
    average = Average(model, schedule.ema_decay)
    checkpoint = Checkpoint(folder / "checkpoint.pt", model, optimizer, average)
    budget = Budget(minutes, spent=checkpoint.resume())
    torch.manual_seed(checkpoint.step)
    report = _Report(schedule.report_seconds)
    is_spent = budget.is_spent()
    while not is_spent:
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(checkpoint.step, budget.progress())
        recipe.at(budget.progress())
        terms = recipe.terms()
        total = torch.stack(list(terms.values())).sum()
        if not torch.isfinite(total):
            raise FloatingPointError(f"the loss is {total.item()} at step {checkpoint.step}: the checkpoint is kept")
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), schedule.clip_norm)
        optimizer.step()
        average.update(model)
        checkpoint.step += 1
        report.add(terms)
        is_spent = budget.is_spent()
        if report.is_due() or is_spent:
            recalibrate(average.model, recipe.calibration())
            checkpoint.save(budget.seconds_spent())
            recipe.sheet(average.model, folder / "sheet.png")
            report.show(budget.seconds_spent(), checkpoint.step)
    return checkpoint.path


class _Report:
    """Running means of the loss terms, shown every so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._shown = time.monotonic()
        self._means: dict[str, float] = {}

    def add(self, terms: Terms) -> None:
        for name, term in terms.items():
            value = term.item()
            self._means[name] = 0.99 * self._means.get(name, value) + 0.01 * value

    def is_due(self) -> bool:
        return time.monotonic() - self._shown > self._seconds

    def show(self, seconds: float, step: int) -> None:
        self._shown = time.monotonic()
        terms = "  ".join(f"{name} {value:.4f}" for name, value in self._means.items())
        print(f"{seconds / 60:6.1f} min  step {step}  {terms}", flush=True)
