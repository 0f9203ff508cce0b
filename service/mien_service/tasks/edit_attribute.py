"""/edit-attribute: a smile, a mustache, younger, older, more masculine, more feminine, and more."""

from collections.abc import Sequence
from typing import Annotated, Literal, cast

from pydantic import BeforeValidator, Field, model_validator

from mien_service.faces.align import AlignedFace
from mien_service.faces.edit import Edit
from mien_service.tasks import attribute_editor, attribute_vae
from mien_service.tasks.attributes import ALIASES, Attribute, AttributeName, Strengths, Take, edited
from mien_service.tasks.number_lists import MAX_NUMBERS, number_list
from mien_service.tasks.registry import Picture, Runner, TaskParams, task

MAX_STRENGTH = 2.0
"""Strength 1 is one clearly visible change (calibrated on validation faces); twice that is the most offered."""

MAX_VARIANTS = 8

Strength = Annotated[float, Field(ge=-MAX_STRENGTH, le=MAX_STRENGTH, allow_inf_nan=False)]

Engine = Literal["editnet", "vae"]


def _edit_mapping(value: object) -> object:
    """Turn `smiling:1,young:-0.5` into a mapping. Raises ValueError where an attribute is named twice."""
    if isinstance(value, str):
        parts = [part.partition(":") for part in value.split(",")]
        pairs: list[tuple[str, object]] = [(name.strip(), strength) for name, _, strength in parts]
    elif isinstance(value, dict):
        pairs = list(cast("dict[str, object]", value).items())
    else:
        return value
    edits = {ALIASES.get(name, name): strength for name, strength in pairs}
    if len(edits) != len(pairs):
        raise ValueError("an attribute is named twice")
    return edits


class EditAttributeParams(TaskParams):
    """Parameters of /edit-attribute: either `attribute` with `strength` or `strengths`, or `edits`."""

    attribute: AttributeName | None = Field(None, description="What to change; `masculine` stands for `male`.")
    strength: Strength | None = Field(
        None, description="How much: 1 is one clearly visible change, negative the other way. Default 1."
    )
    strengths: (
        Annotated[list[Strength], Field(min_length=1, max_length=MAX_NUMBERS), BeforeValidator(number_list)] | None
    ) = Field(None, description="Several pictures: a list (`-1,0,1`) or `start:stop:step` with stop exclusive.")
    edits: Annotated[dict[AttributeName, Strength], Field(min_length=1), BeforeValidator(_edit_mapping)] | None = Field(
        None, description="Several changes at once: `smiling:1,young:-0.5`, or an object in JSON."
    )
    variants: int = Field(1, ge=1, le=MAX_VARIANTS, description="How many different takes on the change.")
    seed: int = Field(0, ge=0, lt=2**32, description="Draws the variants after the first.")
    vectors: Literal["orthogonal", "plain"] = Field(
        "orthogonal",
        description="Attribute vectors freed of what else comes with the attribute (`orthogonal`), or as found.",
        json_schema_extra={"x-advanced": True},
    )
    engine: Engine | None = Field(
        None,
        description=(
            f"What makes the change: `editnet` ({', '.join(attribute_editor.ATTRIBUTES)}) or `vae` (all attributes). "
            "Default: the better one for each attribute and direction."
        ),
    )

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> "EditAttributeParams":
        if (self.attribute is None) == (self.edits is None):
            raise ValueError("give either attribute or edits")
        if self.edits is not None and (self.strength is not None or self.strengths is not None):
            raise ValueError("edits carry their own strengths: leave out strength and strengths")
        if self.strength is not None and self.strengths is not None:
            raise ValueError("give either strength or strengths")
        unknown = [name.value for name in self._asked() if name not in attribute_editor.ATTRIBUTES]
        if self.engine == "editnet" and unknown:
            raise ValueError(f"engine editnet does not know {', '.join(unknown)}")
        return self

    def sharp(self, change: Strengths) -> list[Attribute]:
        """Return what of a change the engine `editnet` makes: what was asked of it, or all that it does better."""
        if self.engine is not None:
            return list(change) if self.engine == "editnet" else []
        return [name for name, strength in change.items() if attribute_editor.is_preferred(name, strength)]

    def network(self) -> str:
        """Return the first network that is run."""
        sharp = [name for picture in self.pictures() for name in self.sharp(self.changes(picture))]
        return (*attribute_editor.networks_for(sharp), *attribute_vae.NETWORKS)[0]

    def _asked(self) -> list[Attribute]:
        return [self.attribute] if self.attribute is not None else list(self.edits or {})

    def pictures(self) -> list[Picture]:
        """Return one picture for each strength and variant, variants varying fastest."""
        strengths: list[float | None] = [None]
        if self.attribute is not None:
            strengths = list(self.strengths or [1.0 if self.strength is None else self.strength])
        return [Picture(strength, variant) for strength in strengths for variant in range(self.variants)]

    def changes(self, picture: Picture) -> Strengths:
        """Return the strength of each attribute in `picture`."""
        if self.attribute is not None and picture.strength is not None:
            return {self.attribute: picture.strength}
        return dict(self.edits or {})


@task(
    "/edit-attribute",
    params=EditAttributeParams,
    networks=(*attribute_editor.EDITORS, *attribute_vae.NETWORKS),
    at_start=attribute_vae.check_vectors,
)
def edit_attribute(face: AlignedFace, params: EditAttributeParams, run: Runner) -> Sequence[Edit]:
    """Change attributes of a face: smile, mustache, age, masculinity and more."""
    takes = [Take(params.changes(picture), picture.variant or 0, params.seed) for picture in params.pictures()]
    parts = [_parts(take, params) for take in takes]
    if not any(sharp.change for sharp, _ in parts):
        return attribute_vae.edits(face, takes, params.vectors, run)
    made = attribute_editor.edits(face, [sharp for sharp, _ in parts], run)
    return [_with_the_rest(face, edit, rest, params, run) for edit, (_, rest) in zip(made, parts, strict=True)]


def _parts(take: Take, params: EditAttributeParams) -> tuple[Take, Take]:
    """Return the part of a take that the engine `editnet` makes, and the rest."""
    sharp = params.sharp(take.change)
    return take.only(sharp), take.only([name for name in take.change if name not in sharp])


def _with_the_rest(face: AlignedFace, before: Edit, rest: Take, params: EditAttributeParams, run: Runner) -> Edit:
    """Return an edit followed by what the VAE makes of the rest of the change, if there is any."""
    if not any(rest.change.values()):
        return before
    [then] = attribute_vae.edits(edited(face, before), [rest], params.vectors, run)
    return before.then(then)
