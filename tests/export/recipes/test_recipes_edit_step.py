from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import pytest
import torch

from mien_export.data.edit_pairs import Batch, pairs_batch
from mien_export.networks.edit_net import EditNet
from mien_export.networks.patch_discriminator import PatchDiscriminator
from mien_export.recipes.edit_export import export_edit
from mien_export.recipes.edit_losses import EditLosses, LossWeights
from mien_export.recipes.edit_step import EditSettings, EditTrainer, Stage, answer, sheet_rows
from mien_export.recipes.loop import WrongWeights

NARROW = (8, 16, 16, 24)
SMALL, LARGE = 32, 64
SETTINGS = EditSettings(
    stages=(Stage(SMALL, 3, 0.5), Stage(LARGE, 2, 1.0)), warm_up_steps=2, discriminator_from=0.2, skipped_steps=2
)
LOSSES = EditLosses(LossWeights(perceptual=0.0, adversarial=0.1))

# torch 2.x's exporter asks its own deprecated question while it copies tree specs, and notes that the second input's
# batch has the name of the first one's: that is what is meant.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning",
    "ignore:# The axis name. batch will not be used:UserWarning",
)


@dataclass
class _Pairs:
    """Noise whose middle is to become brighter by as much as the condition says; spoiled batches hold a NaN."""

    spoiled: int = 0
    hard: bool = False
    """Whether the region is the middle, without a rim."""

    def batch(self, images: int, side: int) -> Batch:
        made = self._made(torch.rand(images, 3, side, side), torch.rand(images, 1))
        if self.spoiled:
            self.spoiled -= 1
            made.source[0, 0, 0, 0] = torch.nan
        return made

    def shown(self, side: int) -> Batch:
        generator = torch.Generator().manual_seed(0)
        return self._made(torch.rand(2, 3, side, side, generator=generator), torch.ones(2, 1))

    def _made(self, source: torch.Tensor, strength: torch.Tensor) -> Batch:
        side = source.shape[-1]
        source = 0.2 + 0.3 * source
        middle = slice(side // 4, side // 2)
        target = source.clone()
        target[:, :, middle, middle] += 0.3 * strength[:, :, None, None]
        region = (target != source).any(dim=1, keepdim=True).float() if self.hard else None
        return pairs_batch(source, target, condition=strength, region=region)


def trainer(folder: Path, pairs: _Pairs | None = None, critic: bool = True, **options: Any) -> EditTrainer:
    discriminator = PatchDiscriminator(1, (8, 8, 8)) if critic else None
    settings, losses = options.pop("settings", SETTINGS), options.pop("losses", LOSSES)
    return EditTrainer(
        EditNet(1, 0, NARROW), pairs or _Pairs(), losses, folder, discriminator, settings=settings, **options
    )


def state(training: EditTrainer) -> dict[str, torch.Tensor]:
    critic = training.discriminator
    parts = {"net": training.net, "average": training.average.model} | ({"critic": critic} if critic else {})
    return {f"{part}.{name}": value.clone() for part, one in parts.items() for name, value in one.state_dict().items()}


def moved(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> dict[str, float]:
    return {name: float((after[name] - before[name]).abs().max()) for name in before}


def test_a_step_trains_network_average_and_discriminator(tmp_path: Path) -> None:
    training = trainer(tmp_path)
    before = state(training)
    for _ in range(3):
        terms = training.step(0.3)
    assert training.checkpoint.step == 3
    assert {"changed", "unchanged", "adversarial", "discriminator"} <= terms.keys()
    assert not any(value.requires_grad for value in terms.values())
    distances = moved(before, state(training))
    for part in ("net", "average", "critic"):
        assert max(distance for name, distance in distances.items() if name.startswith(part)) > 0
    critic = training.discriminator
    assert critic is not None


def test_the_discriminator_waits_for_something_to_judge(tmp_path: Path) -> None:
    training = trainer(tmp_path)
    before = state(training)
    assert "adversarial" not in training.step(0.19)
    distances = moved(before, state(training))
    assert all(distance == 0 for name, distance in distances.items() if name.startswith("critic"))
    assert "adversarial" in training.step(0.2)


def test_the_loss_falls(tmp_path: Path) -> None:
    settings = replace(SETTINGS, stages=(Stage(SMALL, 4, 1.0),), rate=5e-3)
    training = trainer(tmp_path, settings=settings)
    found = [training.step(i / 60)["changed"].item() for i in range(60)]
    assert sum(found[-5:]) < 0.6 * sum(found[:5])


def test_without_a_discriminator_there_is_no_adversarial_term(tmp_path: Path) -> None:
    training = trainer(tmp_path, critic=False)
    assert "adversarial" not in training.step(0.9)


def test_the_first_stage_is_small_and_the_last_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = _Pairs()
    asked: list[tuple[int, int]] = []
    plain = pairs.batch
    monkeypatch.setattr(pairs, "batch", lambda images, side: asked.append((images, side)) or plain(images, side))
    training = trainer(tmp_path, pairs)
    for progress in (0.0, 0.49, 0.5, 0.99, 1.2):
        training.step(progress)
    assert asked == [(3, SMALL)] * 2 + [(2, LARGE)] * 3


class _Hidden(_Pairs):
    """Faces of stripes as fine as their pixels, which a reduction by two does not show; the target has none."""

    def _made(self, source: torch.Tensor, strength: torch.Tensor) -> Batch:
        stripes = 0.2 * (torch.arange(source.shape[-1]) % 2 - 0.5)
        smooth = torch.full_like(source, 0.5)
        return pairs_batch(smooth + stripes, smooth, condition=strength, region=torch.ones_like(source[:, :1]))


@pytest.mark.slow
def test_detail_that_is_not_seen_is_painted_over_where_it_has_to_go(tmp_path: Path) -> None:
    mattes: list[float] = []
    for finer in (1, 2):
        settings = replace(SETTINGS, stages=(Stage(SMALL, 4, 1.0, finer),), rate=2e-2, confined=True)
        net = EditNet(1, 0, NARROW, paint=True, gated=False)
        losses = EditLosses(LossWeights(perceptual=0.0, paint=0.01))
        training = EditTrainer(net, _Hidden(), losses, tmp_path / str(finer), settings=settings)
        for i in range(150):
            training.step(i / 150)
        with torch.no_grad():
            paint = answer(net, _Hidden().shown(LARGE), finer=2).paint
        assert paint is not None
        assert paint.shape == (2, 4, LARGE, LARGE)
        mattes.append(float(paint[:, 3].mean()))
    assert mattes[1] > 0.5
    assert mattes[1] > 3 * mattes[0]


def test_the_rate_warms_up_then_falls() -> None:
    settings = EditSettings(rate=1e-3, final_rate=1e-5, warm_up_steps=100)
    rates = [settings.rate_at(1000, progress) for progress in (0, 0.25, 0.5, 0.75, 1, 1.5)]
    assert rates[0] == 1
    assert rates == sorted(rates, reverse=True)
    assert rates[-2:] == pytest.approx([0.01, 0.01])
    assert [settings.rate_at(step, 0) for step in (0, 49, 99)] == pytest.approx([0.01, 0.5, 1])


def test_a_step_that_is_not_finite_changes_nothing(tmp_path: Path) -> None:
    training = trainer(tmp_path, _Pairs(spoiled=1))
    before = state(training)
    assert training.step(0.1) == {}
    assert (training.skipped, training.checkpoint.step) == (1, 0)
    assert max(moved(before, state(training)).values()) == 0
    assert training.step(0.1)
    assert (training.skipped, training.checkpoint.step) == (1, 1)
    assert all(value.isfinite().all() for value in state(training).values())


def test_a_spoiled_batch_does_not_reach_the_discriminator(tmp_path: Path) -> None:
    training = trainer(tmp_path, _Pairs(spoiled=1))
    assert training.step(0.5) == {}
    training.step(0.5)
    assert all(value.isfinite().all() for value in state(training).values())


def test_too_many_such_steps_in_a_row_end_the_training(tmp_path: Path) -> None:
    training = trainer(tmp_path, _Pairs(spoiled=3))
    training.step(0.1)
    training.step(0.1)
    with pytest.raises(FloatingPointError, match="3 steps in a row"):
        training.step(0.1)


def test_a_few_now_and_then_do_not(tmp_path: Path) -> None:
    pairs = _Pairs()
    training = trainer(tmp_path, pairs)
    for _ in range(3):
        pairs.spoiled = 2
        for _ in range(3):
            training.step(0.1)
    assert (training.skipped, training.checkpoint.step) == (6, 3)


def steps(training: EditTrainer, count: int) -> None:
    """Take steps on batches that only their number says."""
    for _ in range(count):
        torch.manual_seed(training.checkpoint.step)
        training.step(0.6)


def test_a_resumed_training_goes_on_exactly(tmp_path: Path) -> None:
    unbroken = trainer(tmp_path / "one")
    steps(unbroken, 2)
    unbroken.save()
    steps(unbroken, 2)
    (tmp_path / "two").mkdir()
    saved = (tmp_path / "one" / "checkpoint.pt").read_bytes()
    (tmp_path / "two" / "checkpoint.pt").write_bytes(saved)
    resumed = trainer(tmp_path / "two")
    assert resumed.checkpoint.step == 2
    steps(resumed, 2)
    assert resumed.checkpoint.step == 4
    torch.testing.assert_close(state(resumed), state(unbroken), rtol=0, atol=0)


def test_a_discriminator_can_be_added_later(tmp_path: Path) -> None:
    alone = trainer(tmp_path, critic=False)
    steps(alone, 2)
    alone.save()
    joined = trainer(tmp_path)
    assert joined.checkpoint.step == 2
    torch.testing.assert_close(joined.net.state_dict(), alone.net.state_dict(), rtol=0, atol=0)
    assert "adversarial" in joined.step(0.6)


def test_training_goes_on_from_what_was_shipped(tmp_path: Path) -> None:
    first = trainer(tmp_path / "one")
    steps(first, 3)
    shipped = first.average.model
    assert isinstance(shipped, EditNet)
    export_edit(shipped, SMALL, tmp_path / "shipped.onnx")
    second = trainer(tmp_path / "two", start=tmp_path / "shipped.onnx")
    assert second.checkpoint.step == 0
    for network in (second.net, second.average.model):
        torch.testing.assert_close(network.state_dict(), shipped.state_dict(), rtol=1e-3, atol=1e-4)
    assert second.step(0.1)


def test_a_checkpoint_goes_before_what_was_shipped(tmp_path: Path) -> None:
    fresh = EditNet(1, 0, NARROW)
    export_edit(fresh, SMALL, tmp_path / "shipped.onnx")
    training = trainer(tmp_path / "run")
    steps(training, 3)
    training.save()
    resumed = trainer(tmp_path / "run", start=tmp_path / "shipped.onnx")
    torch.testing.assert_close(resumed.net.state_dict(), training.net.state_dict(), rtol=0, atol=0)


def test_another_networks_file_is_refused(tmp_path: Path) -> None:
    export_edit(EditNet(1, 2, NARROW), SMALL, tmp_path / "other.onnx")
    with pytest.raises(WrongWeights, match=r"other\.onnx lacks 1 of \d+ weights, among them stem\.0\.0\.weight"):
        trainer(tmp_path / "run", start=tmp_path / "other.onnx")


def test_the_sheet_shows_source_output_target_and_alpha(tmp_path: Path) -> None:
    training = trainer(tmp_path)
    steps(training, 1)
    training.save()
    shown = _Pairs().shown(LARGE)
    fields = answer(training.average.model, shown)
    rows = sheet_rows(fields, shown)
    assert [[name for name, _ in row] for row in rows] == [["source", "output", "target", "alpha"]] * 2
    pictures = dict(rows[1])
    assert pictures["source"][0, 0].tolist() == (shown.source[1, :, 0, 0] * 255).round().tolist()
    assert pictures["alpha"][5, 7].tolist() == [round(fields.alpha[1, 0, 5, 7].item() * 255)] * 3
    assert cv2.imread(str(tmp_path / "sheet.png")).shape[1] > 4 * LARGE


def test_a_confined_edit_learns_and_shows_nothing_outside_its_region(tmp_path: Path) -> None:
    everywhere = EditLosses(LossWeights(changed=0.0, unchanged=1.0, perceptual=0.0, alpha=1.0, alpha_smooth=0.0))
    found: dict[bool, dict[str, torch.Tensor]] = {}
    for confined in (False, True):
        settings = replace(SETTINGS, confined=confined)
        folder = tmp_path / str(confined)
        training = trainer(folder, _Pairs(hard=True), critic=False, settings=settings, losses=everywhere)
        for parameter in training.net.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
        found[confined] = training.step(0.1)
    assert all(float(found[False][name]) > 0 for name in ("unchanged", "alpha"))
    assert all(float(found[True][name]) == 0 for name in ("unchanged", "alpha"))


def test_training_lasts_as_long_as_it_may_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    training = trainer(tmp_path, settings=replace(SETTINGS, report_seconds=0.5))
    assert training.train(2 / 60) == tmp_path / "checkpoint.pt"
    seconds = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["seconds"]
    assert seconds >= 2
    assert (tmp_path / "sheet.png").exists()
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert "changed" in lines[-1]
    done = trainer(tmp_path)
    before = state(done)
    done.train(2 / 60)
    assert max(moved(before, state(done)).values()) == 0, "the budget is spent"
