"""All of a call but the sending and the sleeping: what both clients share."""

import copy
import logging
import random
import time
from collections.abc import Callable
from typing import Generic, Self, TypeVar

import httpx

from ._calls import Call
from ._errors import connection_error, status_error
from ._options import Options, TimeoutChoice
from ._responses import RawResponse
from ._retries import Outcome, wait_before_retry

logger = logging.getLogger("mien")

T = TypeVar("T")
HttpT = TypeVar("HttpT", httpx.Client, httpx.AsyncClient)


class Core(Generic[HttpT]):
    """A client without its sending: builds requests, decides retries, reads outcomes."""

    def __init__(self, options: Options, http: HttpT, *, owns_http: bool) -> None:
        self._options = options
        self._http: HttpT = http
        self._owns_http = owns_http
        self._clock: Callable[[], float] = time.time
        self._random: Callable[[], float] = random.random

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._options.base_url!r}>"

    def with_options(self, *, timeout: TimeoutChoice = None, max_retries: int | None = None) -> Self:
        """Return a client with other settings over the same connections; closing it leaves them open."""
        twin = copy.copy(self)
        twin._options = self._options.but(timeout, max_retries)
        twin._owns_http = False
        return twin

    def _request(self, call: Call[object]) -> httpx.Request:
        options = self._options
        return self._http.build_request(
            call.method,
            options.url(call.path),
            headers=_headers(options, call),
            data=call.fields or None,
            files=call.files or None,
            timeout=options.timeout,
        )

    def _wait(self, call: Call[object], outcome: Outcome, retry: int) -> float | None:
        """Say how long to wait before the call is tried again, or None where this outcome is the last."""
        _log_outcome(call, outcome)
        if retry >= self._options.max_retries or _is_answer(call, outcome):
            return None
        wait = wait_before_retry(outcome, retry=retry, now=self._clock(), random=self._random())
        if wait is not None:
            logger.debug("retry %d of %d in %.2f s", retry + 1, self._options.max_retries, wait)
        return wait

    def _finish(self, call: Call[T], outcome: Outcome) -> T:
        if isinstance(outcome, httpx.RequestError):
            raise connection_error(outcome) from outcome
        response = RawResponse.of(outcome)
        if not _is_answer(call, outcome):
            raise status_error(response)
        return call.read(response)


def _headers(options: Options, call: Call[object]) -> dict[str, str]:
    headers = {"Accept": call.accept, "User-Agent": options.user_agent}
    if options.api_key is not None:
        headers["Authorization"] = f"Bearer {options.api_key}"
    return headers


def _is_answer(call: Call[object], outcome: Outcome) -> bool:
    if not isinstance(outcome, httpx.Response):
        return False
    return outcome.is_success or outcome.status_code in call.answers


def _log_outcome(call: Call[object], outcome: Outcome) -> None:
    if isinstance(outcome, httpx.Response):
        request_id = outcome.headers.get("x-request-id", "-")
        logger.debug("%s %s: %d, request %s", call.method, call.path, outcome.status_code, request_id)
    else:
        logger.debug("%s %s: %s", call.method, call.path, type(outcome).__name__)
