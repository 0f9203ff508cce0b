import time

import pytest

from mien_service.engine.work import DeadlineExceeded, Work, WorkAbandoned


def test_stages_add_up_in_their_order() -> None:
    work = Work(60)
    with work.stage("decode"):
        pass
    work.add("queue", 0.25)
    work.add("queue", 0.5)
    with work.stage("decode"):
        pass
    assert list(work.timings()) == ["decode", "queue"]
    assert work.timings()["queue"] == 750


def test_what_another_stage_counts_is_not_counted_twice() -> None:
    work = Work(60)
    work.add("network", 5.0)
    with work.stage("draw", besides=("queue", "network")):
        work.add("network", 100.0)
        time.sleep(0.01)
    with work.stage("composite", besides=("network",)):
        time.sleep(0.01)
    timings = work.timings()
    assert timings["network"] == 105_000
    assert timings["draw"] == 0
    assert timings["composite"] >= 10


def test_a_stage_that_fails_is_timed_too() -> None:
    work = Work(60)
    with pytest.raises(ZeroDivisionError), work.stage("find"):
        _ = 1 / 0
    assert "find" in work.timings()


def test_a_stage_is_not_entered_for_nobody() -> None:
    work = Work(60)
    work.abandon()
    with pytest.raises(WorkAbandoned), work.stage("decode"):
        pytest.fail("entered")
    assert work.timings() == {}


def test_a_stage_is_not_entered_too_late() -> None:
    work = Work(0)
    assert work.seconds_left() <= 0
    with pytest.raises(DeadlineExceeded), work.stage("decode"):
        pytest.fail("entered")
