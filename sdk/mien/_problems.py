"""RFC 9457 problem details, read from any response that is an error."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from ._responses import RawResponse
from ._retries import parse_retry_after


@dataclass(frozen=True, eq=False)
class Problem:
    """What the service (or something in front of it) said about a refused request."""

    response: RawResponse
    type: str | None
    title: str | None
    detail: str | None
    field: str | None
    request_id: str | None
    retry_after: float | None
    body: Mapping[str, Any] | str


def read_problem(response: RawResponse) -> Problem:
    """Read the problem in a response; what a proxy sent in another form keeps only status and body."""
    body = _body(response)
    members: Mapping[str, Any] = {} if isinstance(body, str) else body
    return Problem(
        response,
        type=_short_type(_text(members, "type")),
        title=_text(members, "title"),
        detail=_text(members, "detail"),
        field=_text(members, "field"),
        request_id=_text(members, "request_id") or response.request_id,
        retry_after=parse_retry_after(response.headers.get("retry-after", ""), time.time()),
        body=body,
    )


def _body(response: RawResponse) -> Mapping[str, Any] | str:
    text = response.body.decode(errors="replace")
    if not response.media_type.endswith("json"):
        return text
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return cast("dict[str, Any]", members) if isinstance(members, dict) else text


def _text(members: Mapping[str, Any], name: str) -> str | None:
    value = members.get(name)
    return value if isinstance(value, str) and value else None


def _short_type(uri: str | None) -> str | None:
    """Cut a type URI down to its fragment, or to its last path segment; `about:blank` says nothing."""
    if uri is None or uri == "about:blank":
        return None
    path, _, fragment = uri.partition("#")
    return fragment or path.rstrip("/").rpartition("/")[2] or None
