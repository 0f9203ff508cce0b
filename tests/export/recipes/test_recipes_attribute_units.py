from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import finding
import numpy as np
import people
import pytest
import torch

from mien_export.quality.held_out import TUNING_HALF, HeldOutFace
from mien_export.quality.identity import IdentityMeter
from mien_export.recipes import attribute_units as recipe
from mien_export.recipes.attribute_units import MULTIPLES, Instruments, Scaled, unit_of
from mien_export.recipes.attribute_vectors import Source
from mien_export.recipes.judges import Judge
from mien_export.runner import WeightsRunner
from mien_service.faces.align import AlignedFace, align
from mien_service.faces.face import Face, RgbImage
from mien_service.tasks.attributes import Attribute

COLUMNS = ("Smiling", "Mustache", "Young", "Male")
DARK, BRIGHT = 100, 150
PER_UNIT = 20
"""Grey levels that the stub of an editor adds at multiple 1."""


class _Brightness(torch.nn.Module):
    """A judge that takes brightness, in grey levels, for every attribute."""

    def forward(self, squares: torch.Tensor) -> torch.Tensor:
        return (255 * squares.mean(dim=(1, 2, 3)))[:, None].expand(-1, len(COLUMNS))


class _BrightnessIs:
    """An identity meter to which a grey level is `distance` away from the next."""

    def __init__(self, distance: float) -> None:
        self._distance = distance

    def descriptors(self, chips: list[RgbImage]) -> np.ndarray:
        return np.array([[chip.mean() * self._distance] for chip in chips])


class _Brighten:
    """In place of Scaled: an editor that adds light, and remembers the multiples that were tried."""

    def __init__(self) -> None:
        self.multiples: list[float] = []
        self.edited: list[float] = []

    def editor(self, multiple: float) -> Callable[..., RgbImage]:
        self.multiples.append(multiple)

        def edit(photo: RgbImage, _: AlignedFace, __: str, strength: float) -> RgbImage:
            self.edited.append(float(photo.mean()))
            return np.clip(photo + multiple * strength * PER_UNIT, 0, 255).astype(np.uint8)

        return edit


@pytest.fixture(scope="module")
def found() -> Face:
    return finding.find(people.small_person("anna", 256))[0]


@pytest.fixture
def make_face(found: Face) -> Callable[..., HeldOutFace]:
    def make(level: int, **labels: str) -> HeldOutFace:
        photo = np.full((256, 256, 3), level, np.uint8)
        return HeldOutFace(photo, align(photo, found), {"Male": "1"} | labels)

    return make


def tools(faces: list[HeldOutFace], distance: float = 0.0) -> Instruments:
    judge = Judge("a", _Brightness(), list(COLUMNS), {}, {})
    return Instruments(judge, cast("IdentityMeter", _BrightnessIs(distance)), faces)


def unit(attribute: Attribute, direction: int, instruments: Instruments, scaled: _Brighten) -> float:
    return unit_of(attribute, direction, cast("Scaled", scaled), instruments)


@pytest.fixture
def smilers(make_face: Callable[..., HeldOutFace]) -> list[HeldOutFace]:
    return [make_face(BRIGHT, Smiling="1")] * 3 + [make_face(DARK, Smiling="0")] * 3


@pytest.mark.parametrize(("direction", "start"), [(1, DARK), (-1, BRIGHT)])
def test_the_least_multiple_that_looks_typical_is_taken(direction: int, start: int, smilers: list[HeldOutFace]) -> None:
    scaled = _Brighten()
    assert unit(Attribute.SMILING, direction, tools(smilers), scaled) == (BRIGHT - DARK) / PER_UNIT
    assert scaled.multiples == [multiple for multiple in MULTIPLES if multiple <= 2.5]
    assert set(scaled.edited) == {start}, "only who lacks the wanted state is edited"


