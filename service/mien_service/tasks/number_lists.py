"""Lists of numbers as a form or a query writes them."""

import math


def parse_numbers(text: str) -> list[float]:
    """Return the numbers of `a,b,c`, or of `start:stop:step` with stop exclusive.

    Raises ValueError where the text is neither, or names more than 1,000 numbers.
    """
    if ":" not in text:
        return [float(part) for part in text.split(",")]
    start, stop, step = (float(part) for part in text.split(":"))
    if not all(map(math.isfinite, (start, stop, step))) or step == 0:
        raise ValueError("start:stop:step takes finite numbers and a step other than 0")
    # The small slack keeps 0:1:0.1 at ten numbers in spite of binary rounding.
    count = math.ceil((stop - start) / step - 1e-9)
    if not 0 < count <= 1000:
        raise ValueError("start:stop:step names no number, or too many")
    return [round(start + i * step, 10) for i in range(count)]
