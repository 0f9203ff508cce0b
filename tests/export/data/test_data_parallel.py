from collections.abc import Sequence

import torch

from mien_export.data.parallel import in_parts


def numbered(items: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return each item with how many came with it and how many threads worked on it."""
    return [(item, len(items), torch.get_num_threads()) for item in items]


def test_all_items_are_worked_on_in_order_a_part_at_a_time() -> None:
    found = in_parts(numbered, range(7), part=3)
    assert [item for item, *_ in found] == list(range(7))
    assert [count for _, count, _ in found] == [3, 3, 3, 3, 3, 3, 1]
    assert {threads for *_, threads in found} == {1}
    assert in_parts(numbered, []) == []
