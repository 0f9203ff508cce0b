"""What a client is told, what it says of itself, and what it opens and closes."""

import logging
from typing import Any

import httpx
import pytest
from sdk_service import (
    BASE_URL,
    JPEG,
    Made,
    Reply,
    Service,
    fails,
    json_reply,
    picture_reply,
    problem_reply,
    reply,
    settled,
)

import mien
from mien import AsyncMien, Mien

pytestmark = pytest.mark.anyio

KEY = "sk-very-secret"
CARD = {
    "name": "edit",
    "version": "2026.1",
    "licence": "Apache-2.0",
    "commercial_use": True,
    "task": "edit-attribute",
}


@pytest.fixture
def client_class(make: Made) -> Any:
    return Mien if make.kind == "sync" else AsyncMien


async def close(client: Any) -> None:
    await settled(client.close() if isinstance(client, Mien) else client.aclose())


async def test_the_environment_is_asked(make: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_BASE_URL", "https://mien.example.org/faces/")
    monkeypatch.setenv("MIEN_API_KEY", f"{KEY}\n")
    service = Service(reply(200))
    await settled(make(service, base_url=None).health())
    assert str(service.last.request.url) == "https://mien.example.org/faces/healthz"
    assert service.last.request.headers["authorization"] == f"Bearer {KEY}"


async def test_arguments_come_before_the_environment(make: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_BASE_URL", "https://elsewhere.example.org")
    monkeypatch.setenv("MIEN_API_KEY", "another")
    service = Service(reply(200))
    await settled(make(service, api_key=KEY).health())
    assert service.last.request.url.host == "mien.test"
    assert service.last.request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("empty", [None, "", " \n"])
async def test_without_a_key_nothing_is_claimed(make: Made, empty: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if empty is not None:
        monkeypatch.setenv("MIEN_API_KEY", empty)
    service = Service(reply(200))
    await settled(make(service).health())
    assert "authorization" not in service.last.request.headers


@pytest.mark.parametrize(
    "base_url", [None, "", "mien.test", "ftp://mien.test", "/mien", "http://", "http://mien.test:port"]
)
def test_an_address_is_needed(client_class: Any, base_url: str | None) -> None:
    with pytest.raises(ValueError, match=r"base_url"):
        client_class(base_url)


@pytest.mark.parametrize(
    ("app", "user_agent"),
    [(None, f"mien-python/{mien.__version__}"), ("shop/2.1", f"mien-python/{mien.__version__} shop/2.1")],
)
async def test_it_says_who_it_is(make: Made, app: str | None, user_agent: str) -> None:
    service = Service(reply(200))
    await settled(make(service, app=app).health())
    assert service.last.request.headers["user-agent"] == user_agent


def _timeout(service: Service) -> dict[str, float | None]:
    return service.last.request.extensions["timeout"]


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [
        (None, mien.DEFAULT_TIMEOUT),
        (7, httpx.Timeout(7)),
        (httpx.Timeout(9, read=90), httpx.Timeout(9, read=90)),
        (httpx.Timeout(None), httpx.Timeout(None)),
    ],
)
async def test_timeouts(make: Made, timeout: float | httpx.Timeout | None, expected: httpx.Timeout) -> None:
    service = Service(reply(200))
    await settled(make(service, timeout=timeout).health())
    assert _timeout(service) == expected.as_dict()


async def test_a_callers_client_keeps_the_timeout_it_was_given(make: Made) -> None:
    service = Service(reply(200))
    await settled(make(service, http_client=make.http(service, timeout=3)).health())
    assert _timeout(service) == httpx.Timeout(3).as_dict()
    await settled(make(service, http_client=make.http(service, timeout=3), timeout=4).health())
    assert _timeout(service) == httpx.Timeout(4).as_dict()


async def test_other_options_over_the_same_connections(make: Made) -> None:
    service = Service(problem_reply(503, "not-ready"))
    client = make(service, api_key=KEY, app="shop/2.1")
    twin = client.with_options(timeout=2, max_retries=0)
    with pytest.raises(mien.NotReady):
        await settled(twin.models())
    assert (len(service.sent), _timeout(service)) == (1, httpx.Timeout(2).as_dict())
    assert service.last.request.headers["authorization"] == f"Bearer {KEY}"
    assert twin._http is client._http
    with pytest.raises(mien.NotReady):
        await settled(client.models())
    assert (len(service.sent), _timeout(service)) == (4, mien.DEFAULT_TIMEOUT.as_dict())


async def test_options_not_given_stay(make: Made) -> None:
    client = make(Service(reply(200)), timeout=2, max_retries=5)
    assert client.with_options()._options == client._options
    assert client.with_options(max_retries=1)._options.timeout == httpx.Timeout(2)
    assert client.with_options(timeout=1)._options.max_retries == 5


async def test_its_own_connections_are_closed(client_class: Any) -> None:
    client = client_class(BASE_URL)
    assert not client._http.is_closed
    await close(client)
    assert client._http.is_closed


async def test_leaving_the_context_closes(client_class: Any) -> None:
    if client_class is Mien:
        with Mien(BASE_URL) as client:
            assert isinstance(client, Mien)
    else:
        async with AsyncMien(BASE_URL) as client:
            assert isinstance(client, AsyncMien)
    assert client._http.is_closed


async def test_a_callers_connections_stay_open(make: Made) -> None:
    service = Service(reply(200))
    http_client = make.http(service)
    await close(make(service, http_client=http_client))
    assert not http_client.is_closed


async def test_a_twin_closes_nothing(client_class: Any) -> None:
    client = client_class(BASE_URL)
    await close(client.with_options(timeout=1))
    assert not client._http.is_closed
    await close(client)


def test_it_shows_no_key(make: Made) -> None:
    client = make(Service(reply(200)), api_key=KEY, base_url="https://user:pass-word@mien.test")
    assert "mien.test" in repr(client)
    for shown in (repr(client), repr(client._options)):
        assert KEY not in shown
        assert "pass-word" not in shown


@pytest.mark.parametrize(
    "answer", [picture_reply(), problem_reply(500, "internal"), fails(httpx.ReadTimeout), json_reply({})]
)
async def test_logs_tell_what_happened_but_no_key_and_no_picture(
    make: Made, answer: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = make(Service(problem_reply(503, "not-ready"), answer), api_key=KEY, max_retries=1)
    try:
        await settled(client.edit_attribute(("holiday.jpg", JPEG, "image/jpeg")))
    except mien.MienError as error:
        logging.getLogger("app").error("%s, %r", error, error)
    own = [record.getMessage() for record in caplog.records if record.name == "mien"]
    assert own[:2] == ["POST /edit-attribute: 503, request -", "retry 1 of 1 in 0.38 s"]
    assert len(own) == 3
    for secret in (KEY, "holiday", "a picture", "an edited picture"):
        assert secret not in caplog.text


@pytest.mark.parametrize("probe", ["health", "ready"])
@pytest.mark.parametrize(("answer", "expected"), [(reply(200), True), (problem_reply(503, "not-ready"), False)])
async def test_probes_say_yes_or_no_without_retrying(make: Made, probe: str, answer: Reply, expected: bool) -> None:
    service = Service(answer)
    assert await settled(getattr(make(service), probe)()) is expected
    assert [sent.request.url.path for sent in service.sent] == [{"health": "/healthz", "ready": "/readyz"}[probe]]


@pytest.mark.parametrize("probe", ["health", "ready"])
async def test_probes_raise_what_is_neither_yes_nor_no(make: Made, probe: str) -> None:
    with pytest.raises(mien.NotFound):
        await settled(getattr(make(Service(problem_reply(404))), probe)())
    with pytest.raises(mien.ConnectionFailed):
        await settled(getattr(make(Service(fails(httpx.ConnectError))), probe)())


@pytest.mark.parametrize("answer", [reply(json=[CARD]), reply(json={"models": [CARD], "task": 1})])
async def test_model_cards(make: Made, answer: Reply) -> None:
    service = Service(answer)
    (card,) = await settled(make(service).models())
    assert (card.name, card.version, card.licence, card.commercial_use) == (
        "edit",
        "2026.1",
        "Apache-2.0",
        True,
    )
    assert card.task == "edit-attribute"
    assert (service.last.request.method, service.last.request.url.path) == ("GET", "/models")


@pytest.mark.parametrize("answer", [reply(json={}), reply(json=[{"version": "1"}]), reply(html="<p>hello</p>")])
async def test_what_are_no_model_cards(make: Made, answer: Reply) -> None:
    with pytest.raises(mien.UnexpectedAnswer):
        await settled(make(Service(answer)).models())
