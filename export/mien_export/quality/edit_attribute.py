"""The evaluation of attribute edits: every editor on the same held-out faces, by every meter, in one run.

A face is asked for the change it does not have: who lacks the attribute gets strength +1, who has it -1, and
both directions are reported apart. Writes edit_attribute.json, .md and a contact sheet.
"""

import json
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from mien_export.quality.age import AgeMeter
from mien_export.quality.attribute_baselines import Editor, is_candidate
from mien_export.quality.attributes import aligned_squares, flips, rank_correlation
from mien_export.quality.detail import detail_kept
from mien_export.quality.held_out import HeldOutFace
from mien_export.quality.identity import IdentityMeter, distances, identity_chip, without_lower_half
from mien_export.quality.perceptual import PerceptualMeter
from mien_export.quality.regions import Mask, attribute_region, detail_area, surroundings
from mien_export.quality.report import as_json, markdown_table
from mien_export.quality.sheet import Labelled, write_sheet
from mien_export.quality.statistics import Floats, bootstrap_interval
from mien_export.quality.untouched import pooled_psnr, squared_error
from mien_export.recipes.judges import Judge
from mien_service.faces.face import RgbImage

ATTRIBUTES = ("smiling", "mustache", "young", "male")
STRENGTHS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])

RANKED_FACES = 15
"""Faces of each table row whose whole range of strengths is judged: five edits each."""

MOST_GAIN = 4.0
HALVINGS = 6
"""How baselines are brought to our identity distance: to a gain within a thirtieth."""

SHEET_FACES = 3
"""Faces of each table row shown on the sheet."""


@dataclass(frozen=True, eq=False)
class Entrant:
    """An editor under its name.

    `variant`, if it has any, is the same editor drawing another style; `graded` gives it at any gain from 0 to
    MOST_GAIN, at which it is held against the last entrant at equal identity distance; `knows` are the attributes that
    it edits, if not all.
    """

    name: str
    edit: Editor
    variant: Editor | None = None
    graded: Callable[[float], Editor] | None = None
    knows: Collection[str] | None = None

    def edits(self, attribute: str) -> bool:
        """Return whether the editor knows an attribute."""
        return self.knows is None or attribute in self.knows


@dataclass(frozen=True, eq=False)
class Meters:
    """The instruments of the evaluation, loaded once."""

    judge: Judge
    identity: IdentityMeter
    age: AgeMeter
    perceptual: PerceptualMeter


@dataclass(frozen=True)
class Result:
    """One table row: an editor on one attribute in one direction. NaN where a meter does not apply."""

    attribute: str
    direction: int
    editor: str
    n: int
    judged: int
    """Faces on which the judge agreed with the label beforehand: the flip share is of these."""

    flips: float
    flips_low: float
    flips_high: float
    identity: float
    """Mean descriptor distance to the untouched photo."""

    identity_high: float
    """Upper end of its 95 % interval."""

    identity_upper: float
    """The same with the lower half of the chip grey."""

    untouched: float
    """PSNR outside the attribute's region, dB, pooled."""

    surroundings: float
    """PSNR on hair and background near the face, dB, pooled."""

    detail: float
    """Median of the Laplacian's variance, output over input."""

    years: float
    """Mean change of apparent age, calibrated."""

    lite0: float
    """Mean Lite0 distance to the untouched photo inside the region."""

    rank: float
    """Mean rank correlation of strength and the judge's logit."""

    variants: float
    """Mean Lite0 distance of two variants inside the region."""


@dataclass(frozen=True, eq=False)
class Group:
    """The faces of one attribute and direction, and what the meters say of them before any edit."""

    attribute: str
    direction: int
    faces: list[HeldOutFace]
    squares: torch.Tensor
    masks: torch.Tensor
    logits: Floats
    descriptors: Floats
    upper_descriptors: Floats | None
    """Of chips whose lower half is grey; for smiles only, which change it."""

    ages: Floats

    @property
    def photos(self) -> list[RgbImage]:
        """The untouched photos."""
        return [face.photo for face in self.faces]


def evaluate(
    entrants: Sequence[Entrant],
    faces: list[HeldOutFace],
    meters: Meters,
    folder: Path,
    attributes: Sequence[str] = ATTRIBUTES,
) -> list[Result]:
    """Run every entrant over `faces`, write table and sheet into `folder`, and return the table's rows."""
    results: list[Result] = []
    rows: list[list[Labelled]] = []
    for attribute in attributes:
        knowing = [one for one in entrants if one.edits(attribute)]
        for direction in (1, -1):
            chosen = candidates(faces, attribute, direction)
            if not chosen:
                continue
            group = make_group(chosen, attribute, direction, meters)
            edited = [edit_all(entrant.edit, group, direction) for entrant in knowing]
            pairs = list(zip(knowing, edited, strict=True))
            results += [measure(entrant, photos, group, meters) for entrant, photos in pairs]
            results += at_equal_identity(knowing, group, results[-1].identity, meters)
            rows += sheet_rows(group, {entrant.name: photos for entrant, photos in pairs})
    write_report(results, meters, folder)
    write_sheet(rows, folder / "edit_attribute.png")
    return results


