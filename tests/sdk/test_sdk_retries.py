"""What is sent again, when, and how often."""

from email.utils import formatdate
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdk_service import JPEG, NOW, Made, Reply, Service, fails, picture_reply, problem_reply, reply, settled

import mien
from mien._retries import parse_retry_after, wait_before_retry

RETRIED_ERRORS = [
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ReadError,
    httpx.ReadTimeout,
    httpx.WriteError,
    httpx.PoolTimeout,
    httpx.RemoteProtocolError,
]
HOPELESS_ERRORS = [httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.DecodingError]


async def edit(client: Any) -> Any:
    return await settled(client.edit_attribute(JPEG))


@pytest.mark.anyio
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_passing_failure_is_retried(make: Made, status: int) -> None:
    service = Service(problem_reply(status), picture_reply())
    await edit(make(service))
    assert len(service.sent) == 2
    assert make.waits == [0.375]


@pytest.mark.anyio
@pytest.mark.parametrize("status", [301, 400, 401, 404, 409, 413, 415, 422])
async def test_a_refusal_is_not_retried(make: Made, status: int) -> None:
    service = Service(problem_reply(status), picture_reply())
    with pytest.raises(mien.StatusError):
        await edit(make(service))
    assert (len(service.sent), make.waits) == (1, [])


@pytest.mark.anyio
@pytest.mark.parametrize("error", RETRIED_ERRORS)
async def test_a_failed_connection_is_retried(make: Made, error: type[httpx.RequestError]) -> None:
    service = Service(fails(error), picture_reply())
    await edit(make(service))
    assert len(service.sent) == 2


@pytest.mark.anyio
@pytest.mark.parametrize("error", HOPELESS_ERRORS)
async def test_a_hopeless_request_is_not_retried(make: Made, error: type[httpx.RequestError]) -> None:
    service = Service(fails(error), picture_reply())
    with pytest.raises(mien.ConnectionFailed, match=f"{error.__name__}: no luck"):
        await edit(make(service))
    assert len(service.sent) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("error", RETRIED_ERRORS)
async def test_what_keeps_failing_is_raised(make: Made, error: type[httpx.RequestError]) -> None:
    expected = mien.TimedOut if issubclass(error, httpx.TimeoutException) else mien.ConnectionFailed
    with pytest.raises(mien.ConnectionFailed) as caught:
        await edit(make(Service(fails(error))))
    assert type(caught.value) is expected
    assert isinstance(caught.value.__cause__, error)


@pytest.mark.anyio
@pytest.mark.parametrize("retries", [0, 1, 2, 7])
async def test_waits_double_and_are_counted(make: Made, retries: int) -> None:
    service = Service(problem_reply(500, "internal"))
    with pytest.raises(mien.InternalError):
        await edit(make(service, max_retries=retries))
    assert len(service.sent) == retries + 1
    assert make.waits == [0.375, 0.75, 1.5, 3.0, 6.0, 6.0, 6.0][:retries]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        ("3", 3.0),
        ("0", 0.0),
        ("60", 60.0),
        (formatdate(NOW + 7, usegmt=True), 7.0),
        (formatdate(NOW - 7), 0.0),
    ],
)
async def test_what_the_service_asks_for_is_waited(make: Made, retry_after: str, wait: float) -> None:
    overloaded = problem_reply(429, "overloaded")
    service = Service(lambda: _with(overloaded(), retry_after), picture_reply())
    await edit(make(service))
    assert make.waits == [wait + 0.0625]


@pytest.mark.anyio
async def test_asked_for_too_long_a_wait_it_is_left_to_the_caller(make: Made) -> None:
    service = Service(lambda: _with(problem_reply(429, "rate-limited")(), "3600"))
    with pytest.raises(mien.RateLimited) as caught:
        await edit(make(service))
    assert (caught.value.retry_after, len(service.sent), make.waits) == (3600.0, 1, [])


@pytest.mark.anyio
@pytest.mark.parametrize("retry_after", ["soon", "nan", "inf", ""])
async def test_an_unreadable_retry_after_is_as_none(make: Made, retry_after: str) -> None:
    service = Service(lambda: _with(problem_reply(503)(), retry_after), picture_reply())
    await edit(make(service))
    assert make.waits == [0.375]


@pytest.mark.anyio
async def test_an_error_before_sending_passes_through(make: Made) -> None:
    def breaks() -> httpx.Response:
        raise RuntimeError("not the network's fault")

    with pytest.raises(RuntimeError, match="not the network's fault"):
        await edit(make(Service(breaks)))


def _with(response: httpx.Response, retry_after: str) -> httpx.Response:
    response.headers["retry-after"] = retry_after
    return response


def _wait(answer: Reply, retry: int, random: float) -> float | None:
    return wait_before_retry(answer(), retry=retry, now=NOW, random=random)


@given(st.integers(0, 2000), st.floats(0, 1, exclude_max=True))
def test_no_wait_is_longer_than_eight_seconds_nor_none(retry: int, random: float) -> None:
    wait = _wait(reply(503), min(retry, 1000), random)
    assert wait is not None
    assert 0.25 <= wait <= 8.0


@given(st.floats(0, 60), st.integers(0, 20), st.floats(0, 1, exclude_max=True))
def test_no_retry_is_sooner_than_asked(asked: float, retry: int, random: float) -> None:
    wait = _wait(reply(429, headers={"retry-after": str(asked)}), retry, random)
    assert wait is not None
    assert asked <= wait <= asked + 2.0


@given(st.integers(0, 10**6))
def test_retry_after_in_seconds(seconds: int) -> None:
    assert parse_retry_after(str(seconds), NOW) == seconds


@given(st.integers(-(10**9), 10**9), st.booleans())
def test_retry_after_as_a_date(seconds: int, gmt: bool) -> None:
    assert parse_retry_after(formatdate(NOW + seconds, usegmt=gmt), NOW) == max(seconds, 0)


@given(st.text())
def test_any_retry_after_is_read_or_left(value: str) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or seconds >= 0
