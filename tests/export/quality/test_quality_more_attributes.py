from typing import cast

import pytest

from mien_export.quality.held_out import HeldOutFace
from mien_export.quality.more_attributes import FACES, lacking
from mien_export.recipes.attribute_vectors import Source


class _Labelled:
    """A face of which only the label row is asked."""

    def __init__(self, **row: str) -> None:
        self.row = {"Male": "0", "Goatee": "0", "No_Beard": "1"} | row


EVERYBODY = [
    _Labelled(),
    _Labelled(Male="1"),
    _Labelled(Male="1", Goatee="1", No_Beard="0"),
    _Labelled(Male="1", No_Beard="0"),
]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Source("Goatee"), [0, 1, 3]),
        (Source("Goatee", men_only=True), [1, 3]),
        (Source("No_Beard", negated=True, men_only=True), [1]),
    ],
)
def test_who_lacks_an_attribute_is_asked_for_it(source: Source, expected: list[int]) -> None:
    found = lacking(cast("list[HeldOutFace]", EVERYBODY), source)
    assert found == [EVERYBODY[i] for i in expected]


def test_no_more_faces_than_needed() -> None:
    assert len(lacking(cast("list[HeldOutFace]", EVERYBODY * 100), Source("Goatee"))) == FACES
