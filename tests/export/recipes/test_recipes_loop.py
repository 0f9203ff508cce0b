import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mien_export.recipes.loop import Average, Budget, Checkpoint, autocast, pick_device, placed, recalibrate


class _Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    made = _Clock()
    monkeypatch.setattr(time, "monotonic", made)
    return made


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))


class _Training:
    """A training in small: a network, its optimizer, its average and its checkpoint."""

    def __init__(self, path: Path, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.model = network()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.01)
        self.average = Average(self.model, 0.9)
        self.checkpoint = Checkpoint(path, self.model, self.optimizer, self.average)

    def step(self, batch: torch.Tensor) -> None:
        self.optimizer.zero_grad()
        self.model(batch).square().sum().backward()
        self.optimizer.step()
        self.average.update(self.model)
        self.checkpoint.step += 1

    def state(self) -> dict[str, torch.Tensor]:
        averaged = {f"average.{name}": value for name, value in self.average.model.state_dict().items()}
        return {**self.model.state_dict(), **averaged}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "checkpoint.pt"


@pytest.fixture
def batches() -> list[torch.Tensor]:
    return list(torch.rand(6, 5, 3, 4, 4, generator=torch.Generator().manual_seed(1)))


def test_a_budget_runs_out(clock: _Clock) -> None:
    budget = Budget(2)
    assert (budget.seconds_spent(), budget.progress(), budget.is_spent()) == (0, 0, False)
    clock.now += 90
    assert (budget.seconds_spent(), budget.progress(), budget.is_spent()) == (90, 0.75, False)
    clock.now += 30
    assert (budget.progress(), budget.is_spent()) == (1, True)


def test_a_budget_goes_on_where_earlier_sessions_stopped(clock: _Clock) -> None:
    budget = Budget(2, spent=60)
    assert (budget.seconds_spent(), budget.progress()) == (60, 0.5)
    clock.now += 60
    assert budget.is_spent()
    assert Budget(2, spent=120).is_spent()


def test_an_average_starts_at_the_model_and_is_no_part_of_it() -> None:
    model = network()
    average = Average(model, 0.9)
    assert not average.model.training
    assert not any(parameter.requires_grad for parameter in average.model.parameters())
    assert all(parameter.requires_grad for parameter in model.parameters())
    before = [parameter.clone() for parameter in average.model.parameters()]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    torch.testing.assert_close(list(average.model.parameters()), before)


def test_an_average_follows_with_the_decay_of_its_age() -> None:
    model, expected = nn.Linear(1, 1, bias=False), 0.0
    nn.init.zeros_(model.weight)
    average = Average(model, 0.5)
    nn.init.ones_(model.weight)
    for update in range(1, 12):
        average.update(model)
        decay = min(0.5, (1 + update) / (10 + update))
        expected = decay * expected + 1 - decay
        assert next(average.model.parameters()).item() == pytest.approx(expected)


def test_an_old_average_moves_slowly() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    average = Average(model, 0.99)
    nn.init.ones_(model.weight)
    average.skip_start(10_000)
    average.update(model)
    assert next(average.model.parameters()).item() == pytest.approx(0.01)


def test_an_average_copies_buffers() -> None:
    model = network()
    average = Average(model, 0.9)
    model(torch.rand(5, 3, 4, 4) + 3)
    average.update(model)
    assert dict(average.model.named_buffers()).keys() == dict(model.named_buffers()).keys()
    for mine, theirs in zip(average.model.buffers(), model.buffers(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_recalibration_measures_the_norms_of_the_weights_as_they_are() -> None:
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(0.5)).eval()
    [norm] = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    norm.running_mean = torch.full((3,), 99.0)
    batches = torch.rand(4, 8, 3, 5, 5) * torch.tensor([1.0, 2, 3]).view(3, 1, 1)
    recalibrate(model, batches)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    torch.testing.assert_close(norm.running_mean, batches.mean(dim=(0, 1, 3, 4)))
    torch.testing.assert_close(norm.running_var, batches.var(dim=(1, 3, 4)).mean(dim=0))
    assert norm.momentum == 0.1
    assert not any(module.training for module in model.modules())


def test_recalibration_leaves_every_weight_alone() -> None:
    model = network()
    before = {name: value.clone() for name, value in model.named_parameters()}
    recalibrate(model, torch.rand(2, 4, 3, 4, 4))
    torch.testing.assert_close(dict(model.named_parameters()), before, rtol=0, atol=0)


def test_a_resumed_training_goes_on_exactly(path: Path, batches: list[torch.Tensor]) -> None:
    unbroken = _Training(path)
    for batch in batches[:3]:
        unbroken.step(batch)
    unbroken.checkpoint.save(12.5)
    resumed = _Training(path, seed=9)
    assert resumed.checkpoint.resume() == 12.5
    assert resumed.checkpoint.step == 3
    for training in (unbroken, resumed):
        for batch in batches[3:]:
            training.step(batch)
    torch.testing.assert_close(resumed.state(), unbroken.state(), rtol=0, atol=0)


def test_a_first_session_starts_at_nothing(path: Path) -> None:
    training = _Training(path)
    before = {name: value.clone() for name, value in training.state().items()}
    assert training.checkpoint.resume() == 0
    assert training.checkpoint.step == 0
    torch.testing.assert_close(training.state(), before)
    assert path.parent.is_dir()


def half_written(state: object, file: Path, **_: Any) -> None:  # noqa: ARG001
    file.write_bytes(b"half")
    raise KeyboardInterrupt


def no_space(state: object, file: Path, **_: Any) -> None:  # noqa: ARG001
    file.write_bytes(b"")
    raise OSError("no space left on device")


@pytest.mark.parametrize(("broken", "error"), [(half_written, KeyboardInterrupt), (no_space, OSError)])
def test_an_interrupted_save_leaves_the_old_one(
    broken: Callable[..., None],
    error: type[BaseException],
    path: Path,
    batches: list[torch.Tensor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    training = _Training(path)
    training.step(batches[0])
    training.checkpoint.save(1)
    old = path.read_bytes()
    training.step(batches[1])
    with monkeypatch.context() as patched:
        patched.setattr(torch, "save", broken)
        with pytest.raises(error):
            training.checkpoint.save(2)
    assert path.read_bytes() == old
    assert _Training(path).checkpoint.resume() == 1
    training.checkpoint.save(3)
    assert _Training(path).checkpoint.resume() == 3
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_another_network_is_refused(path: Path) -> None:
    _Training(path).checkpoint.save(1)
    model = nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    with pytest.raises(RuntimeError, match="Missing key"):
        Checkpoint(path, model, optimizer, Average(model, 0.9)).resume()


def test_weights_are_placed_channels_last() -> None:
    placed_network = placed(network(), torch.device("cpu"))
    [convolution] = [module for module in placed_network if isinstance(module, nn.Conv2d)]
    assert convolution.weight.is_contiguous(memory_format=torch.channels_last)


def test_precision_is_mixed_only_where_that_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    linear, batch = nn.Linear(4, 4), torch.rand(2, 4)
    mixed, full = torch.bfloat16, torch.float32
    for amx, avx512, wanted in ((True, True, mixed), (True, False, mixed), (False, True, mixed), (False, False, full)):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda amx=amx: amx)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda avx512=avx512: avx512)
        with autocast(torch.device("cpu")):
            assert linear(batch).dtype == wanted


@pytest.mark.parametrize("has_gpu", [True, False])
def test_the_gpu_is_picked_where_there_is_one(has_gpu: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    assert pick_device().type == ("cuda" if has_gpu else "cpu")
