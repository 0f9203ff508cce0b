"""Server-Timing, as the service sends it and as anyone might."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._timings import parse_server_timing

NAMES = st.text("abcdefghijklmnopqrstuvwxyz-_", min_size=1, max_size=12)
MILLISECONDS = st.floats(0, 1e9)


@pytest.mark.parametrize(
    ("value", "timings"),
    [
        ("decode;dur=1.2, find;dur=30", {"decode": 1.2, "find": 30.0}),
        ("decode ; DUR = 1", {"decode": 1.0}),
        ('find;desc="a, b; dur=9";dur=2', {"find": 2.0}),
        ('find;dur="2.5"', {"find": 2.5}),
        (r'find;desc="a \" , b";dur=2', {"find": 2.0}),
        ("hit, miss;desc=x", {}),
        ("a;dur=nan, b;dur=inf, c;dur=x, d;dur=", {}),
        (";dur=1", {}),
        ('a;desc="open;dur=1, b;dur=2', {}),
        ("", {}),
    ],
)
def test_known_forms(value: str, timings: dict[str, float]) -> None:
    assert parse_server_timing(value) == timings


@given(st.dictionaries(NAMES, MILLISECONDS))
def test_what_is_written_is_read(timings: dict[str, float]) -> None:
    assert parse_server_timing(", ".join(f"{name};dur={ms}" for name, ms in timings.items())) == timings


@given(st.text() | st.text(' ,;="\\adur1.'))
def test_anything_is_read_without_failing(value: str) -> None:
    assert all(name and math.isfinite(ms) for name, ms in parse_server_timing(value).items())
