"""Fixtures that several rooms' tests share: the running service, and pictures."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import hypothesis
import numpy as np
import people
import pytest
import served
from served import Served

# No test asserts a time: the machine may be busy with something else.
hypothesis.settings.register_profile("mien", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("mien")

StartServer = Callable[..., Served]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One service for the whole session; at the end it must end as it was told to, with a clean log."""
    running = served.start(tmp_path_factory.mktemp("service"))
    yield running
    assert running.process.poll() is None, running.log
    assert running.stop() in CLEAN_ENDS, running.log
    assert "Traceback" not in running.log, running.log


CLEAN_ENDS = (0, -15)
"""Exit statuses after SIGTERM: uvicorn shuts down, then passes the signal on to its default."""


@pytest.fixture(scope="session")
def server_url(server: Served) -> str:
    return server.url


@pytest.fixture(scope="session")
def client(server: Served) -> Iterator[httpx.Client]:
    with server.client() as made:
        yield made


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start services with MIEN_* settings of their own; all end with the test."""
    running: list[Served] = []

    def start(**settings: object) -> Served:
        running.append(served.start(tmp_path, **settings))
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture(scope="session")
def weights() -> Path:
    return served.weights_folder()


@pytest.fixture(scope="session")
def portrait_png() -> bytes:
    """A person of 512 pixels a side."""
    return people.as_file(people.small_person(), "PNG", compress_level=1)


@pytest.fixture(scope="session")
def portrait_jpeg() -> bytes:
    return people.as_file(people.small_person(), "JPEG", quality=95)


@pytest.fixture(scope="session")
def group_jpeg() -> bytes:
    return people.as_file(people.group(), "JPEG", quality=95)


@pytest.fixture(scope="session")
def nobody_png() -> bytes:
    return people.as_file(people.nobody(), "PNG")


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20)
