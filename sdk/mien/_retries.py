"""Whether, and after how long, a request is sent again: decisions only, nobody sleeps here."""

import math
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx

FIRST_BACKOFF = 0.5
LONGEST_BACKOFF = 8.0
LONGEST_RETRY_AFTER = 60.0
"""Asked to wait longer than this (seconds), the error is raised at once: it is the caller's to wait."""

Outcome = httpx.Response | httpx.RequestError
"""What one try ends in."""


def wait_before_retry(outcome: Outcome, *, retry: int, now: float, random: float) -> float | None:
    """Say how many seconds to wait before retry number `retry` (from 0), or None where it is no use.

    `now` is in seconds since the epoch, `random` uniform in [0, 1).
    """
    if not _is_worth_retrying(outcome):
        return None
    backoff = min(FIRST_BACKOFF * 2.0**retry, LONGEST_BACKOFF)
    asked = _asked_wait(outcome, now)
    if asked is None:
        return backoff * (0.5 + random / 2)
    if asked > LONGEST_RETRY_AFTER:
        return None
    # Never sooner than asked; a little later, or all who were turned away together come back together.
    return asked + backoff * random / 4


def parse_retry_after(value: str, now: float) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date, as seconds from `now`; None where unreadable."""
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, now)
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _is_worth_retrying(outcome: Outcome) -> bool:
    if isinstance(outcome, httpx.Response):
        return outcome.status_code in (408, 429) or outcome.status_code >= 500
    hopeless = isinstance(outcome, httpx.UnsupportedProtocol | httpx.LocalProtocolError)
    return isinstance(outcome, httpx.TransportError) and not hopeless


def _asked_wait(outcome: Outcome, now: float) -> float | None:
    if not isinstance(outcome, httpx.Response) or "retry-after" not in outcome.headers:
        return None
    return parse_retry_after(outcome.headers["retry-after"], now)


def _seconds_until(date: str, now: float) -> float:
    try:
        moment = parsedate_to_datetime(date)
        # HTTP dates are GMT; one that names no zone would be taken as local time.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.timestamp() - now
    except (ValueError, OverflowError):
        return math.nan
