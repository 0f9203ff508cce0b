"""The report on /addiction-preview: every substance on held-out faces of every skin tone, beside the baselines.

python -m mien_export evaluate addiction_preview
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien_export.quality.addiction_bars import FALLING, RISING, SEVERITIES, Summary, bars, summary
from mien_export.quality.age import AgeMeter
from mien_export.quality.identity import IdentityMeter
from mien_export.quality.illustrated_readings import FaceReader, Judges, Reading
from mien_export.quality.illustrators import SUBSTANCES, UNCHANGED, Illustrator, baselines
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.service_illustrator import SERVICE, ServiceIllustrator
from mien_export.quality.sheet import Labelled
from mien_export.quality.student_illustrator import STUDENT, StudentIllustrator
from mien_export.quality.toned_faces import TonedFace, toned_faces
from mien_export.quality.turners import square
from mien_export.runner import WeightsRunner

EACH_TONE = 55
"""Faces of every skin tone: 330 in all, more than FEWEST_IN_BIN of each."""

JUDGED = 120
"""Faces whose age and identity are read: the descriptor takes as long as all other meters together."""

GRADED = 80
"""Faces that are read at all severities."""

SHOWN = 12

ANY = "any"
"""The baselines' substance."""


@dataclass(frozen=True, eq=False)
class Entrant:
    """An illustrator under its name.

    `substances` are those that it tells apart; `eyes_kept`, if it has that, is the same one leaving eyes and teeth
    alone.
    """

    name: str
    illustrate: Illustrator
    substances: Sequence[str] = (ANY,)
    eyes_kept: Illustrator | None = None


Made = tuple[str, str]
"""An entrant's name and a substance."""


class Collected:
    """Readings of every face by entrant and substance, in the order of the faces."""

    def __init__(self) -> None:
        self.readings: dict[Made, list[list[Reading]]] = {}
        self.eye_errors: dict[Made, list[float]] = {}

    def add(self, made: Made, readings: list[Reading], eye_error: float) -> None:
        """Add what one face reads, at SEVERITIES or at full severity alone."""
        self.readings.setdefault(made, []).append(readings)
        self.eye_errors.setdefault(made, []).append(eye_error)

    def summaries(self, angles: Sequence[float]) -> dict[Made, Summary]:
        """Return the summary of each entrant's pictures of each substance."""
        return {
            made: summary(faces, np.array(angles), np.array(self.eye_errors[made]))
            for made, faces in self.readings.items()
        }


def report_addiction_preview(weights: Path, seed: Path, student: Path, folder: Path) -> None:
    """Write addiction_preview.md, .json and .png into `folder`; `seed` and `student` are checkpoints, or none."""
    run = WeightsRunner(weights)
    faces = toned_faces(run, EACH_TONE)
    judges = Judges(AgeMeter(), IdentityMeter())
    entrants = contest(run, seed, student)
    by_made = measure(faces, entrants, judges).summaries([face.angle for face in faces])
    report = Report(
        title="What an addiction may do to a face",
        split="validation people of celeba and utkface, as many of each skin tone",
        n=len(faces),
        rows=[{"method": name, "substance": substance, **one.row()} for (name, substance), one in by_made.items()],
        baselines=[entrant.name for entrant in entrants if entrant.name != SERVICE],
        command=this_command(),
        about={
            "statistics": "wrinkles, lines, colours and blotches are medians, years and distances means, PSNRs pooled",
            "dark skin": "typology angle under 10 degrees; L* is that of the others",
            "eyes and mouth": f"the service with eyes_teeth=0, on the first {GRADED}; the baselines as they are",
            "age judge": judges.age.network.name,
            "its years per true year": judges.age.network.slope,
        },
        more={
            "Bars": [bar.row() for bar in bars({name: by_made[SERVICE, name] for name in SUBSTANCES})],
            f"Share of steps that do not go back, severity {', '.join(f'{one:g}' for one in SEVERITIES)}": [
                monotone_row(made, one) for made, one in by_made.items()
            ],
            "Mean difference of the skin's colour by skin tone, CIEDE2000": [
                row for made, one in by_made.items() for row in tone_rows(made, one)
            ],
        },
    )
    write_report(report, sheet(faces[:SHOWN], entrants), folder, "addiction_preview")


