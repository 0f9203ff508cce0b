"""A service that is a function, and both clients over it."""

import base64
import email.parser
import email.policy
import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import httpx

from mien import AsyncMien, Mien

BASE_URL = "http://mien.test"
NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT
JPEG = b"\xff\xd8\xff\xe0 a picture"
PNG = b"\x89PNG\r\n\x1a\n a picture"
EDITED = b"\xff\xd8\xff\xe0 an edited picture"
BOX, POSE = [10.0, 20.0, 110.0, 140.5], {"yaw": 1.0, "pitch": -2.0, "roll": 0.5}

Reply = Callable[[], httpx.Response]
File = tuple[str | None, bytes, str]


class Sent(NamedTuple):
    """A request as the service got it."""

    request: httpx.Request
    fields: dict[str, str]
    files: dict[str, File]

    @property
    def picture(self) -> File | None:
        return self.files.get("image")


class Service:
    """Answers with its replies in turn, the last one again and again, and remembers what came."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.sent: list[Sent] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(Sent(request, *_parts(request)))
        return (self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])()

    @property
    def last(self) -> Sent:
        return self.sent[-1]


def _parts(request: httpx.Request) -> tuple[dict[str, str], dict[str, File]]:
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return {}, {}
    text = b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.read()
    fields, files = {}, {}
    for part in email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(text).iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if part.get_filename() is None:
            fields[name] = content.decode()
        else:
            files[name] = part.get_filename(), content, part.get_content_type()
    return fields, files


def reply(status: int = 200, **parts: Any) -> Reply:
    return lambda: httpx.Response(status, **parts)


def fails(error: type[httpx.RequestError]) -> Reply:
    def raise_it() -> httpx.Response:
        raise error("no luck")

    return raise_it


def picture_reply(content: bytes = EDITED, media_type: str = "image/jpeg", **headers: str) -> Reply:
    facts = {
        "content-type": media_type,
        "x-request-id": "r-1",
        "server-timing": 'decode;dur=1.2, find;desc="a, b";dur=30, total',
        "x-mien-model": "edit@2026.1",
        "x-mien-faces": json.dumps([{"box": BOX, "score": 0.99, "pose": POSE, "new": 1}]),
        "x-mien-notice": "edited by AI",
    }
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return reply(content=content, headers=facts | given)


def json_answer(*results: dict[str, Any], **members: Any) -> dict[str, Any]:
    image = base64.b64encode(EDITED).decode()
    face = {"index": 0, "box": BOX, "score": 0.99, "pose": POSE, "landmarks": [[1, 2], [3.5, 4]]}
    pictures = [{"strength": None, "variant": None, "media_type": "image/jpeg", "image": image} | r for r in results]
    answer = {
        "request_id": "r-2",
        "model": {"name": "edit", "version": "2026.1", "licence": "x"},
        "faces": [face],
        "timings": {"decode": 1.2, "network": 20},
        "notice": None,
        "media_type": "image/jpeg",
        "results": pictures,
        "of a later version": True,
    }
    return answer | members


def json_reply(*results: dict[str, Any], **members: Any) -> Reply:
    return reply(json=json_answer(*results, **members))


def problem_reply(status: int, problem_type: str | None = None, **members: Any) -> Reply:
    body = {"type": f"https://mien.test/docs/http.md#{problem_type}"} if problem_type else {}
    body |= {"title": "Refused", "status": status, "request_id": "r-3"} | members
    content = json.dumps(body)
    return reply(status, content=content, headers={"content-type": "application/problem+json"})


async def settled(value: Any) -> Any:
    """Await what an AsyncMien gave; what a Mien gave is there already."""
    return await value if inspect.isawaitable(value) else value


class Made:
    """Makes clients of one kind over a service; none of them really sleeps, all of them note it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.waits: list[float] = []

    def http(self, service: Service, **options: Any) -> httpx.Client | httpx.AsyncClient:
        cls = httpx.Client if self.kind == "sync" else httpx.AsyncClient
        return cls(transport=httpx.MockTransport(service), **options)

    def __call__(self, service: Service, **options: Any) -> Any:
        given = {"base_url": BASE_URL, "http_client": self.http(service)} | options
        return self.quick(Mien(**given) if self.kind == "sync" else AsyncMien(**given))

    def quick(self, client: Any) -> Any:
        client._sleep = self.waits.append if self.kind == "sync" else self._sleep
        client._clock = lambda: NOW
        client._random = lambda: 0.5
        return client

    def _sleep(self, seconds: float) -> Awaitable[None]:
        self.waits.append(seconds)
        return _nothing()


async def _nothing() -> None: ...
