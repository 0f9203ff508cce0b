"""An id for every request: the client's own if it is sane, else a new one."""

import re
import uuid

from starlette.requests import HTTPConnection

SANE = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


def request_id_of(request: HTTPConnection) -> str:
    """Return the id of `request`, the same each time it is asked for."""
    known = getattr(request.state, "request_id", None)
    if isinstance(known, str):
        return known
    given = request.headers.get("X-Request-Id", "")
    request_id = given if SANE.match(given) else uuid.uuid4().hex
    request.state.request_id = request_id
    return request_id
