import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from mien_service.tasks.attribute_editor import (
    ATTRIBUTES,
    EDITORS,
    REACH,
    REACHES,
    STYLE_NUMBERS,
    UNITS,
    WIDEST_STYLE,
    condition,
    networks_for,
    strengths,
)
from mien_service.tasks.attributes import Attribute, Take

STRENGTHS = st.dictionaries(st.sampled_from(ATTRIBUTES), st.floats(-2, 2, allow_nan=False), min_size=1)
NETWORKS = st.sampled_from(list(EDITORS))


@given(STRENGTHS, NETWORKS)
def test_a_network_is_asked_for_its_own_attributes_within_what_was_trained(
    change: dict[Attribute, float], name: str
) -> None:
    take, known, reach = Take(change), EDITORS[name], REACHES.get(name, REACH)
    asked_for = strengths(take, known)
    for attribute, wanted in zip(known, asked_for, strict=True):
        strength = change.get(attribute, 0.0)
        counted = np.sign(strength) * (min(abs(strength), 1) + max(abs(strength) - 1, 0) / 2)
        assert wanted == pytest.approx(counted * UNITS[attribute][strength > 0])
    told = condition(take, asked_for, reach)
    assert told.shape == (len(known) + STYLE_NUMBERS,)
    told_strengths = told[: len(known)]
    assert np.abs(told_strengths).max() <= reach + 1e-6
    if np.abs(asked_for).max() <= reach:
        np.testing.assert_allclose(told_strengths, asked_for, atol=1e-6)
    else:
        np.testing.assert_allclose(told_strengths / reach, asked_for / np.abs(asked_for).max(), atol=1e-6)


def style_of(variant: int, seed: int) -> np.ndarray:
    return condition(Take({Attribute.SMILING: 1.0}, variant, seed), np.ones(1))[1:]


@given(st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_styles_stay_within_what_was_trained(variant: int, seed: int) -> None:
    assert 0 < np.abs(style_of(variant, seed)).max() <= WIDEST_STYLE


def test_variants_have_styles_of_their_own_by_the_seed() -> None:
    plain, one, again, other, reseeded = (style_of(*which) for which in ((0, 5), (1, 5), (1, 5), (2, 5), (1, 6)))
    assert (plain == 0).all()
    np.testing.assert_array_equal(one, again)
    assert len({tuple(found.tolist()) for found in (plain, one, other, reseeded)}) == 4


@pytest.mark.parametrize("name", EDITORS)
def test_a_network_is_asked_for_what_it_knows(name: str) -> None:
    for attribute in EDITORS[name]:
        assert networks_for([attribute]) == [name]
    assert networks_for(list(ATTRIBUTES)) == list(EDITORS)
    assert networks_for([Attribute.MAKEUP]) == []
