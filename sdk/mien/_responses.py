"""A response as it came, without what was sent for it."""

from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True, eq=False)
class RawResponse:
    """The service's response as it came.

    Not an `httpx.Response`: that one holds on to its request, so every kept result would keep the
    uploaded picture in memory too.
    """

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)

    @classmethod
    def of(cls, response: httpx.Response) -> "RawResponse":
        """Copy what is worth keeping of a response whose body was read."""
        return cls(response.status_code, response.headers, response.content)

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters; empty where none was given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def request_id(self) -> str | None:
        """What to quote when reporting a fault."""
        return self.headers.get("x-request-id")
