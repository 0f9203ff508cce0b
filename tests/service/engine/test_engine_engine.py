"""The engine over real weights folders, and a request's view of it."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from networks import Deadly, Held, described, doubling, folder_of, numbers, unexpected

from mien_service.engine.batching import BatcherStopped, BatchOptions, QueueFull
from mien_service.engine.engine import Engine, EngineOptions, Runner
from mien_service.engine.manifest import WeightsError
from mien_service.engine.sessions import ProviderUnavailable, SessionOptions, available_providers
from mien_service.engine.work import DeadlineExceeded, Work, WorkAbandoned

Made = Callable[..., Engine]
SOON = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    doubling(folder / "quick.onnx")
    np.savez(folder / "table.npz", numbers=np.arange(6.0).reshape(2, 3))
    table = {"kind": "table", "inputs": [], "outputs": [{"name": "numbers", "shape": ["rows", 3], "meaning": "n"}]}
    return folder_of(
        folder,
        described(folder / "quick.onnx", "quick"),
        described(folder / "table.npz", "table", **table),
    )


@pytest.fixture
def make(folder: Path) -> Iterator[Made]:
    made: list[Engine] = []

    def engine(*names: str, on_death: Callable[[], None] = unexpected, **batch: int) -> Engine:
        made.append(Engine(EngineOptions(folder, batch=BatchOptions(**batch)), names, on_death))
        return made[-1]

    yield engine
    for one in made:
        one.stop()


def test_what_is_asked_for_is_loaded(make: Made) -> None:
    engine = make("table", "quick", "quick")
    engine.warm_up()
    assert [entry.name for entry in engine.entries] == ["quick", "table"]
    assert engine.provider("quick") == "CPUExecutionProvider"
    assert engine.provider("table") is None
    assert engine.table("table")["numbers"].shape == (2, 3)
    assert engine.alive
    assert len(engine.batchers) == 1


def test_a_runner_runs_and_times(make: Made) -> None:
    work = Work(SOON)
    run = Runner(make("quick", "table"), work)
    assert run("quick", x=numbers(1, 2)["x"])["y"][:, 0].tolist() == [2, 4]
    assert {"queue", "network"} <= work.timings().keys()
    assert run.table("table")["numbers"][1, 2] == 5


def test_a_name_that_the_manifest_lacks(make: Made) -> None:
    with pytest.raises(WeightsError, match="none"):
        make("none")


def test_a_table_that_is_not_as_its_manifest_says(tmp_path: Path) -> None:
    np.savez(tmp_path / "table.npz", numbers=np.zeros((2, 4)))
    outputs = [{"name": "numbers", "shape": ["rows", 3], "meaning": "n"}]
    folder_of(tmp_path, described(tmp_path / "table.npz", "table", kind="table", inputs=[], outputs=outputs))
    with pytest.raises(WeightsError, match="numbers"):
        Engine(EngineOptions(tmp_path), ["table"], unexpected)


def test_a_table_of_pickled_objects_is_not_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "table.npz", numbers=np.array([{"a": 1}], object))
    outputs = [{"name": "numbers", "shape": ["rows"], "meaning": "n"}]
    folder_of(tmp_path, described(tmp_path / "table.npz", "table", kind="table", inputs=[], outputs=outputs))
    with pytest.raises((WeightsError, ValueError)):
        Engine(EngineOptions(tmp_path), ["table"], unexpected)


@pytest.mark.skipif("CUDAExecutionProvider" in available_providers(), reason="this build has CUDA")
def test_a_provider_that_is_not_there(folder: Path) -> None:
    with pytest.raises(ProviderUnavailable, match="CUDAExecutionProvider"):
        Engine(EngineOptions(folder, SessionOptions("cuda")), ["quick"], unexpected)


def test_work_is_not_begun_after_its_deadline_or_for_nobody(make: Made) -> None:
    engine = make("quick")
    with pytest.raises(DeadlineExceeded):
        Runner(engine, Work(-1))("quick", **numbers(1))
    left = Work(SOON)
    left.abandon()
    with pytest.raises(WorkAbandoned):
        Runner(engine, left)("quick", **numbers(1))


def test_a_deadline_in_the_queue(make: Made) -> None:
    engine = make("quick", max_batch=1)
    held = Held(numbers(1))
    first = engine.submit("quick", held)
    assert held.reached()
    with pytest.raises(DeadlineExceeded):
        Runner(engine, Work(0.05))("quick", **numbers(2))
    held.let_go()
    assert first.result(SOON).outputs["y"][0, 0] == 2
    assert engine.alive


def test_a_full_queue_is_told_to_the_task(make: Made) -> None:
    engine = make("quick", max_batch=1, max_queue=1)
    held = Held(numbers(1))
    first = engine.submit("quick", held)
    assert held.reached()
    waiting = engine.submit("quick", numbers(2))
    with pytest.raises(QueueFull):
        Runner(engine, Work(SOON))("quick", **numbers(3))
    held.let_go()
    assert first.result(SOON)
    assert waiting.result(SOON).outputs["y"][0, 0] == 4


def test_stopping_with_a_job_whose_deadline_has_passed(make: Made) -> None:
    engine = make("quick", max_batch=1)
    held = Held(numbers(1))
    first = engine.submit("quick", held)
    assert held.reached()
    with pytest.raises(DeadlineExceeded):
        Runner(engine, Work(0.02))("quick", **numbers(2))
    held.let_go()
    engine.stop()
    assert first.done()
    with pytest.raises(BatcherStopped):
        engine.submit("quick", numbers(1))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_engine_with_a_dead_worker_is_not_alive(make: Made) -> None:
    died = threading.Event()
    engine = make("quick", on_death=died.set)
    future = engine.submit("quick", Deadly(numbers(1)))
    assert died.wait(SOON)
    assert not engine.alive
    assert isinstance(future.exception(SOON), BatcherStopped)
    with pytest.raises(BatcherStopped):
        Runner(engine, Work(SOON))("quick", **numbers(1))
