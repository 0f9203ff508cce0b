"""/edit-attribute: a smile, a mustache, younger, older, more masculine, more feminine, and more.

Engine `vae` (seed: Face Flex): the face is encoded to 500 numbers, attribute vectors are added, and what moved and
changed between the two decoded faces is done to the photo's own pixels, so that its detail stays.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from mien_service.engine.manifest import WeightsError
from mien_service.faces.align import AlignedFace
from mien_service.faces.edit import Edit
from mien_service.faces.motion import edit_between
from mien_service.faces.regions import REGIONS
from mien_service.tasks.attributes import ALIASES, REGION_OF, Attribute, AttributeName
from mien_service.tasks.number_lists import MAX_NUMBERS, parse_numbers
from mien_service.tasks.registry import Picture, Runner, Tables, TaskParams, task

MAX_STRENGTH = 2.0
"""Strength 1 is one clearly visible change (calibrated on validation faces); twice that is the most offered."""

MAX_VARIANTS = 8

VAE_SIZE = 128

VECTORS = "face_vae_vectors"

Strength = Annotated[float, Field(ge=-MAX_STRENGTH, le=MAX_STRENGTH, allow_inf_nan=False)]
Strengths = dict[Attribute, float]
Latent = NDArray[np.float32]
Rendering = NDArray[np.float32]


def _number_list(value: object) -> object:
    return parse_numbers(value) if isinstance(value, str) else value


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
        Annotated[list[Strength], Field(min_length=1, max_length=MAX_NUMBERS), BeforeValidator(_number_list)] | None
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
    engine: Literal["vae"] = Field("vae", description="The network that makes the change.")

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> "EditAttributeParams":
        if (self.attribute is None) == (self.edits is None):
            raise ValueError("give either attribute or edits")
        if self.edits is not None and (self.strength is not None or self.strengths is not None):
            raise ValueError("edits carry their own strengths: leave out strength and strengths")
        if self.strength is not None and self.strengths is not None:
            raise ValueError("give either strength or strengths")
        return self

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


def check_vectors(tables: Tables) -> None:
    """Raise WeightsError if an attribute that is offered has no vectors."""
    known = {str(name) for name in tables(VECTORS)["attributes"]}
    missing = [attribute.value for attribute in Attribute if attribute.value not in known]
    if missing:
        raise WeightsError(f"{VECTORS}: there are no vectors for {', '.join(missing)}")


@task(
    "/edit-attribute",
    params=EditAttributeParams,
    networks=("face_vae_encoder", "face_vae_decoder", VECTORS),
    check=check_vectors,
)
def edit_attribute(face: AlignedFace, params: EditAttributeParams, run: Runner) -> Sequence[Edit]:
    """Change attributes of a face: smile, mustache, age, masculinity and more."""
    vectors = AttributeVectors(run.table(VECTORS), params.vectors)
    pictures = params.pictures()
    changes = [params.changes(picture) for picture in pictures]
    mean = run("face_vae_encoder", image=network_image(face))["mean"]
    shifts = [
        vectors.shift(change, picture.variant or 0, params.seed)
        for change, picture in zip(changes, pictures, strict=True)
    ]
    decoded = run("face_vae_decoder", latent=np.concatenate([mean, mean + np.stack(shifts)]))["image"]
    before, *afters = np.ascontiguousarray(decoded.transpose(0, 2, 3, 1))
    return [_edit(face, change, before, after) for change, after in zip(changes, afters, strict=True)]


def network_image(face: AlignedFace) -> NDArray[np.float32]:
    """Return the VAE's input: (1, 3, 128, 128) RGB in 0..1."""
    small = cv2.resize(face.crop, (VAE_SIZE, VAE_SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32).transpose(2, 0, 1)[None] / np.float32(255)


def _edit(face: AlignedFace, change: Strengths, before: Rendering, after: Rendering) -> Edit:
    """Return the edit from one decoded face (128, 128, 3) to another, confined to where the change shows."""
    alpha = np.zeros(face.crop.shape[:2], np.float32)
    for region in sorted({REGION_OF[attribute] for attribute, strength in change.items() if strength != 0}):
        alpha = np.maximum(alpha, REGIONS[region](face.landmarks))
    small = cv2.resize(alpha, (VAE_SIZE, VAE_SIZE), interpolation=cv2.INTER_AREA)
    edit = edit_between(before, after, np.asarray(small, np.float32))
    return edit.scaled(max([1.0, *map(abs, change.values())]))


class AttributeVectors:
    """Shifts of the latent numbers, from the table `face_vae_vectors`."""

    def __init__(self, table: dict[str, NDArray[Any]], kind: Literal["orthogonal", "plain"]) -> None:
        self._index = {str(name): i for i, name in enumerate(table["attributes"])}
        self._versions = table[kind]
        self._units = table[f"{kind}_units"]

    def shift(self, change: Strengths, variant: int, seed: int) -> Latent:
        """Return the (500,) shift for `change`, held within strength 1: the rest is done by scaling fields.

        Variant 0 is the mean of an attribute's 25 versions; others are one version drawn by `seed`.
        """
        most = max([1.0, *map(abs, change.values())])
        total = np.zeros(self._versions.shape[-1], np.float32)
        for attribute, strength in change.items():
            i = self._index[attribute.value]
            unit = float(self._units[i, 1 if strength > 0 else 0])
            total += np.float32(strength / most * unit) * self._version(i, variant, seed)
        return total

    def _version(self, index: int, variant: int, seed: int) -> Latent:
        versions = self._versions[index].astype(np.float32)
        if variant == 0:
            return versions.mean(axis=0)
        order = np.random.default_rng(seed).permutation(len(versions))
        return versions[order[variant - 1]]
