"""How a client talks to its service: settled once, from arguments and environment."""

import os
from dataclasses import dataclass, field, replace

import httpx

from ._version import __version__

DEFAULT_TIMEOUT = httpx.Timeout(connect=5.0, read=60.0, write=30.0, pool=30.0)
"""Seconds. Reading is what waits for the service's work, which on a CPU under load takes its time."""

DEFAULT_MAX_RETRIES = 2

TimeoutChoice = float | httpx.Timeout | None
"""Seconds for each phase, phases apart, or None for the default; `httpx.Timeout(None)` is no limit."""


@dataclass(frozen=True)
class Options:
    """A client's settings."""

    base_url: httpx.URL
    api_key: str | None = field(repr=False)
    timeout: httpx.Timeout
    max_retries: int
    user_agent: str

    def but(self, timeout: TimeoutChoice, max_retries: int | None) -> "Options":
        """Change what is not None."""
        return replace(
            self,
            timeout=self.timeout if timeout is None else httpx.Timeout(timeout),
            max_retries=self.max_retries if max_retries is None else max_retries,
        )

    def url(self, path: str) -> httpx.URL:
        """Put a path below the base URL, whose own path may be that of a gateway."""
        return self.base_url.copy_with(path=self.base_url.path.rstrip("/") + path)


def settle(
    *,
    base_url: str | None,
    api_key: str | None,
    timeout: TimeoutChoice,
    max_retries: int,
    app: str | None,
    http_client: httpx.Client | httpx.AsyncClient | None,
) -> Options:
    """Settle the options of a client. Raises ValueError where the base URL is missing or not http(s)."""
    return Options(
        base_url=_base_url(base_url or os.environ.get("MIEN_BASE_URL")),
        api_key=(api_key or os.environ.get("MIEN_API_KEY", "")).strip() or None,
        timeout=_own_timeout(http_client) if timeout is None else httpx.Timeout(timeout),
        max_retries=max_retries,
        user_agent=f"mien-python/{__version__} {app or ''}".rstrip(),
    )


def _base_url(text: str | None) -> httpx.URL:
    if not text:
        raise ValueError("no address: pass base_url= or set MIEN_BASE_URL")
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL as error:
        raise ValueError(f"base_url is no URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"base_url must look like https://mien.example.org, not {url!r}")
    return url


def _own_timeout(http_client: httpx.Client | httpx.AsyncClient | None) -> httpx.Timeout:
    """Keep the timeout a caller chose for their own client; httpx's default of 5 s is nobody's choice."""
    if http_client is None or http_client.timeout == httpx.Timeout(5.0):
        return DEFAULT_TIMEOUT
    return http_client.timeout
