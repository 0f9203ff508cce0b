import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien_service.faces import spread as module
from mien_service.faces.sheet import Box
from mien_service.faces.spread import FEWEST, spread


def boxes(count: int) -> list[Box]:
    return [Box(i, 0, i + 1, 1) for i in range(count)]


@given(st.integers(0, 40))
def test_every_tile_is_worked_on_once(count: int) -> None:
    done: list[Box] = []
    spread(done.extend, boxes(count))
    assert sorted(box.left for box in done) == list(range(count))


def test_few_tiles_stay_on_their_thread() -> None:
    threads: list[int] = []
    spread(lambda _: threads.append(threading.get_ident()), boxes(FEWEST - 1))
    assert threads == [threading.get_ident()]


def test_where_all_other_threads_are_busy_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CORES", 3)
    free = threading.Event()
    busy = [module._POOL.submit(free.wait, 30) for _ in range(module._POOL._max_workers)]
    threads: set[int] = set()
    done: list[Box] = []

    def work(tiles: Sequence[Box]) -> None:
        threads.add(threading.get_ident())
        done.extend(tiles)

    spread(work, boxes(20))
    assert threads == {threading.get_ident()}
    assert len(done) == 20
    free.set()
    assert all(one.result() for one in busy)


def test_what_goes_wrong_on_any_thread_is_told() -> None:
    def work(tiles: Sequence[Box]) -> None:
        if Box(5, 0, 6, 1) in tiles:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        spread(work, boxes(12))
