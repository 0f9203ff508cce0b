"""What the meters say of pictures of a face that an addiction has changed, each held against the face as it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from mien_export.quality.age import AgeMeter
from mien_export.quality.blotches import new_blotches
from mien_export.quality.eye_regions import eye_openings, irises, mouth_opening
from mien_export.quality.held_out import HeldOutFace
from mien_export.quality.identity import IdentityMeter, distances, identity_chip
from mien_export.quality.regions import attribute_region, surroundings
from mien_export.quality.skin_colour import colour_difference, colour_shift
from mien_export.quality.skin_regions import cheeks_and_nose, skin
from mien_export.quality.statistics import Floats
from mien_export.quality.turners import square
from mien_export.quality.untouched import squared_error
from mien_export.quality.wrinkles import LineMeter
from mien_service.faces.face import RgbImage

ATTRIBUTE = "addiction"


@dataclass(frozen=True)
class Reading:
    """What one picture reads. Squared errors are in grey levels; NaN where a meter has not been asked."""

    wrinkles: float
    """Wrinkle energy of the skin over that of the untouched face, less 1."""

    new_lines: float
    lightness: float
    redness: float
    yellowness: float
    """Shifts of mean L* and b* of the skin, of a* on cheeks and nose."""

    difference: float
    """Difference of the mean colour of the skin, CIEDE2000."""

    blotches: float
    """Blotches that were not there."""

    outside: float
    surroundings: float
    """Squared errors outside the face, and on hair and background near it."""

    irises: float
    eyes: float
    """Squared errors in the irises, and in all of the eyes' and the mouth's openings."""

    years: float
    """Change of apparent age."""

    distance: float
    """Of the descriptor to the untouched photo's."""


@dataclass(frozen=True, eq=False)
class Judges:
    """The networks among the meters, loaded once."""

    age: AgeMeter
    identity: IdentityMeter


class FaceReader:
    """Reads the pictures of one face; what depends on the untouched photo alone is worked out once."""

    def __init__(self, face: HeldOutFace, judges: Judges | None) -> None:
        """Without judges age and identity are not read: they take half of the time."""
        self._photo, self._face, self._judges = face.photo, face.aligned, judges
        self._square = square(face.photo, face.aligned)
        landmarks, shape = face.aligned.landmarks, self._square.shape
        self._skin = skin(landmarks, shape)
        self._cheeks = cheeks_and_nose(landmarks, shape)
        self._irises = irises(self._square, landmarks)
        self._openings = eye_openings(landmarks, shape) | mouth_opening(landmarks, shape)
        self._lines = LineMeter(self._square, self._skin)
        known = face.aligned.face
        self._outside = ~attribute_region(known.landmarks, face.photo.shape, ATTRIBUTE)
        self._near = surroundings(known.landmarks, known.box, face.photo.shape, ATTRIBUTE)
        self._judged = self._judge(face.photo)

    def read(self, photo: RgbImage) -> Reading:
        """Return what the meters say of a changed photo (h, w, 3)."""
        made = square(photo, self._face)
        lines = self._lines.read(made)
        years, distance = self._moved(photo)
        shift = colour_shift(self._square, made, self._skin)
        return Reading(
            wrinkles=lines.energy / self._lines.energy - 1,
            new_lines=lines.new,
            lightness=float(shift[0]),
            redness=float(colour_shift(self._square, made, self._cheeks)[1]),
            yellowness=float(shift[2]),
            difference=colour_difference(self._square, made, self._skin),
            blotches=new_blotches(self._square, made, self._skin),
            outside=squared_error(self._photo, photo, self._outside),
            surroundings=squared_error(self._photo, photo, self._near),
            irises=squared_error(self._square, made, self._irises),
            eyes=self.eye_error(photo),
            years=years,
            distance=distance,
        )

    def eye_error(self, photo: RgbImage) -> float:
        """Return the squared error of a changed photo in the eyes' and the mouth's openings alone."""
        return squared_error(self._square, square(photo, self._face), self._openings)

    def _judge(self, photo: RgbImage) -> tuple[Floats, Floats] | None:
        """Return the apparent age (1,) and the descriptor (1, 128), or None without judges."""
        if self._judges is None:
            return None
        landmarks = self._face.face.landmarks
        ages = self._judges.age.ages([self._judges.age.chip(photo, landmarks)])
        return ages, self._judges.identity.descriptors([identity_chip(photo, landmarks)])

    def _moved(self, photo: RgbImage) -> tuple[float, float]:
        """Return the change of apparent age in years, and the descriptor's distance."""
        after = self._judge(photo)
        if self._judges is None or self._judged is None or after is None:
            return math.nan, math.nan
        [years] = self._judges.age.shifts(self._judged[0], after[0])
        [distance] = distances(self._judged[1], after[1])
        return float(years), float(distance)


def columns(readings: Sequence[Reading]) -> dict[str, Floats]:
    """Return the readings of n pictures as one array (n,) a meter."""
    return {field.name: np.array([getattr(one, field.name) for one in readings]) for field in fields(Reading)}
