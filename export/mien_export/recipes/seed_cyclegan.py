"""Train the seed project's CycleGAN, the addiction preview's baseline: from young faces of UTKFace to older ones.

    python -m mien_export train seed_cyclegan --minutes 25

Resumes from runs/seed_cyclegan/checkpoint.pt where there is one. Writes a contact sheet beside it. It is measured by
`evaluate addiction_preview`, and not shipped. The project's own pictures of people are not to be had, and ought not to
be: older faces stand for what it wanted, wrinkles and dull skin.
"""

import itertools
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from mien_export.data.age_domains import AgeDomains
from mien_export.networks.cycle_gan import IMAGE_SIZE, Critic, Critics, CycleGan
from mien_export.quality.sheet import Labelled, write_sheet
from mien_export.recipes.loop import Average, Budget, Checkpoint, autocast, pick_device, placed, rate_share
from mien_service.faces.face import RgbImage

CYCLE_WEIGHT = 10.0
IDENTITY_WEIGHT = 5.0
"""The paper's: what is old already stays as it is, so that colours do."""

BETAS = (0.5, 0.999)

Losses = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Settings:
    """How it is trained; rates and batch are the paper's."""

    images: int = 1
    rate: float = 2e-4
    final_rate_share: float = 0.02
    warm_up_steps: int = 20
    average_decay: float = 0.995
    report_seconds: float = 240.0
    """Between checkpoints, each with its contact sheet."""


def train(minutes: float, folder: Path) -> Path:
    """Train for `minutes` (all sessions together) and return the checkpoint's path."""
    return CycleGanTrainer(AgeDomains.load(IMAGE_SIZE, pick_device()), folder).train(minutes)


class CycleGanTrainer:
    """Both generators in training with their critics, going on from their checkpoint if there is one."""

    def __init__(self, faces: AgeDomains, folder: Path, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.device = pick_device()
        self.folder = folder
        self.net = placed(CycleGan(), self.device)
        self.critics = placed(Critics(), self.device)
        self._faces = faces
        self._optimizer = torch.optim.Adam(self.net.parameters(), self.settings.rate, BETAS)
        self._critic_optimizer = torch.optim.Adam(self.critics.parameters(), self.settings.rate, BETAS)
        self.average = Average(self.net, self.settings.average_decay)
        others = {"critics": self.critics, "critic_optimizer": self._critic_optimizer}
        self.checkpoint = Checkpoint(folder / "checkpoint.pt", self.net, self._optimizer, self.average, **others)
        self._seconds = self.checkpoint.resume()

    def train(self, minutes: float) -> Path:
        """Train for `minutes` (all sessions together) and return the checkpoint's path.

        Raises FloatingPointError where the loss is no longer finite; the last checkpoint is kept.
        """
        budget = Budget(minutes, spent=self._seconds)
        torch.manual_seed(self.checkpoint.step)
        reported = time.monotonic()
        running: dict[str, float] = {}
        while not budget.is_spent():
            for name, value in self.step(budget.progress()).items():
                running[name] = 0.98 * running.get(name, value.item()) + 0.02 * value.item()
            if time.monotonic() - reported > self.settings.report_seconds or budget.is_spent():
                reported = time.monotonic()
                self._seconds = budget.seconds_spent()
                self.save()
                shown = "  ".join(f"{name} {value:.4f}" for name, value in running.items())
                print(f"{self._seconds / 60:6.1f} min  step {self.checkpoint.step}  {shown}", flush=True)
        return self.checkpoint.path

    def save(self) -> None:
        """Write the checkpoint and the contact sheet."""
        self.checkpoint.save(self._seconds)
        net = self.average.model
        assert isinstance(net, CycleGan)
        write_sheet(sheet_rows(net, self._faces.shown()), self.folder / "sheet.png")

    def step(self, progress: float) -> Losses:
        """Train on one batch, a share `progress` of the budget being spent, and return the loss terms, detached.

        Raises FloatingPointError where the loss is not finite.
        """
        self._set_rates(progress)
        young, old = self._faces.batch(self.settings.images)
        self.critics.requires_grad_(requires_grad=False)
        with autocast(self.device):
            made_old, made_young, terms = self._generated(young, old)
        self._descend(self._optimizer, terms)
        self.critics.requires_grad_(requires_grad=True)
        with autocast(self.device):
            critic = critic_loss(self.critics.older, old, made_old)
            critic = critic + critic_loss(self.critics.younger, young, made_young)
        self._descend(self._critic_optimizer, {"critic": critic})
        self.average.update(self.net)
        self.checkpoint.step += 1
        return {name: value.detach() for name, value in (terms | {"critic": critic}).items()}

    def _generated(self, young: torch.Tensor, old: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, Losses]:
        """Return young faces made old, old faces made young, both without gradients, and the generators' losses."""
        older, younger = self.net.older, self.net.younger
        made_old, made_young = older(young), younger(old)
        back = F.l1_loss(younger(made_old), young) + F.l1_loss(older(made_young), old)
        same = F.l1_loss(older(old), old) + F.l1_loss(younger(young), young)
        believed = real_loss(self.critics.older(made_old)) + real_loss(self.critics.younger(made_young))
        terms = {"adversarial": believed, "cycle": CYCLE_WEIGHT * back, "identity": IDENTITY_WEIGHT * same}
        return made_old.detach(), made_young.detach(), terms

    def _descend(self, optimizer: torch.optim.Optimizer, terms: Losses) -> None:
        total = torch.stack(list(terms.values())).sum()
        if not torch.isfinite(total):
            raise FloatingPointError(f"the loss is {total.item()} after step {self.checkpoint.step}")
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        optimizer.step()

    def _set_rates(self, progress: float) -> None:
        settings = self.settings
        share = rate_share(self.checkpoint.step, progress, settings.warm_up_steps, settings.final_rate_share)
        for group in itertools.chain(self._optimizer.param_groups, self._critic_optimizer.param_groups):
            group["lr"] = settings.rate * share


def critic_loss(critic: Critic, real: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
    """Return how far a critic is from scoring real patches 1 and made ones 0 (Mao et al. 2017, least squares GAN)."""
    return (real_loss(critic(real)) + critic(made).float().square().mean()) / 2


def real_loss(scores: torch.Tensor) -> torch.Tensor:
    """Return the mean squared distance of patch scores from 1, which is real."""
    return (scores.float() - 1).square().mean()


@torch.no_grad()
def sheet_rows(net: CycleGan, young: torch.Tensor) -> list[list[Labelled]]:
    """Return a row for each young face (n, 3, s, s) in 0..1: itself, made older, and back again."""
    older = net.older(young)
    pictures = {"young": young, "older": older, "back": net.younger(older)}
    return [[(name, _pixels(images[i])) for name, images in pictures.items()] for i in range(len(young))]


def _pixels(image: torch.Tensor) -> RgbImage:
    levels = (image.float().clamp(0, 1) * 255).round().permute(1, 2, 0)
    return np.ascontiguousarray(levels.to(torch.uint8).cpu().numpy())
