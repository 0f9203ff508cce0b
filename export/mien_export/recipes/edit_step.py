"""Training an EditNet, the same for every edit: pairs in, a network that makes one from the other out.

A recipe brings a source of pairs, the weights of the losses and a network; see docs/training-an-edit.md.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from mien_export.data.edit_pairs import Batch, within
from mien_export.networks.edit_net import FieldNet, Fields
from mien_export.networks.patch_discriminator import PatchDiscriminator, discriminator_loss, generator_loss
from mien_export.quality.sheet import Labelled, write_sheet
from mien_export.recipes.edit_compose import composed
from mien_export.recipes.edit_losses import EditLosses, Losses
from mien_export.recipes.loop import (
    Average,
    Budget,
    Checkpoint,
    autocast,
    load_shipped,
    pick_device,
    placed,
    rate_share,
)
from mien_service.faces.face import RgbImage


class PairSource(Protocol):
    """Where a recipe's pairs come from, on the device that trains."""

    def batch(self, images: int, side: int) -> Batch:
        """Return `images` randomly chosen and varied faces of side `side`."""
        ...

    def shown(self, side: int) -> Batch:
        """Return the few faces of the contact sheet, the same each time, none of them trained on."""
        ...


@dataclass(frozen=True)
class Stage:
    """A part of the training: the side of its pictures, how many make a batch, and when it ends."""

    side: int
    images: int
    until: float
    """Share of the time budget."""

    finer: int = 1
    """How many times larger the faces are than what the network sees of them. From 2 up it learns what becomes of
    detail that it cannot see: closed lips are painted over the edges of teeth."""


@dataclass(frozen=True)
class EditSettings:
    """How an EditNet is trained."""

    stages: tuple[Stage, ...] = (Stage(128, 16, 0.7), Stage(256, 8, 1.0))
    """Most is learned at a quarter of the price; the last part sees what is served."""

    rate: float = 1e-3
    final_rate: float = 1e-5
    warm_up_steps: int = 100

    confined: bool = False
    """Whether the service confines the edit to the region. Then training does too, and outside nothing is learned."""

    discriminator_rate: float = 4e-4
    discriminator_from: float = 0.15
    """Share of the budget after which the adversarial term starts: before, it would judge noise."""

    largest_gradient: float = 1.0
    """Norm that a step's gradient is cut to."""

    skipped_steps: int = 20
    """Steps in a row that may be skipped, their loss or gradient not being finite."""

    average_decay: float = 0.999
    report_seconds: float = 240.0
    """Between checkpoints, each with its contact sheet."""

    def stage_at(self, progress: float) -> Stage:
        """Return the stage after a share `progress` of the budget."""
        return next((stage for stage in self.stages if progress < stage.until), self.stages[-1])

    def rate_at(self, step: int, progress: float) -> float:
        """Return the share of the full rates: a warm-up, then a cosine."""
        return rate_share(step, progress, self.warm_up_steps, self.final_rate / self.rate)


