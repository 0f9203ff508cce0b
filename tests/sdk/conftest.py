"""Fixtures; what they are made of is in sdk_service.py."""

import pytest
from sdk_service import Made


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["sync", "async"])
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Made:
    monkeypatch.delenv("MIEN_BASE_URL", raising=False)
    monkeypatch.delenv("MIEN_API_KEY", raising=False)
    return Made(request.param)
