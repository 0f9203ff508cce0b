"""Photo to faces: the detector looks at a small copy, then at larger ones, and a landmark model reads what it finds."""

from dataclasses import dataclass
from typing import Literal, Protocol

from mien_service.faces.align import DegenerateLandmarks, crop_transform
from mien_service.faces.face import Detection, Face, RgbImage
from mien_service.faces.landmarks import FaceReading, LandmarkModel
from mien_service.faces.networks import RunNetwork

Selection = Literal["largest", "all"] | int
"""Which faces are wanted: the largest, all, or the one at this index from left to right."""

SAME_FACE_NESTING = 0.6
"""Of two readings, the less sure is dropped if more than this share of the smaller box lies in the other."""


class Detector(Protocol):
    """Finds face candidates in a photo."""

    def detect(self, photo: RgbImage, longest_side: int, run: RunNetwork) -> list[Detection]:
        """Return candidates in photo pixels, surest first, as seen on a copy of at most `longest_side` pixels."""
        ...


class NoFaceFound(LookupError):
    """The photo holds no face that any detector sees."""


class FaceIndexOutOfRange(LookupError):
    """A face was asked for by an index that the photo does not reach."""

    def __init__(self, index: int, count: int) -> None:
        super().__init__(f"face {index} was asked for; the photo has {count}")
        self.index = index
        self.count = count


@dataclass(frozen=True)
class FinderSizes:
    """Longest sides, in pixels, of the reduced copies that the detector looks at."""

    quick: int = 320
    thorough: int = 960
    last_resort: int = 1600


class FaceFinder:
    """Finds faces with a detector, from quick to thorough, and reads each with a landmark model."""

    def __init__(self, detector: Detector, landmarks: LandmarkModel, sizes: FinderSizes | None = None) -> None:
        self._detector = detector
        self._landmarks = landmarks
        self._sizes = sizes or FinderSizes()

    def find(self, photo: RgbImage, selection: Selection, run: RunNetwork) -> list[Face]:
        """Return the selected faces of `photo` from left to right.

        Raises NoFaceFound or FaceIndexOutOfRange, and what `run` raises.
        """
        return self.find_among(photo, selection, run)[0]

    def find_among(self, photo: RgbImage, selection: Selection, run: RunNetwork) -> tuple[list[Face], list[Face]]:
        """Return the selected faces and all that were seen, both from left to right. Raises as `find` does.

        To find the largest a quick look is enough: it may not see all.
        """
        faces = self._faces(photo, run, quick=selection == "largest")
        if not faces:
            raise NoFaceFound("no face was found in the photo")
        if selection == "all":
            return faces, faces
        if selection == "largest":
            return [max(faces, key=lambda face: face.box.area)], faces
        if not 0 <= selection < len(faces):
            raise FaceIndexOutOfRange(selection, len(faces))
        return [faces[selection]], faces

    def _faces(self, photo: RgbImage, run: RunNetwork, *, quick: bool) -> list[Face]:
        """Return the faces, from left to right, of the first look that finds any."""
        for size in self._looks(max(photo.shape[:2]), quick=quick):
            candidates = self._detector.detect(photo, size, run)
            faces = [_face(reading) for reading in self._landmarks.read(photo, candidates, run) if _is_usable(reading)]
            if faces:
                return sorted(_distinct(faces), key=lambda face: face.box.left)
        return []

    def _looks(self, longest: int, *, quick: bool) -> list[int]:
        """Return the sizes to look at one after the other; none twice, and none larger than one that shows it all."""
        sizes = self._sizes
        wanted = [sizes.quick] if quick else []
        wanted += [sizes.thorough, sizes.last_resort]
        return [size for i, size in enumerate(wanted) if i == 0 or wanted[i - 1] < longest]


def _face(reading: FaceReading) -> Face:
    return Face(reading.box, reading.landmarks, reading.pose, reading.score, reading.mesh, reading.visibility)


def _is_usable(reading: FaceReading) -> bool:
    """Return whether a square can be laid on the landmarks."""
    try:
        crop_transform(reading.landmarks)
    except DegenerateLandmarks:
        return False
    return True


def _distinct(faces: list[Face]) -> list[Face]:
    """Return the faces without those that share too much with a surer one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(face.box.nesting(other.box) < SAME_FACE_NESTING for other in kept):
            kept.append(face)
    return kept
