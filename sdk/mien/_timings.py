"""Server-Timing, as in https://www.w3.org/TR/server-timing/."""

import math
import re
from collections.abc import Iterator

# Stretches between commas (semicolons), which inside double quotes do not count.
_ENTRY = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*"?)+')
_PART = re.compile(r'(?:[^;"]|"(?:\\.|[^"\\])*"?)+')


def parse_server_timing(value: str) -> dict[str, float]:
    """Read a Server-Timing header as stage -> milliseconds; entries without a duration are left out."""
    return dict(_durations(value))


def _durations(value: str) -> Iterator[tuple[str, float]]:
    for name, *parameters in filter(None, map(_PART.findall, _ENTRY.findall(value))):
        duration = next(filter(math.isfinite, map(_duration, parameters)), None)
        if name.strip() and duration is not None:
            yield name.strip(), duration


def _duration(parameter: str) -> float:
    key, _, value = parameter.partition("=")
    if key.strip().lower() != "dur":
        return math.nan
    try:
        return float(value.strip().strip('"'))
    except ValueError:
        return math.nan
