"""The guide's examples, run as they stand."""

import logging
import re
from pathlib import Path

import httpx
import pytest
from sdk_service import JPEG, PNG, Service, json_answer, json_reply, picture_reply, reply

import mien

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    pytest.param(block, id=f"{name}-{number}")
    for name in ("docs/sdk.md", "sdk/README.md")
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), re.DOTALL))
]


def _service(request: httpx.Request) -> httpx.Response:
    if request.method == "GET":
        answer = reply(json=[{"name": "edit", "licence": "Apache-2.0", "commercial_use": True}])
    elif request.url.path == "/emotion":
        expression = {"label": "happy", "probability": 0.9, "probabilities": {"happy": 0.9, "sad": 0.1}}
        answer = json_reply({}, faces=[json_answer()["faces"][0] | {"expression": expression}])
    elif request.headers["accept"] == "application/json":
        answer = json_reply({"strength": -1.0}, {"strength": 0.0}, {"strength": 1.0})
    else:
        answer = picture_reply()
    return Service(answer)(request)


async def _async_service(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
    await request.aread()
    return _service(request)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_BASE_URL", "http://mien.test")
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", lambda _, request: _service(request))
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", _async_service)
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    monkeypatch.chdir(tmp_path)
    for name in ("me.jpg", "you.jpg"):
        (tmp_path / name).write_bytes(JPEG)
    (tmp_path / "mask.png").write_bytes(PNG)
    exec(compile(example, "example", "exec"), {})  # noqa: S102 - our own guide


def test_the_guide_names_every_error() -> None:
    guide = (ROOT / "docs/sdk.md").read_text()
    errors = [
        name for name in mien.__all__ if isinstance(vars(mien)[name], type) and issubclass(vars(mien)[name], Exception)
    ]
    assert [name for name in errors if f"`{name}`" not in guide] == []
