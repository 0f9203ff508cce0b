"""The real service as a process of its own, and what every answer of it must hold."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
STARTS_WITHIN = 90.0
ENDS_WITHIN = 60.0

INDISCREET = re.compile(
    r"Traceback|\.py\b|/work|/tmp|/root|/home|site-packages|<class|Error\(|object at 0x|\bNone\b|sys\.|errno", re.I
)
"""What no client may ever read: paths, tracebacks, Python's own words."""


class DidNotStart(AssertionError):
    """The service ended, or was not ready in time."""


@dataclass
class Served:
    """A running service."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60, **options)

    def stop(self) -> int:
        """Ask the service to end as a supervisor does, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        try:
            return self.process.wait(ENDS_WITHIN)
        finally:
            self.process.kill()
            self.process.wait()


def weights_folder() -> Path:
    return Path(os.environ.get("MIEN_TEST_WEIGHTS", ROOT / "weights"))


def environment(settings: Mapping[str, object]) -> dict[str, str]:
    """Return this process's environment with none but the given MIEN_* settings; weights have a default."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MIEN_")}
    paths = os.pathsep.join([str(ROOT / "service"), kept.get("PYTHONPATH", "")])
    chosen: dict[str, object] = {"weights": weights_folder(), **settings}
    return kept | {"PYTHONPATH": paths} | {f"MIEN_{name.upper()}": str(value) for name, value in chosen.items()}


def command(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run a command of the service to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mien_service", *arguments],
        env=environment(settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=STARTS_WITHIN,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(folder: Path, **settings: object) -> Served:
    """Start the service and return once it is ready. Raises DidNotStart."""
    port = free_port()
    log_file = folder / f"service-{port}.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mien_service", "serve", "--port", str(port)],
            env=environment(settings),
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    served = Served(f"http://127.0.0.1:{port}", process, log_file)
    _await_ready(served)
    return served


def _await_ready(served: Served) -> None:
    until = time.monotonic() + STARTS_WITHIN
    with served.client() as client:
        while time.monotonic() < until and served.process.poll() is None:
            try:
                if client.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
    served.stop()
    raise DidNotStart(served.log)


def problem(answer: httpx.Response, kind: str, status: int, field: str | None = None) -> dict[str, Any]:
    """Return the problem in an answer, checked to be of this kind and fit for a stranger's eyes."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert INDISCREET.search(answer.text) is None, answer.text
    body = answer.json()
    assert {"type", "title", "status", "detail", "request_id"} <= body.keys()
    assert body["type"].rpartition("#")[2] == kind
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    if field is not None:
        assert body.get("field") == field, body
    return body


def sane(answer: httpx.Response) -> None:
    """Check what holds for every answer to whatever was sent: no failure of ours, and no indiscretion."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        problem(answer, answer.json()["type"].rpartition("#")[2], answer.status_code)


def wait_until(happened: Any, seconds: float = 30.0) -> bool:
    """Return whether `happened()` became true in time."""
    until = time.monotonic() + seconds
    while not (found := bool(happened())) and time.monotonic() < until:
        time.sleep(0.05)
    return found