class EditTrainer:
    """An EditNet in training, with its discriminator if it has one, going on from its checkpoint if there is one."""

    def __init__(
        self,
        net: FieldNet,
        pairs: PairSource,
        losses: EditLosses,
        folder: Path,
        discriminator: PatchDiscriminator | None = None,
        settings: EditSettings | None = None,
        start: Path | None = None,
    ) -> None:
        """Without a checkpoint in `folder`, the weights of `start` (a shipped ONNX file), if given, are taken up."""
        self.settings = settings or EditSettings()
        self.device = pick_device()
        self.folder = folder
        self.net = placed(net, self.device)
        self.discriminator = None if discriminator is None else placed(discriminator, self.device)
        self.skipped = 0
        """Steps that were skipped in this session."""
        self._skipped_in_a_row = 0
        self._pairs = pairs
        self._losses = losses
        self._optimizer = torch.optim.AdamW(net.parameters(), betas=(0.9, 0.99), weight_decay=1e-4)
        others: dict[str, nn.Module | torch.optim.Optimizer] = {}
        if discriminator is not None:
            self._critic_optimizer = torch.optim.Adam(discriminator.parameters(), betas=(0.5, 0.99))
            others = {"discriminator": discriminator, "discriminator_optimizer": self._critic_optimizer}
        if start is not None:
            load_shipped(self.net, start)
        self.average = Average(self.net, self.settings.average_decay)
        self.checkpoint = Checkpoint(folder / "checkpoint.pt", self.net, self._optimizer, self.average, **others)
        self._seconds = self.checkpoint.resume()

    def train(self, minutes: float) -> Path:
        """Train for `minutes` (all sessions together) and return the checkpoint's path.

        Raises FloatingPointError when too many steps in a row had to be skipped; the last checkpoint is kept.
        """
        budget = Budget(minutes, spent=self._seconds)
        torch.manual_seed(self.checkpoint.step)
        reported = time.monotonic()
        running: Losses = {}
        while not budget.is_spent():
            for name, value in self.step(budget.progress()).items():
                running[name] = 0.98 * running.get(name, value) + 0.02 * value
            if time.monotonic() - reported > self.settings.report_seconds or budget.is_spent():
                reported = time.monotonic()
                self._seconds = budget.seconds_spent()
                self.save()
                shown = "  ".join(f"{name} {value.item():.4f}" for name, value in running.items())
                skipped = f"  skipped {self.skipped}" if self.skipped else ""
                print(f"{self._seconds / 60:6.1f} min  step {self.checkpoint.step}  {shown}{skipped}", flush=True)
        return self.checkpoint.path

    def save(self) -> None:
        """Write the checkpoint and the contact sheet."""
        self.checkpoint.save(self._seconds)
        side = self.settings.stages[-1].side
        batch = self._pairs.shown(side)
        with torch.no_grad():
            fields = self._answer(self.average.model, batch)
        write_sheet(sheet_rows(fields, batch), self.folder / "sheet.png")

    def step(self, progress: float) -> Losses:
        """Train on one batch, a share `progress` of the budget being spent, and return the loss terms, detached.

        A step whose loss or gradient is not finite changes nothing and returns no terms.
        """
        stage = self.settings.stage_at(progress)
        self._set_rates(progress)
        batch = self._pairs.batch(stage.images, stage.side * stage.finer)
        with autocast(self.device):
            fields = self._answer(self.net, batch, stage.finer)
        output = composed(batch.source, fields)
        with autocast(self.device):
            terms = self._losses.terms(output, fields, batch)
        if self.discriminator is not None and progress >= self.settings.discriminator_from:
            terms |= self._adversarial(self.discriminator, output, batch)
        total = torch.stack([value for name, value in terms.items() if name != "discriminator"]).sum()
        if not self._descend(self._optimizer, self.net, total):
            self._skip()
            return {}
        self._skipped_in_a_row = 0
        self.average.update(self.net)
        self.checkpoint.step += 1
        return {name: value.detach() for name, value in terms.items()}

    def _answer(self, net: nn.Module, batch: Batch, finer: int = 1) -> Fields:
        fields = answer(net, batch, finer)
        return fields.confined(batch.region) if self.settings.confined else fields

    def _adversarial(self, critic: PatchDiscriminator, output: torch.Tensor, batch: Batch) -> Losses:
        """Teach the discriminator, then return what it says of the output, and its own loss to be shown."""
        condition = batch.condition if critic.project is not None else None
        looked_at = batch.looked_at()
        cut = self._losses.windows(looked_at).cut
        made, region = cut(within(output, batch.source, looked_at)), cut(looked_at)
        critic.requires_grad_(requires_grad=True)
        with autocast(self.device):
            real_scores = critic(cut(batch.real), region, condition)
            made_scores = critic(made.detach(), region, condition)
        loss = discriminator_loss(real_scores, made_scores, region)
        self._descend(self._critic_optimizer, critic, loss)
        critic.requires_grad_(requires_grad=False)
        # A context of its own: mixed precision keeps the weights that it has cast once.
        with autocast(self.device):
            opinion = generator_loss(critic(made, region, condition), region)
        return {"adversarial": self._losses.weights.adversarial * opinion, "discriminator": loss.detach()}

    def _descend(self, optimizer: torch.optim.Optimizer, module: nn.Module, loss: torch.Tensor) -> bool:
        """Take one step down, unless loss or gradient is not finite; return whether it was taken."""
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(module.parameters(), self.settings.largest_gradient)
        if not torch.isfinite(norm + loss.detach()):
            return False
        optimizer.step()
        return True

    def _skip(self) -> None:
        self.skipped += 1
        self._skipped_in_a_row += 1
        if self._skipped_in_a_row > self.settings.skipped_steps:
            raise FloatingPointError(
                f"{self._skipped_in_a_row} steps in a row had no finite loss after step {self.checkpoint.step}"
            )

    def _set_rates(self, progress: float) -> None:
        share = self.settings.rate_at(self.checkpoint.step, progress)
        for group in self._optimizer.param_groups:
            group["lr"] = self.settings.rate * share
        if self.discriminator is not None:
            for group in self._critic_optimizer.param_groups:
                group["lr"] = self.settings.discriminator_rate * share


def answer(net: nn.Module, batch: Batch, finer: int = 1) -> Fields:
    """Return the fields that `net` gives for a batch, of which it sees a reduction `finer` times smaller."""
    assert isinstance(net, FieldNet)
    image = F.avg_pool2d(torch.cat([batch.source, batch.extra], dim=1), finer)
    image = image.contiguous(memory_format=torch.channels_last)
    return net.fields(image, batch.condition if net.condition_size else None).enlarged(finer)


def sheet_rows(fields: Fields, batch: Batch) -> list[list[Labelled]]:
    """Return a row for each face of the batch: source, output, target, and alpha (white: changed)."""
    pictures = {
        "source": batch.source,
        "output": composed(batch.source, fields),
        "target": batch.wanted(),
        "alpha": fields.alpha.expand(-1, 3, -1, -1),
    }
    if fields.paint is not None:
        pictures["paint"] = fields.paint[:, :3] * fields.paint[:, 3:]
    return [[(name, _pixels(images[i])) for name, images in pictures.items()] for i in range(len(batch.source))]


def _pixels(image: torch.Tensor) -> RgbImage:
    levels = (image.clamp(0, 1) * 255).round().permute(1, 2, 0)
    return np.ascontiguousarray(levels.to(torch.uint8).cpu().numpy())
