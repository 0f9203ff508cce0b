"""Attribute edits by sex and skin tone: whether what holds on average holds for everybody.

python -m mien_export evaluate attribute_groups
"""

from collections.abc import Iterator
from pathlib import Path

from mien_export.quality.age import AgeMeter
from mien_export.quality.attribute_report import engines
from mien_export.quality.edit_attribute import (
    ATTRIBUTES,
    Group,
    Meters,
    Result,
    candidates,
    edit_all,
    make_group,
    measure,
)
from mien_export.quality.held_out import REPORT_HALF, HeldOutFace, celeba_faces
from mien_export.quality.identity import IdentityMeter
from mien_export.quality.perceptual import PerceptualMeter
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.sheet import Labelled
from mien_export.quality.skin_colour import mean_colour, tone_of, typology_angle
from mien_export.quality.skin_regions import skin
from mien_export.recipes.judges import load_judge
from mien_export.runner import WeightsRunner
from mien_service.faces.face import RgbImage

FACES = 240
FEWEST = 8
"""Faces below which a group says nothing."""

SHOWN = 2

Binned = tuple[str, list[HeldOutFace]]


def report_groups(weights: Path, folder: Path, faces: int = FACES) -> None:
    """Write attribute_groups.md, .json and .png into `folder`: flips, identity and years by sex and skin tone."""
    runner = WeightsRunner(weights, threads=2)
    meters = Meters(load_judge("b"), IdentityMeter(), AgeMeter(), PerceptualMeter())
    known = celeba_faces(REPORT_HALF, faces, runner)
    rows: list[dict[str, Cell]] = []
    shown: list[list[Labelled]] = []
    for attribute in ATTRIBUTES:
        editors = [one for one in engines(runner) if one.edits(attribute)]
        for direction in (1, -1):
            for name, binned in bins(candidates(known, attribute, direction)):
                group = make_group(binned, attribute, direction, meters)
                edited = [edit_all(editor.edit, group, direction) for editor in editors]
                pairs = list(zip(editors, edited, strict=True))
                rows += [_row(name, measure(editor, photos, group, meters)) for editor, photos in pairs]
                shown += _shown(name, group, {editor.name: photos for editor, photos in pairs})
    report = Report(
        title="Attribute edits by sex and skin tone",
        split="CelebA validation identities, report half; tone by the typology angle of the skin in the photo",
        n=len(known),
        rows=rows,
        baselines=["vae"],
        command=this_command(),
        about={"judge": meters.judge.name.upper(), "bins left out": f"of fewer than {FEWEST} faces"},
    )
    write_report(report, shown, folder, "attribute_groups")


def bins(faces: list[HeldOutFace]) -> Iterator[Binned]:
    """Yield the faces of each sex and of each skin tone, where there are FEWEST of them."""
    by_bin: dict[str, list[HeldOutFace]] = {"women": [], "men": []}
    for face in faces:
        by_bin["men" if face.has("male") else "women"].append(face)
        by_bin.setdefault(tone(face), []).append(face)
    yield from ((name, members) for name, members in by_bin.items() if len(members) >= FEWEST)


def tone(face: HeldOutFace) -> str:
    """Return the bin of a face's skin tone."""
    where = skin(face.aligned.landmarks, face.aligned.crop.shape)
    return tone_of(typology_angle(mean_colour(face.aligned.crop, where)))


def _row(name: str, result: Result) -> dict[str, Cell]:
    return {
        "editor": result.editor,
        "attribute": f"{result.attribute} {result.direction:+d}",
        "group": name,
        "n": result.n,
        "judged": result.judged,
        "flips": result.flips,
        "flips low": result.flips_low,
        "flips high": result.flips_high,
        "identity": result.identity,
        "detail": result.detail,
        "years": result.years,
    }


def _shown(name: str, group: Group, edited: dict[str, list[RgbImage]]) -> list[list[Labelled]]:
    label = f"{group.attribute} {group.direction:+d}, {name}"
    return [
        [(label, photo), *((engine, photos[i]) for engine, photos in edited.items())]
        for i, photo in enumerate(group.photos[:SHOWN])
    ]
