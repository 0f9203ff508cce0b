"""One photo through one task: find the faces, align, run the task, composite."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mien_service.engine.engine import Engine, Runner
from mien_service.engine.work import Work
from mien_service.faces.align import CROP_SIZE, AlignedFace, Marked, align, at_resolution, averaged_down, cut, scale_of
from mien_service.faces.composite import apply_edit, apply_layer, invented, without_colour
from mien_service.faces.draw import draw_caption, draw_face, draw_label
from mien_service.faces.edit import Edit, Layer, Placed, Reading, Sticker
from mien_service.faces.face import Face, Pose, RgbImage
from mien_service.faces.find import FaceFinder
from mien_service.faces.pose_after import pose_after
from mien_service.media.photo import Alpha
from mien_service.tasks.registry import NotForThisFace, Picture, Result, TaskParams, TaskSpec

MAX_FACE_SIDE = 1024
"""A face square is returned at the photo's own resolution, up to this side in pixels."""


@dataclass(frozen=True, eq=False)
class AnsweredPicture:
    """One picture of an answer: (h, w, 3) uint8 RGB, and what tells it from the others."""

    pixels: RgbImage
    picture: Picture
    alpha: Alpha | None = None
    """(h, w) uint8 of a sticker; None: as opaque as the photo."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a task made of a photo. The pictures are made one by one, as they are taken, and only once.

    indices: each face's place from left to right among the faces found. `invented` returns where the pictures' paint
    is, `poses_after` how each face is turned in the first picture, None where that cannot be read. readings: what was
    read from each face, None where the task edits instead.
    """

    faces: list[Face]
    indices: list[int]
    pictures: Iterator[AnsweredPicture]
    invented: Callable[[], Marked]
    poses_after: Callable[[], list[Pose | None]]
    readings: list[Reading | None]


@dataclass(frozen=True, eq=False)
class Worked:
    """A face, its place among the faces found, and what the task made of it: a result for every picture."""

    index: int
    face: AlignedFace
    results: Sequence[Result]


class Pipeline:
    """Runs tasks on decoded photos. Holds no state of any request."""

    def __init__(self, finder: FaceFinder, engine: Engine) -> None:
        self._finder = finder
        self._engine = engine

    def run(
        self,
        spec: TaskSpec,
        params: TaskParams,
        photo: RgbImage,
        work: Work,
        *,
        grey: bool = False,
        marked: Marked | None = None,
    ) -> Answer:
        """Return the answer of task `spec` for `photo`, (h, w, 3) uint8 RGB; `grey` keeps it free of colour.

        `marked`, (h, w), is what the client marked on the photo. Raises what finding (NoFaceFound,
        FaceIndexOutOfRange), the engine and the task itself raise; NotForThisFace where it is so of every face.
        """
        with work.stage("find"):
            faces, seen = self._finder.find_among(photo, params.face, Runner(self._engine, work, is_stage=False))
        with work.stage("align"):
            aligned = [align(photo, face, marked, [one for one in seen if one is not face]) for face in faces]
        with work.stage("draw", besides=("queue", "network")):
            runner = Runner(self._engine, work)
            worked = _worked(spec, params, aligned, runner)
            faces = [one.face for one in worked]
            scene = photo
            if spec.scene is not None:
                scene = _kept_within(photo, spec.scene(photo, faces, params, runner), marked, grey=grey)
        reader = Runner(self._engine, work, is_stage=False)
        height, width = photo.shape[:2]
        return Answer(
            [face.face for face in faces],
            [one.index for one in worked],
            _pictures(scene, params, worked, work, grey=grey, marked=marked),
            lambda: _invented((height, width), params, worked, marked),
            lambda: [_pose_after(one, reader) for one in worked],
            [_reading(one) for one in worked],
        )


def _kept_within(photo: RgbImage, scene: RgbImage, marked: Marked | None, *, grey: bool) -> RgbImage:
    """Return the scene, free of colour with `grey`, where something is marked; elsewhere, if it is, the photo."""
    if scene is photo:
        return photo
    if grey:
        scene = without_colour(scene)
    return scene if marked is None else np.asarray(cv2.copyTo(scene, marked, photo.copy()), np.uint8)