def test_no_more_is_taken_than_keeps_who_it_is(smilers: list[HeldOutFace]) -> None:
    limit = recipe.IDENTITY_LIMIT[Attribute.SMILING]
    just_within_two = limit / (2.0 * PER_UNIT) * 0.999
    assert unit(Attribute.SMILING, 1, tools(smilers, just_within_two), _Brighten()) == 2
    assert unit(Attribute.SMILING, 1, tools(smilers, just_within_two * 1.01), _Brighten()) == 1.5


def test_an_edit_too_weak_gets_the_greatest_multiple(make_face: Callable[..., HeldOutFace]) -> None:
    faces = [make_face(250, Smiling="1"), make_face(20, Smiling="0")]
    assert unit(Attribute.SMILING, 1, tools(faces), _Brighten()) == MULTIPLES[-1]


def test_an_edit_too_strong_gets_the_least(smilers: list[HeldOutFace]) -> None:
    assert unit(Attribute.SMILING, 1, tools(smilers, 10.0), _Brighten()) == MULTIPLES[0]


def test_for_a_mustache_only_men_are_looked_at(make_face: Callable[..., HeldOutFace]) -> None:
    men = [make_face(BRIGHT, Mustache="1"), make_face(DARK, Mustache="0")]
    women = [make_face(250, Mustache="1", Male="0"), make_face(10, Mustache="0", Male="0")] * 5
    scaled = _Brighten()
    assert unit(Attribute.MUSTACHE, 1, tools(women + men), scaled) == 2.5
    assert set(scaled.edited) == {DARK}


def test_a_negated_source_is_asked_the_other_way(
    make_face: Callable[..., HeldOutFace], monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = [make_face(BRIGHT, Young="1"), make_face(DARK, Young="0")]
    monkeypatch.setitem(recipe.SOURCES, Attribute.YOUNG, Source("Young", negated=True))
    scaled = _Brighten()
    unit(Attribute.YOUNG, 1, tools(faces), scaled)
    assert set(scaled.edited) == {BRIGHT}, "to gain what `Young` denies, the young are edited"


def test_the_table_gains_units_of_both_kinds_for_both_directions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {}

    def measured(attribute: Attribute, direction: int, _: Scaled, __: Instruments) -> float:
        return 10 * list(Attribute).index(attribute) + direction + 5

    monkeypatch.setattr(recipe, "load_judge", lambda name: asked.setdefault("judge", name))
    monkeypatch.setattr(recipe, "IdentityMeter", lambda: None)
    monkeypatch.setattr(recipe, "celeba_faces", lambda half, *_: asked.setdefault("half", half) and [])
    monkeypatch.setattr(recipe, "WeightsRunner", lambda weights, **_: weights)
    monkeypatch.setattr(recipe, "unit_of", measured)
    vectors = np.random.default_rng(0).normal(size=(3, 25, 500)).astype(np.float16)
    table = {"attributes": np.array(["smiling", "mustache", "young"]), "plain": vectors, "orthogonal": vectors / 2}
    found = recipe.calibrated(table, tmp_path)
    assert asked == {"judge": "a", "half": TUNING_HALF}
    assert found["plain"] is table["plain"]
    assert found["orthogonal_units"].tolist() == [[4, 6], [14, 16], [24, 26]]
    np.testing.assert_allclose(found["plain_units"], found["orthogonal_units"] / 2, rtol=1e-3)


def test_a_multiple_scales_the_services_own_edit(weights: Path) -> None:
    photo = people.small_person("anna", 256)
    [face] = finding.find(photo)
    # Vectors far longer than real ones, so that any decoder, a hardly trained one too, shows them.
    vectors = np.random.default_rng(0).normal(0, 3, (1, 25, 500)).astype(np.float16)
    table = {"attributes": np.array(["young"]), "orthogonal": vectors, "plain": vectors}
    scaled = Scaled(table, WeightsRunner(weights))
    made = [scaled.editor(multiple)(photo, align(photo, face), "young", 1.0) for multiple in (0, 4, 40)]
    changes = [float(np.abs(picture.astype(int) - photo).mean()) for picture in made]
    assert changes[0] == 0
    assert 0 < changes[1] < changes[2]
