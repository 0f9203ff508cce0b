import itertools
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mien_export.recipes import loop, supervised
from mien_export.recipes.supervised import Recipe, Schedule, Terms, train_supervised

MINUTE = Schedule(warm_up_steps=1, learning_rate=0.05)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by a second whenever it is looked at."""
    ticks = itertools.count()
    stopped = SimpleNamespace(monotonic=lambda: float(next(ticks)))
    for module in (loop, supervised):
        monkeypatch.setattr(module, "time", stopped)


class _Line:
    """A recipe in small: a straight line is to be learned; `calls` counts its batches."""

    def __init__(self) -> None:
        self.model = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1))
        self.calls = 0
        self.losses: list[float] = []
        self.sheets: list[nn.Module] = []
        self.spoilt_from = math.inf

    def recipe(self) -> Recipe:
        return Recipe(self._terms, lambda: iter([torch.randn(64, 2) + 3]), self._sheet)

    def _terms(self) -> Terms:
        self.calls += 1
        x = torch.randn(64, 2) + 3
        error = (self.model(x)[:, 0] - x[:, 0] + 2 * x[:, 1]).square().mean()
        self.losses.append(error.item())
        return {"error": error * (math.nan if self.calls >= self.spoilt_from else 1), "size": 0 * error}

    def _sheet(self, average: nn.Module, file: Path) -> None:
        self.sheets.append(average)
        file.write_text(f"after {self.calls}")


@pytest.fixture
def line() -> _Line:
    return _Line()


def saved(folder: Path) -> dict[str, Any]:
    return torch.load(folder / "checkpoint.pt", weights_only=True)


def test_what_is_asked_for_is_learned(line: _Line, tmp_path: Path) -> None:
    path = train_supervised(line.model, line.recipe(), 15, tmp_path / "run", MINUTE)
    assert path == tmp_path / "run" / "checkpoint.pt"
    assert np.mean(line.losses[-10:]) < 0.2 * np.mean(line.losses[:10])


@pytest.mark.parametrize("minutes", [1 + second / 60 for second in range(8)])
def test_the_last_step_is_kept(minutes: float, line: _Line, tmp_path: Path) -> None:
    """Whenever the time runs out: also between the end of a step and the look at the clock before the next."""
    train_supervised(line.model, line.recipe(), minutes, tmp_path, MINUTE)
    assert saved(tmp_path)["step"] == line.calls > 3
    assert (tmp_path / "sheet.png").read_text() == f"after {line.calls}"


def test_a_second_session_goes_on(line: _Line, tmp_path: Path) -> None:
    train_supervised(line.model, line.recipe(), 1, tmp_path, MINUTE)
    first = saved(tmp_path)
    again = _Line()
    train_supervised(again.model, again.recipe(), 3, tmp_path, MINUTE)
    second = saved(tmp_path)
    assert second["step"] == first["step"] + again.calls > first["step"]
    assert 60 <= first["seconds"] < 180 <= second["seconds"]
    assert again.losses[0] < np.mean(line.losses[:5]), "it starts from what was learned"


def test_a_spent_budget_is_not_spent_again(line: _Line, tmp_path: Path) -> None:
    train_supervised(line.model, line.recipe(), 1, tmp_path, MINUTE)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    again = _Line()
    train_supervised(again.model, again.recipe(), 1, tmp_path, MINUTE)
    assert again.calls == 0
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_sheets_show_the_average_with_statistics_of_its_own(line: _Line, tmp_path: Path) -> None:
    train_supervised(line.model, line.recipe(), 2, tmp_path, Schedule(report_seconds=20))
    assert len(line.sheets) > 2
    assert all(one is not line.model and not one.training for one in line.sheets)
    mean = saved(tmp_path)["average"]["0.running_mean"]
    torch.testing.assert_close(mean, torch.full((2,), 3.0), atol=0.5, rtol=0)


def test_terms_are_shown(line: _Line, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train_supervised(line.model, line.recipe(), 1, tmp_path, MINUTE)
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 1
    assert f"step {line.calls}" in shown[0]
    assert "error " in shown[0]
    assert "size 0.0000" in shown[0]


def test_a_loss_that_is_not_finite_ends_training_and_keeps_the_checkpoint(line: _Line, tmp_path: Path) -> None:
    line.spoilt_from = 6
    with pytest.raises(FloatingPointError, match="at step 5"):
        train_supervised(line.model, line.recipe(), 5, tmp_path, Schedule(report_seconds=0))
    kept = saved(tmp_path)
    assert kept["step"] == 5
    for weights in (kept["model"], kept["average"], line.model.state_dict()):
        assert all(value.isfinite().all() for value in weights.values())


@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_weights_decay_as_the_schedule_says(decay: float, tmp_path: Path) -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 5)
    recipe = Recipe(lambda: {"none": 0 * model.weight.sum()}, lambda: iter(()), lambda _, file: file.write_text(""))
    schedule = Schedule(learning_rate=0.1, final_learning_rate=0.1, warm_up_steps=1, weight_decay=decay)
    train_supervised(model, recipe, 1, tmp_path, schedule)
    steps = saved(tmp_path)["step"]
    assert model.weight.item() == pytest.approx(5 * (1 - 0.1 * decay) ** steps)


def test_the_rate_warms_up_then_falls() -> None:
    schedule = Schedule(learning_rate=0.1, final_learning_rate=0.001, warm_up_steps=50)
    falling = [schedule.rate(1000, progress) for progress in np.linspace(0, 1, 11)]
    assert falling[0] == pytest.approx(0.1)
    assert falling == sorted(falling, reverse=True)
    assert falling[5] == pytest.approx(0.0505)
    assert falling[-1] == schedule.rate(1000, 1.7) == pytest.approx(0.001)
    warming = [schedule.rate(step, 0.0) for step in (0, 24, 49, 50)]
    assert warming == pytest.approx([0.002, 0.05, 0.1, 0.1])
