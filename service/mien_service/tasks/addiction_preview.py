"""/addiction-preview: signs associated with a substance, shown on a person's own photo, as an illustration."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from mien_service.faces import head_maps, landmarks
from mien_service.faces.align import AlignedFace
from mien_service.faces.edit import Edit
from mien_service.faces.head_model import TABLE, HeadModel
from mien_service.faces.skin.charts import charts_of
from mien_service.faces.skin.layers import canvas_of, layered
from mien_service.faces.skin.signs import Gains
from mien_service.tasks.head import mesh_in_square, uncovered_skin
from mien_service.tasks.number_lists import MAX_NUMBERS, number_list
from mien_service.tasks.registry import Picture, Runner, Tables, TaskParams, task
from mien_service.tasks.substances import SIGNS, Substance

NOTICE = (
    "Artistic illustration, not a medical prediction; not for screening, hiring, insurance or policing; "
    "adults, own photo or with consent."
)

MAX_GAIN = 2.0

Severity = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

Gain = Annotated[float, Field(ge=0, le=MAX_GAIN, allow_inf_nan=False, json_schema_extra={"x-advanced": True})]
"""How strong a part of the signs is: 0 none of it, 1 as it is."""


class AddictionPreviewParams(TaskParams):
    """Parameters of /addiction-preview."""

    substance: Substance = Field(description="What signs are shown of.")
    severity: Severity | None = Field(
        None, description="How far the signs have come: 0 is the photo itself, 1 as after years of use. Default 1."
    )
    severities: (
        Annotated[list[Severity], Field(min_length=1, max_length=MAX_NUMBERS), BeforeValidator(number_list)] | None
    ) = Field(None, description="Several pictures: a list (`0,.5,1`) or `start:stop:step` with stop exclusive.")
    blotches: Gain = Field(1.0, description="How strong blotches, sores and small vessels are: 0 none, 2 double.")
    wrinkles: Gain = Field(1.0, description="How strong wrinkles, pores and roughness are.")
    tone: Gain = Field(1.0, description="How strongly skin and lips change colour, dark rings too.")
    hollowing: Gain = Field(1.0, description="How far cheeks and temples sink in and lower lids swell.")
    eyes_teeth: Gain = Field(
        1.0, description="How far upper lids droop, and the white of the eyes and teeth change colour."
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Draws where lines and marks lie: one seed, one course.")

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> "AddictionPreviewParams":
        if self.severity is not None and self.severities is not None:
            raise ValueError("give either severity or severities")
        return self

    def pictures(self) -> list[Picture]:
        """Return one picture for each severity."""
        one = 1.0 if self.severity is None else self.severity
        return [Picture(strength=severity) for severity in self.severities or [one]]

    def gains(self) -> Gains:
        """Return the gains of the parts."""
        return Gains(self.blotches, self.wrinkles, self.tone, self.hollowing, self.eyes_teeth)


def draw_charts(tables: Tables) -> None:
    """Draw what every face shares, so that the first request need not wait for it."""
    del tables
    for signs in SIGNS.values():
        charts_of(signs.with_gains(Gains()), severity=1.0, seed=0)


@task(
    "/addiction-preview",
    params=AddictionPreviewParams,
    networks=(landmarks.NETWORK, head_maps.NETWORK, TABLE),
    notice=NOTICE,
    at_start=draw_charts,
    offers_help=True,
)
def addiction_preview(face: AlignedFace, params: AddictionPreviewParams, run: Runner) -> Sequence[Edit]:
    """Show signs associated with smoking, alcohol or drugs on a face, as an illustration."""
    model = HeadModel.of(run.table(TABLE))
    canvas = canvas_of(face.crop, mesh_in_square(face, run), model, uncovered_skin(face, run))
    severities = [picture.strength or 0.0 for picture in params.pictures()]
    return layered(canvas, SIGNS[params.substance], params.gains(), severities, params.seed)
