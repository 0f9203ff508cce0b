"""Lists of numbers as a form or a query writes them."""

import math

MAX_NUMBERS = 1000
"""Most numbers of one list; how many pictures an answer holds is a limit of its own."""


def number_list(value: object) -> object:
    """Return the numbers of a text, and anything else as it is: what a model validates lists of numbers after."""
    return parse_numbers(value) if isinstance(value, str) else value


def parse_numbers(text: str) -> list[float]:
    """Return the numbers of `a,b,c`, or of `start:stop:step` with stop exclusive.

    Raises ValueError where the text is neither, or names more than 1,000 numbers.
    """
    if ":" not in text:
        return _floats(text.split(","))
    numbers = _floats(text.split(":"))
    if len(numbers) != 3:
        raise ValueError("a range is start:stop:step")
    start, stop, step = numbers
    if not all(map(math.isfinite, (start, stop, step))) or step == 0:
        raise ValueError("start:stop:step takes finite numbers and a step other than 0")
    # The small slack keeps 0:1:0.1 at ten numbers in spite of binary rounding.
    count = math.ceil((stop - start) / step - 1e-9)
    if not 0 < count <= MAX_NUMBERS:
        raise ValueError("start:stop:step names no number, or too many")
    return [round(start + i * step, 10) for i in range(count)]


def _floats(parts: list[str]) -> list[float]:
    if len(parts) > MAX_NUMBERS:
        raise ValueError(f"at most {MAX_NUMBERS} numbers are taken")
    try:
        return [float(part) for part in parts]
    except ValueError:
        raise ValueError("give numbers as a,b,c or as start:stop:step") from None