def at_equal_identity(entrants: Sequence[Entrant], group: Group, wanted: float, meters: Meters) -> list[Result]:
    """Return a row for each graded entrant, at the gain that brings it to the identity distance `wanted`."""
    found: list[Result] = []
    for entrant in entrants:
        if entrant.graded is None:
            continue
        gain = gain_at(entrant.graded, group, wanted, meters.identity)
        matched = Entrant(f"{entrant.name}, x{gain:.2f}", entrant.graded(gain))
        found.append(measure(matched, edit_all(matched.edit, group, group.direction), group, meters))
    return found


def gain_at(graded: Callable[[float], Editor], group: Group, wanted: float, meter: IdentityMeter) -> float:
    """Return the gain, by halving 0 to MOST_GAIN, at which the mean identity distance is about `wanted`."""
    low, high = 0.0, MOST_GAIN
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        edited = edit_all(graded(middle), group, group.direction)
        distance = distances(meter.descriptors(chips_of(edited, group.faces)), group.descriptors).mean()
        low, high = (middle, high) if distance < wanted else (low, middle)
    return (low + high) / 2


def candidates(faces: list[HeldOutFace], attribute: str, direction: int) -> list[HeldOutFace]:
    """Return the faces that can be turned in `direction`: to +1 who lacks the attribute, to -1 who has it."""
    asked = [face for face in faces if is_candidate(face.row, attribute)]
    return [face for face in asked if face.has(attribute) == (direction < 0)]


def make_group(faces: list[HeldOutFace], attribute: str, direction: int, meters: Meters) -> Group:
    """Return the faces (at least one) with what the meters say of them before any edit."""
    photos = [face.photo for face in faces]
    squares = squares_of(photos, faces)
    smiling = attribute == "smiling"
    return Group(
        attribute=attribute,
        direction=direction,
        faces=faces,
        squares=squares,
        masks=region_masks(faces, attribute),
        logits=meters.judge.scores(squares, attribute.capitalize()),
        descriptors=meters.identity.descriptors(chips_of(photos, faces)),
        upper_descriptors=upper_descriptors(photos, faces, meters.identity) if smiling else None,
        ages=ages_of(photos, faces, meters.age),
    )


def measure(entrant: Entrant, edited: list[RgbImage], group: Group, meters: Meters) -> Result:
    """Return the table row of one entrant's edited photos of a group."""
    squares = squares_of(edited, group.faces)
    column = group.attribute.capitalize()
    after = meters.judge.scores(squares, column)
    turned = flips(group.logits, after, meters.judge.thresholds[column], group.direction)
    judged = turned[~np.isnan(turned)]
    flips_low, flips_high = bootstrap_interval(judged) if len(judged) else (math.nan, math.nan)
    identity, upper = identity_distances(edited, group, meters.identity)
    pixels = pixel_meters(edited, group)
    years = meters.age.shifts(group.ages, ages_of(edited, group.faces, meters.age))
    lite0 = meters.perceptual.distances(group.squares, squares, group.masks)
    return Result(
        attribute=group.attribute,
        direction=group.direction,
        editor=entrant.name,
        n=len(edited),
        judged=len(judged),
        flips=float(judged.mean()) if len(judged) else math.nan,
        flips_low=flips_low,
        flips_high=flips_high,
        identity=float(identity.mean()),
        identity_high=bootstrap_interval(identity)[1],
        identity_upper=float(upper.mean()),
        untouched=pooled_psnr(pixels[:, 0]),
        surroundings=pooled_psnr(pixels[:, 1]),
        detail=median(pixels[:, 2]),
        years=float(years.mean()),
        lite0=float(lite0.mean()),
        rank=strength_rank(entrant.edit, group, meters.judge),
        variants=variant_distance(entrant, squares, group, meters.perceptual),
    )


def edit_all(edit: Editor, group: Group, strength: float) -> list[RgbImage]:
    """Return the photos of a group, edited at one strength."""
    return [edit(face.photo, face.aligned, group.attribute, strength) for face in group.faces]


def squares_of(photos: list[RgbImage], faces: list[HeldOutFace]) -> torch.Tensor:
    """Return (n, 3, 128, 128) squares of photos, cut by the landmarks of the untouched faces."""
    return aligned_squares(photos, [face.aligned.face.landmarks for face in faces])


def region_masks(faces: list[HeldOutFace], attribute: str) -> torch.Tensor:
    """Return (n, 256, 256) masks of the attribute's region in the aligned frame, 0 or 1."""
    masks = [attribute_region(face.aligned.landmarks, face.aligned.crop.shape, attribute) for face in faces]
    return torch.from_numpy(np.array(masks, np.float32))


