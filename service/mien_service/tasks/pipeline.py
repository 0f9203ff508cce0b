"""One photo through one task: find the faces, align, run the task, composite."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from mien_service.engine.engine import Engine, Runner
from mien_service.engine.work import Work
from mien_service.faces.align import CROP_SIZE, AlignedFace, align, at_resolution, cut, scale_of
from mien_service.faces.composite import apply_edit, apply_layer
from mien_service.faces.draw import draw_face, draw_label
from mien_service.faces.edit import Edit, Layer, Reading
from mien_service.faces.face import Face, RgbImage
from mien_service.faces.find import FaceFinder
from mien_service.tasks.registry import Picture, Result, TaskParams, TaskSpec

MAX_FACE_SIDE = 1024
"""A face square is returned at the photo's own resolution, up to this side in pixels."""


@dataclass(frozen=True, eq=False)
class AnsweredPicture:
    """One picture of an answer: (h, w, 3) uint8 RGB, and what tells it from the others."""

    pixels: RgbImage
    picture: Picture


@dataclass(frozen=True, eq=False)
class Answer:
    """What a task made of a photo. The pictures are made one by one, as they are taken, and only once."""

    faces: list[Face]
    pictures: Iterator[AnsweredPicture]
    readings: list[Reading] = field(default_factory=lambda: list[Reading]())


class Pipeline:
    """Runs tasks on decoded photos. Holds no state of any request."""

    def __init__(self, finder: FaceFinder, engine: Engine) -> None:
        self._finder = finder
        self._engine = engine

    def run(self, spec: TaskSpec, params: TaskParams, photo: RgbImage, work: Work, *, grey: bool = False) -> Answer:
        """Return the answer of task `spec` for `photo`, (h, w, 3) uint8 RGB; `grey` keeps it free of colour.

        Raises what finding (NoFaceFound, FaceIndexOutOfRange), the engine and the task itself raise.
        """
        with work.stage("find"):
            faces = self._finder.find(photo, params.face, Runner(self._engine, work, is_stage=False))
        with work.stage("align"):
            aligned = [align(photo, face) for face in faces]
        runner = Runner(self._engine, work)
        results = [spec.function(face, params, runner) for face in aligned]
        pictures = _pictures(photo, params, aligned, results, work, grey=grey)
        readings = [one for of_face in results for one in of_face if isinstance(one, Reading)]
        return Answer(faces, pictures, readings)


def _pictures(
    photo: RgbImage,
    params: TaskParams,
    aligned: list[AlignedFace],
    results: list[Sequence[Result]],
    work: Work,
    *,
    grey: bool,
) -> Iterator[AnsweredPicture]:
    """Yield the pictures of an answer: a large photo in many strengths is never held more than once."""
    for i, picture in enumerate(params.pictures()):
        pixels = photo
        for face, of_face in zip(aligned, results, strict=True):
            with work.stage("composite"):
                pixels = _applied(pixels, face, of_face[i], grey=grey)
        with work.stage("composite"):
            finished = _finished(pixels, params, aligned)
        yield AnsweredPicture(finished, picture)


def _applied(pixels: RgbImage, face: AlignedFace, result: Result, *, grey: bool) -> RgbImage:
    if isinstance(result, Edit):
        return apply_edit(pixels, face.transform, result, grey=grey)
    if isinstance(result, Layer):
        return apply_layer(pixels, result)
    return pixels


def _finished(pixels: RgbImage, params: TaskParams, aligned: list[AlignedFace]) -> RgbImage:
    """Return the picture with what the common parameters ask for drawn on it, or the face cut out."""
    if params.landmarks:
        pixels = pixels.copy()
        for face in aligned:
            draw_face(pixels, face.face)
    if params.output == "face":
        size = _face_size(aligned)
        pixels = np.hstack([cut(pixels, at_resolution(face.transform, size), size) for face in aligned])
    return draw_label(pixels) if params.label else pixels


def _face_size(aligned: list[AlignedFace]) -> int:
    """Return the side at which the largest face keeps the photo's resolution, 256 to 1024 pixels."""
    native = max(CROP_SIZE / scale_of(face.transform) for face in aligned)
    return round(min(max(native, CROP_SIZE), MAX_FACE_SIDE))
