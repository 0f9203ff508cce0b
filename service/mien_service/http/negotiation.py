"""Which type to answer in, from the request's Accept header (RFC 9110, section 12.5.1)."""

from dataclasses import dataclass

from mien_service.http.problems import NOT_ACCEPTABLE, ProblemError
from mien_service.media.photo import ImageFormat

JSON = "application/json"


@dataclass(frozen=True)
class _Range:
    """One media range of an Accept header with its quality."""

    kind: str
    subtype: str
    quality: float

    def matches(self, media_type: str) -> bool:
        kind, _, subtype = media_type.partition("/")
        return self.kind in ("*", kind) and self.subtype in ("*", subtype)

    @property
    def precision(self) -> int:
        """How exact the range is: type/subtype before type/* before */*."""
        return (self.kind != "*") + (self.subtype != "*")


def preferred(accept: str | None, offers: list[str]) -> str:
    """Return the offer the client likes best; earlier offers win ties.

    Raises ProblemError (not-acceptable) if it takes none of them. No header means anything is fine.
    """
    ranges = _parsed(accept or "*/*")
    best, best_quality = "", 0.0
    for offer in offers:
        matching = [one for one in ranges if one.matches(offer)]
        quality = max(matching, key=lambda one: one.precision).quality if matching else 0.0
        if quality > best_quality:
            best, best_quality = offer, quality
    if not best:
        raise ProblemError(NOT_ACCEPTABLE, f"The answer can be: {', '.join(offers)}.", offers=offers)
    return best


def image_offers(source: ImageFormat) -> list[str]:
    """Return what one picture can be answered as: first the input's own format, then the others, then JSON."""
    formats = [source, *(other for other in ImageFormat if other is not source)]
    return [*(one.media_type for one in formats), JSON]


def _parsed(accept: str) -> list[_Range]:
    ranges = [_range(part) for part in accept.split(",")]
    return [one for one in ranges if one is not None]


def _range(text: str) -> _Range | None:
    media_type, *parameters = [part.strip() for part in text.split(";")]
    kind, slash, subtype = media_type.lower().partition("/")
    if not slash or not kind or not subtype:
        return None
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                return None
    return _Range(kind, subtype, quality)
