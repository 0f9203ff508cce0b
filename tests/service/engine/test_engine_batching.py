"""The batcher over a real session of a tiny network."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from networks import WIDTH, Deadly, Held, batcher_of, doubling, numbers, pictures
from served import wait_until

from mien_service.engine.batching import Batcher, BatcherStopped, BatchOptions, QueueFull
from mien_service.engine.sessions import InvalidInput

SOON = 60.0


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Batcher]:
    doubling(tmp_path / "quick.onnx")
    made = batcher_of(tmp_path / "quick.onnx", options=BatchOptions(max_batch=4, max_queue=200, workers=2))
    yield made
    made.stop()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    doubling(tmp_path / "tiny.onnx")
    return tmp_path / "tiny.onnx"


def test_each_job_gets_its_own_items(quick: Batcher) -> None:
    with ThreadPoolExecutor(8) as crowd:
        futures = list(crowd.map(lambda i: quick.submit(numbers(i, i + 0.5)), range(200)))
    for i, future in enumerate(futures):
        finished = future.result(SOON)
        assert finished.outputs["y"].tolist() == [[2 * i] * WIDTH, [2 * i + 1] * WIDTH]
        assert finished.waited >= 0
        assert finished.ran > 0


def test_a_job_of_more_items_than_a_batch_holds(quick: Batcher) -> None:
    values = np.arange(11.0)
    found = quick.submit(numbers(*values)).result(SOON).outputs["y"]
    assert np.array_equal(found[:, 0], 2 * values)


def test_jobs_that_wait_share_a_run(file: Path) -> None:
    batcher = batcher_of(file, options=BatchOptions(max_batch=8))
    try:
        held = Held(numbers(0))
        batcher.submit(held)
        assert held.reached()
        waiting = [batcher.submit(numbers(i)) for i in range(1, 7)]
        held.let_go()
        results = [one.result(SOON) for one in waiting]
        assert len({one.ran for one in results}) == 1, "six waiting jobs ran in one batch"
        assert [one.outputs["y"][0, 0] for one in results] == [2, 4, 6, 8, 10, 12]
    finally:
        batcher.stop()


def test_a_bad_item_fails_alone(file: Path) -> None:
    batcher = batcher_of(file, options=BatchOptions(max_batch=8))
    try:
        held = Held(numbers(0))
        batcher.submit(held)
        assert held.reached()
        good = [batcher.submit(numbers(1)), batcher.submit(numbers(2))]
        # Of the right shape, but of a type that the network does not take.
        bad = batcher.submit({"x": np.ones((1, WIDTH), np.complex64)})  # type: ignore[dict-item]
        good.append(batcher.submit(numbers(3)))
        held.let_go()
        assert bad.exception(SOON) is not None
        assert [one.result(SOON).outputs["y"][0, 0] for one in good] == [2, 4, 6]
    finally:
        batcher.stop()


def test_pictures_of_several_sizes_run_apart_and_alike_ones_together(tmp_path: Path) -> None:
    pictures(tmp_path / "pictures.onnx")
    batcher = batcher_of(tmp_path / "pictures.onnx", options=BatchOptions(max_batch=8), shape=["batch", "height"])
    try:
        held = Held({"x": np.zeros((1, 2), np.float32)})
        batcher.submit(held)
        assert held.reached()
        waiting = [batcher.submit({"x": np.full((1, size), size, np.float32)}) for size in (3, 5, 3, 5, 5)]
        held.let_go()
        results = [one.result(SOON) for one in waiting]
        assert [one.outputs["y"].tolist() for one in results] == [[[2.0 * n] * n] for n in (3, 5, 3, 5, 5)]
        assert results[0].ran == results[2].ran != results[1].ran == results[3].ran == results[4].ran
    finally:
        batcher.stop()


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"z": np.zeros((1, WIDTH), np.float32)},
        {"x": np.zeros((1, WIDTH + 1), np.float32)},
        {"x": np.zeros((WIDTH,), np.float32)},
        {"x": np.zeros((0, WIDTH), np.float32)},
        {"x": np.zeros((1, WIDTH), np.float32), "more": np.zeros((1,), np.float32)},
    ],
)
def test_inputs_that_do_not_fit_are_refused_at_once(quick: Batcher, inputs: dict[str, np.ndarray]) -> None:
    with pytest.raises(InvalidInput):
        quick.submit(inputs)


def test_a_full_queue_refuses(file: Path) -> None:
    batcher = batcher_of(file, options=BatchOptions(max_batch=1, max_queue=2))
    try:
        held = Held(numbers(0))
        batcher.submit(held)
        assert held.reached()
        accepted = [batcher.submit(numbers(i)) for i in (1, 2)]
        assert batcher.waiting == 2
        with pytest.raises(QueueFull):
            batcher.submit(numbers(3))
        held.let_go()
        assert [one.result(SOON).outputs["y"][0, 0] for one in accepted] == [2, 4]
        assert batcher.submit(numbers(4)).result(SOON).outputs["y"][0, 0] == 8
    finally:
        batcher.stop()


def test_stopping_finishes_what_runs_and_fails_what_waits(file: Path) -> None:
    batcher = batcher_of(file, options=BatchOptions(max_batch=1))
    held = Held(numbers(7))
    first = batcher.submit(held)
    assert held.reached()
    waiting = batcher.submit(numbers(1))
    cancelled = batcher.submit(numbers(2))
    assert cancelled.cancel()
    with ThreadPoolExecutor(1) as other:
        stopped = other.submit(batcher.stop)
        assert isinstance(waiting.exception(SOON), BatcherStopped)
        held.let_go()
        stopped.result(SOON)
    assert first.result(SOON).outputs["y"][0, 0] == 14
    with pytest.raises(CancelledError):
        cancelled.result(SOON)
    with pytest.raises(BatcherStopped):
        batcher.submit(numbers(1))


def test_cancelled_jobs_are_not_run(file: Path) -> None:
    batcher = batcher_of(file, options=BatchOptions(max_batch=4))
    try:
        held = Held(numbers(0))
        batcher.submit(held)
        assert held.reached()
        cancelled, kept = batcher.submit(numbers(1)), batcher.submit(numbers(2))
        assert cancelled.cancel()
        held.let_go()
        assert kept.result(SOON).outputs["y"][0, 0] == 4
    finally:
        batcher.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_death_of_a_worker_is_told_and_nobody_waits_in_vain(file: Path) -> None:
    died = threading.Event()
    batcher = batcher_of(file, died.set, BatchOptions(max_batch=1))
    held = Held(numbers(0))
    batcher.submit(held)
    assert held.reached()
    deadly, waiting, cancelled = (
        batcher.submit(Deadly(numbers(1))),
        batcher.submit(numbers(1)),
        batcher.submit(numbers(2)),
    )
    assert cancelled.cancel()
    held.let_go()
    with pytest.raises(BatcherStopped):
        deadly.result(SOON)
    with pytest.raises(BatcherStopped):
        waiting.result(SOON)
    assert died.wait(SOON)
    with pytest.raises(BatcherStopped):
        batcher.submit(numbers(3))
    batcher.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_batcher_whose_workers_all_died_can_be_stopped(tmp_path: Path) -> None:
    doubling(tmp_path / "quick.onnx")
    deaths = threading.Semaphore(0)
    batcher = batcher_of(
        tmp_path / "quick.onnx", lambda: deaths.release(), BatchOptions(max_batch=1, max_queue=1, workers=1)
    )
    batcher.submit(Deadly(numbers(1)))
    assert deaths.acquire(timeout=SOON)
    batcher.stop()


def test_a_wait_for_more_is_not_a_wait_for_ever(tmp_path: Path) -> None:
    doubling(tmp_path / "quick.onnx")
    batcher = batcher_of(tmp_path / "quick.onnx", options=BatchOptions(max_batch=4, max_wait=0.05))
    try:
        assert batcher.submit(numbers(3)).result(SOON).outputs["y"][0, 0] == 6
    finally:
        batcher.stop()


def test_stopping_during_a_wait_for_more(tmp_path: Path) -> None:
    doubling(tmp_path / "quick.onnx")
    batcher = batcher_of(tmp_path / "quick.onnx", options=BatchOptions(max_batch=4, max_wait=20, workers=3))
    futures = [batcher.submit(numbers(i)) for i in range(2)]
    assert wait_until(lambda: batcher.waiting == 0)
    batcher.stop()
    assert [one.result(SOON).outputs["y"][0, 0] for one in futures] == [0, 2]