def ages_of(photos: list[RgbImage], faces: list[HeldOutFace], meter: AgeMeter) -> Floats:
    """Return (n,) apparent ages, uncalibrated."""
    pairs = zip(photos, faces, strict=True)
    return meter.ages([meter.chip(photo, face.aligned.face.landmarks) for photo, face in pairs])


def identity_distances(edited: list[RgbImage], group: Group, meter: IdentityMeter) -> tuple[Floats, Floats]:
    """Return (n,) descriptor distances to the untouched photos, of whole chips and of their upper halves."""
    whole = distances(meter.descriptors(chips_of(edited, group.faces)), group.descriptors)
    if group.upper_descriptors is None:
        return whole, np.full(len(edited), math.nan)
    return whole, distances(upper_descriptors(edited, group.faces, meter), group.upper_descriptors)


def chips_of(photos: list[RgbImage], faces: list[HeldOutFace]) -> list[RgbImage]:
    """Return the identity chips of photos, cut by the landmarks of the untouched faces."""
    pairs = zip(photos, faces, strict=True)
    return [identity_chip(photo, face.aligned.face.landmarks) for photo, face in pairs]


def upper_descriptors(photos: list[RgbImage], faces: list[HeldOutFace], meter: IdentityMeter) -> Floats:
    """Return (n, 128) descriptors of the chips with their lower half grey."""
    return meter.descriptors([without_lower_half(chip) for chip in chips_of(photos, faces)])


def pixel_meters(edited: list[RgbImage], group: Group) -> Floats:
    """Return (n, 3): squared error outside the region, squared error near the face, detail kept."""
    found: list[tuple[float, float, float]] = []
    for face, photo in zip(group.faces, edited, strict=True):
        known, shape = face.aligned.face, photo.shape
        outside: Mask = ~attribute_region(known.landmarks, shape, group.attribute)
        near = surroundings(known.landmarks, known.box, shape, group.attribute)
        skin = detail_area(known.landmarks, shape, group.attribute)
        errors = squared_error(face.photo, photo, outside), squared_error(face.photo, photo, near)
        found.append((*errors, detail_kept(face.photo, photo, skin)))
    return np.array(found)


def strength_rank(edit: Editor, group: Group, judge: Judge) -> float:
    """Return the mean rank correlation of STRENGTHS and the judge's logit over the group's first faces."""
    faces = group.faces[:RANKED_FACES]
    column = group.attribute.capitalize()
    logits: list[Floats] = []
    for strength in STRENGTHS:
        edited = [edit(face.photo, face.aligned, group.attribute, float(strength)) for face in faces]
        logits.append(judge.scores(squares_of(edited, faces), column))
    return rank_correlation(STRENGTHS, np.stack(logits, axis=1))


def variant_distance(entrant: Entrant, squares: torch.Tensor, group: Group, meter: PerceptualMeter) -> float:
    """Return the mean Lite0 distance inside the region of the edits and the variant's; NaN without one."""
    if entrant.variant is None:
        return math.nan
    others = squares_of(edit_all(entrant.variant, group, group.direction), group.faces)
    return float(meter.distances(squares, others, group.masks).mean())


def median(values: Floats) -> float:
    """Return the median of values (n,), NaNs left out; NaN where nothing is left."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else math.nan


def sheet_rows(group: Group, edited: dict[str, list[RgbImage]]) -> list[list[Labelled]]:
    """Return the first faces of a group, each beside its edits."""
    sign = "+" if group.direction > 0 else "-"
    rows: list[list[Labelled]] = []
    for i, face in enumerate(group.faces[:SHEET_FACES]):
        row: list[Labelled] = [(f"{group.attribute} {sign}1", face.photo)]
        rows.append(row + [(name, photos[i]) for name, photos in edited.items()])
    return rows


def write_report(results: list[Result], meters: Meters, folder: Path) -> None:
    """Write edit_attribute.json and edit_attribute.md."""
    folder.mkdir(parents=True, exist_ok=True)
    source = {
        "split": "CelebA validation identities",
        "judge": meters.judge.name.upper(),
        "judge_auc": {name: round(value, 3) for name, value in meters.judge.auc.items() if name.lower() in ATTRIBUTES},
        "age_judge": meters.age.network.name,
        "age_slope": meters.age.network.slope,
    }
    rows = [{name: as_json(value) for name, value in vars(result).items()} for result in results]
    (folder / "edit_attribute.json").write_text(json.dumps({**source, "rows": rows}, indent=2))
    about = ", ".join(f"{name} {value}" for name, value in source.items())
    (folder / "edit_attribute.md").write_text(f"{about}\n\n{markdown(results)}\n")


def markdown(results: list[Result]) -> str:
    """Return the results as one Markdown table."""
    names = [field.name for field in fields(Result)]
    return markdown_table(names, [list(vars(result).values()) for result in results])