def _worked(spec: TaskSpec, params: TaskParams, aligned: list[AlignedFace], runner: Runner) -> list[Worked]:
    """Return the faces that the task can do something on. Raises NotForThisFace if there are none."""
    worked: list[Worked] = []
    refusal: NotForThisFace | None = None
    first = params.face if isinstance(params.face, int) else 0
    for index, face in enumerate(aligned, first):
        try:
            worked.append(Worked(index, face, spec.function(face, params, runner)))
        except NotForThisFace as error:
            refusal = error
    if refusal is not None and not worked:
        raise refusal
    return worked


def _reading(one: Worked) -> Reading | None:
    for result in one.results:
        if isinstance(result, Reading):
            return result
        if isinstance(result, Sticker):
            return result.reading
    return None


def _pose_after(one: Worked, run: Runner) -> Pose | None:
    [first, *_] = one.results
    return pose_after(one.face, first, run) if isinstance(first, Edit) else None


def _invented(size: tuple[int, int], params: TaskParams, worked: list[Worked], marked: Marked | None) -> Marked:
    """Return what of the pictures is invented; every picture of an answer has it in the same places."""
    touched = np.zeros(size, np.bool_)
    for one in worked:
        if one.results and isinstance(one.results[0], Edit):
            touched |= invented(size, one.face.transform, one.results[0])
    plane = touched.astype(np.uint8) * np.uint8(255)
    if marked is not None:
        plane = np.asarray(cv2.bitwise_and(plane, marked), np.uint8)
    if params.output == "photo":
        return plane
    faces = [one.face for one in worked]
    side = _face_size(faces)
    squares = np.hstack([cut(plane, at_resolution(face.transform, side), side) for face in faces])
    return np.where(squares > 0, np.uint8(255), np.uint8(0))


def _pictures(
    photo: RgbImage, params: TaskParams, worked: list[Worked], work: Work, *, grey: bool, marked: Marked | None
) -> Iterator[AnsweredPicture]:
    """Yield the pictures of an answer: a large photo in many strengths is never held more than once.

    Where the client marked something, nothing else is touched, not by a part of a field's pixel.
    """
    faces = [one.face for one in worked]
    edits_only = all(isinstance(result, Edit) for one in worked for result in one.results)
    if params.output == "face" and not params.landmarks and marked is None and edits_only:
        with work.stage("composite"):
            photo, faces = _as_large_as_shown(photo, faces)
    for i, picture in enumerate(params.pictures()):
        pixels = photo
        if isinstance(first := worked[0].results[i], Sticker):
            yield _as_sticker(first, picture, grey=grey)
            continue
        for one, face in zip(worked, faces, strict=True):
            with work.stage("composite"):
                pixels = _applied(pixels, face, one.results[i], grey=grey)
        with work.stage("composite"):
            if marked is not None:
                pixels = np.asarray(cv2.copyTo(pixels, marked, photo.copy()), np.uint8)
            finished = _finished(pixels, params, faces)
        yield AnsweredPicture(finished, picture)


def _as_sticker(sticker: Sticker, picture: Picture, *, grey: bool) -> AnsweredPicture:
    pixels = np.ascontiguousarray(sticker.pixels[..., :3])
    if grey:
        pixels = without_colour(pixels)
    return AnsweredPicture(pixels, picture, np.ascontiguousarray(sticker.pixels[..., 3]))


def _as_large_as_shown(photo: RgbImage, faces: list[AlignedFace]) -> tuple[RgbImage, list[AlignedFace]]:
    """Return the photo with its faces as large as their squares are cut out: more would be worked on in vain."""
    factor = max(CROP_SIZE / scale_of(face.transform) for face in faces) / MAX_FACE_SIDE
    if factor <= 1:
        return photo, faces
    small, transforms = averaged_down(photo, [face.transform for face in faces], factor)
    return small, [replace(face, transform=transform) for face, transform in zip(faces, transforms, strict=True)]


def _applied(pixels: RgbImage, face: AlignedFace, result: Result, *, grey: bool) -> RgbImage:
    if isinstance(result, Edit):
        return apply_edit(pixels, face.transform, result, grey=grey)
    if isinstance(result, Placed):
        return apply_edit(pixels, result.transform, result.edit, grey=grey)
    if isinstance(result, Layer):
        return apply_layer(pixels, result)
    if isinstance(result, Sticker) or result.caption is None:
        return pixels
    captioned = pixels.copy()
    draw_caption(captioned, face.face, result.caption)
    return captioned


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
