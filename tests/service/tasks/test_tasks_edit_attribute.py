from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mien_service.app import REGISTRY
from mien_service.tasks import attribute_editor
from mien_service.tasks.attributes import ALIASES, Attribute
from mien_service.tasks.edit_attribute import MAX_STRENGTH, EditAttributeParams
from mien_service.tasks.registry import Picture, TaskParams, TaskRegistry, TaskSpec

NAMES = st.sampled_from([*map(str, Attribute), *ALIASES])
STRENGTHS = st.floats(-MAX_STRENGTH, MAX_STRENGTH)


def params(**given_: Any) -> EditAttributeParams:
    return EditAttributeParams.model_validate(given_)


@given(st.dictionaries(st.sampled_from(list(Attribute)), STRENGTHS, min_size=1))
def test_edits_as_text_are_edits_as_an_object(edits: dict[Attribute, float]) -> None:
    text = ",".join(f"{name}:{strength!r}" for name, strength in edits.items())
    typed = {str(name): strength for name, strength in edits.items()}
    assert params(edits=text) == params(edits=typed)
    assert params(edits=text).changes(Picture()) == edits


@given(NAMES, STRENGTHS)
def test_one_attribute(name: str, strength: float) -> None:
    made = params(attribute=name, strength=repr(strength))
    (picture,) = made.pictures()
    assert picture == Picture(strength, 0)
    assert made.changes(picture) == {Attribute(ALIASES.get(name, name)): strength}


def test_strength_is_one_unless_said() -> None:
    assert params(attribute="young").pictures() == [Picture(1.0, 0)]


@given(st.lists(STRENGTHS, min_size=1, max_size=9), st.integers(1, 8))
def test_pictures_are_strengths_by_variants(strengths: list[float], variants: int) -> None:
    made = params(attribute="smiling", strengths=strengths, variants=str(variants))
    assert made.pictures() == [Picture(strength, i) for strength in strengths for i in range(variants)]


@given(st.dictionaries(st.sampled_from(list(Attribute)), STRENGTHS, min_size=1))
def test_an_engine_is_asked_for_what_it_knows(edits: dict[Attribute, float]) -> None:
    typed = {str(name): strength for name, strength in edits.items()}
    asked = params(edits=typed, engine="vae")
    assert (asked.sharp(edits), asked.network()) == ([], "face_vae_encoder")
    if set(edits) <= set(attribute_editor.ATTRIBUTES):
        asked = params(edits=typed, engine="editnet")
        assert asked.sharp(edits) == list(edits)
        assert asked.network() == attribute_editor.networks_for(list(edits))[0]
        return
    with pytest.raises(ValidationError, match="engine editnet does not know"):
        params(edits=typed, engine="editnet")


@given(st.dictionaries(st.sampled_from(list(Attribute)), STRENGTHS, min_size=1))
def test_unasked_each_attribute_is_edited_by_the_better_engine(edits: dict[Attribute, float]) -> None:
    asked = params(edits={str(name): strength for name, strength in edits.items()})
    sharp = [name for name, strength in edits.items() if attribute_editor.is_preferred(name, strength)]
    assert asked.sharp(edits) == sharp
    assert (asked.network() == "face_vae_encoder") == (not sharp)


def test_the_better_engine_depends_on_the_direction() -> None:
    assert [params(attribute="smiling", strength=way).network() for way in (-1, 1)] == [
        "smile_editor",
        "face_vae_encoder",
    ]
    assert params(attribute="smiling", strengths="0,1,-1").network() == "smile_editor"
    assert not attribute_editor.is_preferred(Attribute.YOUNG, 0.0)


WORDS = st.text(max_size=20) | st.sampled_from(
    ["smiling:1", "young", "0:1:0.5", "1", "-3", "true", "all", "male:1,male:2"]
)
LISTS = st.lists(WORDS, max_size=3) | st.dictionaries(WORDS, WORDS, max_size=3)
VALUES = WORDS | st.integers() | st.floats() | st.none() | st.booleans() | LISTS
FIELDS = st.sampled_from(list(EditAttributeParams.model_fields))


@given(st.dictionaries(FIELDS, VALUES, max_size=6))
def test_any_parameters_are_taken_or_refused(values: dict[str, Any]) -> None:
    try:
        made = params(**values)
    except ValidationError:
        return
    for picture in made.pictures():
        assert all(abs(strength) <= MAX_STRENGTH for strength in made.changes(picture).values())


@pytest.mark.parametrize(("text", "wanted"), [("largest", "largest"), ("all", "all"), ("0", 0), ("12", 12), (" 3 ", 3)])
def test_which_face(text: str, wanted: str | int) -> None:
    assert params(attribute="male", face=text).face == wanted


@pytest.mark.parametrize("text", ["-1", "first", "", "1.5", "9" * 5000, "²"])
def test_which_face_is_not_said(text: str) -> None:
    with pytest.raises(ValidationError):
        params(attribute="male", face=text)


def spec(path: str) -> TaskSpec:
    return TaskSpec(path, TaskParams, (), lambda *_: [], "Does nothing.")


def test_a_registry_refuses_and_stays_as_it_was() -> None:
    registry = TaskRegistry()
    registry.add(spec("/one"))
    for path in ("/one", "two"):
        with pytest.raises(ValueError, match=path):
            registry.add(spec(path))
    assert [one.name for one in registry.specs()] == ["one"]


@pytest.mark.parametrize("one", REGISTRY.specs(), ids=lambda one: one.name)
def test_every_task_is_described(one: TaskSpec) -> None:
    assert one.summary.endswith(".")
    assert one.networks
    for name, info in one.params.model_fields.items():
        assert info.description, name
