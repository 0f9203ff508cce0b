from dataclasses import astuple, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mien_export.runner import WeightsRunner
from mien_service.app import REGISTRY
from mien_service.faces.align import AlignedFace
from mien_service.faces.skin.signs import Gains
from mien_service.tasks.addiction_preview import MAX_GAIN, NOTICE, AddictionPreviewParams, addiction_preview
from mien_service.tasks.registry import Picture
from mien_service.tasks.substances import SIGNS, Substance

SEVERITIES = st.floats(0, 1)
GAINS = ("blotches", "wrinkles", "tone", "hollowing", "eyes_teeth")


def params(**given_: Any) -> AddictionPreviewParams:
    return AddictionPreviewParams.model_validate({"substance": "smoking"} | given_)


def test_severity_is_one_unless_said() -> None:
    assert params().pictures() == [Picture(1.0)]
    assert params(severity="0").pictures() == [Picture(0.0)]


@given(st.lists(SEVERITIES, min_size=1, max_size=9))
def test_pictures_are_severities(severities: list[float]) -> None:
    wanted = [Picture(severity) for severity in severities]
    assert params(severities=severities).pictures() == wanted
    assert params(severities=",".join(map(repr, severities))).pictures() == wanted


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(GAINS, st.floats(0, MAX_GAIN))))
def test_each_gain_is_that_of_its_part(gains: dict[str, float]) -> None:
    assert params(**{name: repr(gain) for name, gain in gains.items()}).gains() == Gains(**gains)


def test_a_severity_is_said_in_one_way() -> None:
    with pytest.raises(ValidationError, match="either severity or severities"):
        params(severity=1, severities=[0, 1])


def test_every_substance_has_signs_of_its_own() -> None:
    assert set(SIGNS) == set(Substance)
    assert len({astuple(signs) for signs in SIGNS.values()}) == len(SIGNS)


def test_it_says_what_it_is_and_offers_help() -> None:
    [spec] = [spec for spec in REGISTRY.specs() if spec.path == "/addiction-preview"]
    assert (spec.notice, spec.offers_help, spec.invents) == (NOTICE, True, False)
    assert [other.path for other in REGISTRY.specs() if other.offers_help] == ["/addiction-preview"]


def test_a_face_without_a_mesh_is_looked_at_again(aligned: AlignedFace, runner: WeightsRunner) -> None:
    unseen = replace(aligned, face=replace(aligned.face, mesh=None))
    [known], [looked] = (addiction_preview(face, params(), runner) for face in (aligned, unseen))
    assert known.residual.shape == looked.residual.shape
    assert np.abs(known.residual).mean() > 1
    assert np.abs(known.residual - looked.residual).mean() < 0.5 * np.abs(known.residual).mean()