def contest(run: WeightsRunner, seed: Path, student: Path) -> list[Entrant]:
    """Return all entrants, baselines first, the service last."""
    entrants = [Entrant(name, illustrate) for name, illustrate in baselines(seed).items()]
    if student.exists():
        entrants.append(Entrant(STUDENT, StudentIllustrator(student, run), SUBSTANCES))
    ours = Entrant(SERVICE, ServiceIllustrator(run), SUBSTANCES, ServiceIllustrator(run, eyes_teeth=0))
    return [*entrants, ours]


def measure(faces: Sequence[TonedFace], entrants: Sequence[Entrant], judges: Judges) -> Collected:
    """Read what all entrants make of all faces: of the first JUDGED also by the judges, of GRADED at SEVERITIES."""
    found = Collected()
    for place, toned in enumerate(faces):
        reader = FaceReader(toned.face, judges if place < JUDGED else None)
        graded = place < GRADED
        severities = SEVERITIES if graded else SEVERITIES[-1:]
        for entrant in entrants:
            for substance in entrant.substances:
                photos = entrant.illustrate(toned.face.photo, toned.face.aligned, substance, severities)
                readings = [reader.read(photo) for photo in photos]
                error = readings[-1].eyes
                if entrant.eyes_kept is not None:
                    error = eye_error(entrant.eyes_kept, substance, toned, reader) if graded else math.nan
                found.add((entrant.name, substance), readings, error)
    return found


def eye_error(eyes_kept: Illustrator, substance: str, toned: TonedFace, reader: FaceReader) -> float:
    """Return the squared error in eyes and mouth at full severity, when they are to be left alone."""
    [photo] = eyes_kept(toned.face.photo, toned.face.aligned, substance, SEVERITIES[-1:])
    return reader.eye_error(photo)


def monotone_row(made: Made, one: Summary) -> dict[str, Cell]:
    """Return the row of how the meters follow the severity."""
    shares: Mapping[str, Cell] = {name: one.monotone[name] for name in (*RISING, *FALLING)}
    return {"method": made[0], "substance": made[1], "n": one.graded, **shares}


def tone_rows(made: Made, one: Summary) -> list[dict[str, Cell]]:
    """Return a row for each skin tone, from light to dark."""
    return [
        {
            "method": made[0],
            "substance": made[1],
            "tone": tone.tone,
            "n": tone.n,
            "difference": tone.mean,
            "over that of all": tone.ratio,
        }
        for tone in one.tones
    ]


def sheet(faces: Sequence[TonedFace], entrants: Sequence[Entrant]) -> list[list[Labelled]]:
    """Return a row for each face and substance at SEVERITIES; the face's first row ends with what others make of it."""
    rows: list[list[Labelled]] = []
    for toned in faces:
        for entrant in entrants:
            rows += [_shown(toned, entrant, name, SEVERITIES) for name in entrant.substances if name != ANY]
        for entrant in entrants:
            if ANY in entrant.substances and entrant.name != UNCHANGED:
                rows[-len(SUBSTANCES)] += _shown(toned, entrant, ANY, SEVERITIES[-1:])
    return rows


def _shown(toned: TonedFace, entrant: Entrant, substance: str, severities: Sequence[float]) -> list[Labelled]:
    photos = entrant.illustrate(toned.face.photo, toned.face.aligned, substance, severities)
    label = entrant.name if substance == ANY else substance
    pairs = zip(photos, severities, strict=True)
    return [(f"{label} {severity:g}", square(photo, toned.face.aligned)) for photo, severity in pairs]
