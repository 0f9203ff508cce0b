import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien_service.tasks.number_lists import MAX_NUMBERS, parse_numbers

FINITE = st.floats(-1e6, 1e6)


@given(st.lists(FINITE, min_size=1, max_size=50))
def test_a_list_is_its_numbers(numbers: list[float]) -> None:
    assert parse_numbers(",".join(map(repr, numbers))) == numbers
    assert parse_numbers(" , ".join(map(repr, numbers))) == numbers


@given(st.integers(-100, 100), st.integers(1, 200), st.sampled_from([0.01, 0.05, 0.1, 0.25, 1.0, 3.0]), st.booleans())
def test_a_range_has_its_start_and_not_its_end(start: int, count: int, step: float, falls: bool) -> None:
    step = -step if falls else step
    stop = round(start + count * step, 10)
    numbers = parse_numbers(f"{start}:{stop}:{step}")
    assert numbers == [round(start + i * step, 10) for i in range(count)]
    assert stop not in numbers


def test_known_ranges() -> None:
    assert parse_numbers("0:1:0.1") == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert parse_numbers("-1:1:0.5") == [-1, -0.5, 0, 0.5]
    assert parse_numbers("1:0:-0.5") == [1, 0.5]
    assert parse_numbers("0:1:0.3") == [0, 0.3, 0.6, 0.9]
    assert parse_numbers("0:1:5") == [0]


@pytest.mark.parametrize(
    "text",
    ["", ",", "a", "1,,2", "1:2", "1:2:3:4", "::", "0:1:0", "0:0:1", "1:0:1", "0:inf:1", "nan:1:1", "0:1:1e-12", "1;2"],
)
def test_what_is_no_list(text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are checked below
        parse_numbers(text)
    assert not any(word in str(caught.value) for word in ("unpack", "convert", "float"))


@given(st.text(alphabet="0123456789.,:-+einfa_ ", max_size=60) | st.text(max_size=30))
def test_any_text_is_numbers_or_refused(text: str) -> None:
    try:
        numbers = parse_numbers(text)
    except ValueError:
        return
    assert 0 < len(numbers) <= MAX_NUMBERS
    assert all(isinstance(one, float) for one in numbers)
    assert ":" not in text or all(map(math.isfinite, numbers))


def test_no_more_than_a_thousand() -> None:
    assert len(parse_numbers(",".join(["1"] * MAX_NUMBERS))) == MAX_NUMBERS
    with pytest.raises(ValueError, match="1000"):
        parse_numbers(",".join(["1"] * (MAX_NUMBERS + 1)))
