"""A narrow service: one worker, one waiting place, small limits. Nothing accepted is lost, no place leaks."""

import contextlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import people
import pytest
import served
from served import Served, problem, wait_until

URL = "/edit-attribute"
SMILE = {"attribute": "smiling"}
JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = {"workers": 1, "max_waiting": 1, "retry_after": 7, "max_bytes": 3_000_000, "max_pixels": 12_500_000}
    settings |= {"max_uploads": 4, "upload_deadline": 3}
    folder = tmp_path_factory.mktemp("narrow")
    running = served.start(folder, tasks="edit-attribute", max_results=2, min_side=100, **settings)
    yield running
    assert running.process.poll() is None, running.log
    running.stop()
    assert "Traceback" not in running.log, running.log


@pytest.fixture(scope="module")
def visitor(narrow: Served) -> Iterator[httpx.Client]:
    with narrow.client(params=SMILE, headers=JPEG) as made:
        yield made


@pytest.fixture(scope="module")
def large_photo() -> bytes:
    """Work for a good part of a second."""
    return people.as_file(people.twelve_megapixels(), "JPEG", quality=90)


def request_head(length: int, *more: str) -> bytes:
    lines = [f"POST {URL}?attribute=smiling HTTP/1.1", "Host: mien", "Content-Type: image/jpeg"]
    return "\r\n".join([*lines, f"Content-Length: {length}", *more, "", ""]).encode()


def connected(running: Served) -> socket.socket:
    host, _, port = running.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def serves(visitor: httpx.Client, photo: bytes) -> bool:
    return visitor.post(URL, content=photo).status_code == 200


def test_overload_is_told_and_nothing_accepted_is_lost(
    visitor: httpx.Client, large_photo: bytes, portrait_jpeg: bytes
) -> None:
    with ThreadPoolExecutor(12) as crowd:
        answers = list(crowd.map(lambda _: visitor.post(URL, content=large_photo), range(12)))
    accepted = [one for one in answers if one.status_code == 200]
    refused = [one for one in answers if one.status_code != 200]
    assert accepted
    assert refused
    assert all(people.opened(one.content).size == (4000, 3000) for one in accepted)
    for one in refused:
        problem(one, "overloaded", 429)
        assert one.headers["retry-after"] == "7"
    assert visitor.get("/readyz").status_code == 200
    assert serves(visitor, portrait_jpeg)


def test_refused_requests_give_their_places_back(visitor: httpx.Client, portrait_jpeg: bytes) -> None:
    for _ in range(5):
        problem(visitor.post(URL, content=b""), "invalid-parameter", 422)
        problem(visitor.post(URL, content=b"text"), "unsupported-media-type", 415)
        problem(visitor.post(URL, content=portrait_jpeg, params={"strength": "x"}), "invalid-parameter", 422)
        problem(visitor.post(URL, content=portrait_jpeg, headers={"Accept": "text/html"}), "not-acceptable", 406)
        problem(visitor.post(URL, content=portrait_jpeg, params={"face": "5"}), "face-index-out-of-range", 422)
    assert serves(visitor, portrait_jpeg)


def test_clients_that_leave_give_their_places_back(
    narrow: Served, visitor: httpx.Client, large_photo: bytes, portrait_jpeg: bytes
) -> None:
    for _ in range(4):
        with connected(narrow) as leaving:
            leaving.sendall(request_head(len(large_photo)) + large_photo)
    assert wait_until(lambda: serves(visitor, portrait_jpeg))


def test_clients_that_leave_in_the_middle_of_their_body(
    narrow: Served, visitor: httpx.Client, portrait_jpeg: bytes
) -> None:
    for _ in range(4):
        with connected(narrow) as leaving:
            leaving.sendall(request_head(1_000_000, "Expect: 100-continue"))
            assert leaving.recv(100).startswith((b"HTTP/1.1 100", b"HTTP/1.1 429"))
            leaving.sendall(bytes(1000))
    assert wait_until(lambda: serves(visitor, portrait_jpeg))
    assert "Traceback" not in narrow.log, narrow.log


def test_slow_senders_keep_nobody_waiting_and_are_told(
    narrow: Served, visitor: httpx.Client, portrait_jpeg: bytes
) -> None:
    with contextlib.ExitStack() as open_sockets:
        slow = [open_sockets.enter_context(connected(narrow)) for _ in range(3)]
        for one in slow:
            one.sendall(request_head(1_000_000) + bytes(1000))
        assert serves(visitor, portrait_jpeg)
        for one in slow:
            answer = one.recv(4096)
            assert answer.startswith(b"HTTP/1.1 408")
            assert b"request-timeout" in answer or b"request-timeout" in one.recv(4096)


def test_a_strip_is_no_larger_than_a_photo_may_be(visitor: httpx.Client, large_photo: bytes) -> None:
    several = {"strengths": "0,1", "layout": "strip"}
    refused = visitor.post(URL, content=large_photo, params=several)
    assert problem(refused, "invalid-parameter", 422, "layout")["limit"] == 12_500_000
    assert visitor.post(URL, content=large_photo, params={**several, "output": "face"}).status_code == 200


def test_limits_are_those_of_the_settings(visitor: httpx.Client, portrait_jpeg: bytes) -> None:
    assert problem(visitor.post(URL, content=bytes(3_000_001)), "image-too-large", 413)["limit"] == 3_000_000
    wide = people.as_file(people.nobody(100, 125_001), "PNG", compress_level=1)
    assert problem(visitor.post(URL, content=wide), "image-too-large", 413)["limit"] == 12_500_000
    small = people.as_file(people.nobody(99, 120), "PNG")
    assert problem(visitor.post(URL, content=small), "invalid-parameter", 422, "image")["limit"] == 100
    many = visitor.post(URL, content=portrait_jpeg, params={"strengths": "0,1,2"})
    assert problem(many, "invalid-parameter", 422)["limit"] == 2


def test_a_photo_of_nobody_has_no_face(visitor: httpx.Client, nobody_png: bytes) -> None:
    problem(visitor.post(URL, content=nobody_png), "no-face-found", 422)


def test_only_the_tasks_that_are_on(visitor: httpx.Client) -> None:
    assert [one["path"] for one in visitor.get("/models").json()["tasks"]] == [URL]
