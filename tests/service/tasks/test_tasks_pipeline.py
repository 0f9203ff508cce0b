"""What becomes of a task's results: scenes, edits over other squares, stickers; the tasks here are made up."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import people
import pytest
import served
from finding import NAMES, finder

from mien_service.engine.engine import Engine, EngineOptions
from mien_service.engine.work import Work
from mien_service.faces.align import AlignedFace
from mien_service.faces.edit import Placed, Reading, Sticker, no_edit
from mien_service.faces.face import RgbImage
from mien_service.faces.head_maps import head_transform
from mien_service.tasks.pipeline import Answer, Pipeline
from mien_service.tasks.registry import Result, TaskParams, TaskRegistry, TaskSpec

RED = (200, 40, 60)
GREY = 100


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline(finder(), Engine(EngineOptions(served.weights_folder()), NAMES, lambda: None))


def answered(
    pipeline: Pipeline, photo: RgbImage, result: Any, *, scene: Any = None, grey: bool = False, marked: Any = None,
    **parameters: Any,
) -> tuple[Answer, list[Any]]:  # fmt: skip
    spec = TaskSpec("/made-up", TaskParams, (), lambda face, *_: [result(face)], "Made up.", scene=scene)
    answer = pipeline.run(spec, TaskParams(**parameters), photo, Work(100_000), grey=grey, marked=marked)
    return answer, list(answer.pictures)


def nothing(face: AlignedFace) -> Result:
    return Placed(no_edit(16), face.transform)


def painted(face: AlignedFace) -> Result:
    """Return red paint over the middle of the head's square."""
    edit = no_edit(64)
    paint = np.zeros((64, 64, 4), np.float32)
    paint[..., :3] = RED
    paint[24:40, 24:40, 3] = 1
    return Placed(type(edit)(edit.residual, edit.alpha, paint=paint, match_paint=False), head_transform(face.transform))


def all_red(photo: RgbImage, faces: Sequence[AlignedFace], *_: Any) -> RgbImage:
    assert len(faces) == 1
    return np.full_like(photo, RED)


def test_results_are_laid_on_the_scene(pipeline: Pipeline) -> None:
    [answer] = answered(pipeline, people.small_person(), nothing, scene=all_red)[1]
    assert (answer.pixels == RED).all()


def test_a_scene_of_a_grey_photo_has_no_colour(pipeline: Pipeline) -> None:
    [answer] = answered(pipeline, people.small_person(), nothing, scene=all_red, grey=True)[1]
    assert (answer.pixels == GREY).all()


def test_a_scene_stays_within_what_is_marked(pipeline: Pipeline) -> None:
    photo = people.small_person()
    marked = np.zeros(photo.shape[:2], np.uint8)
    marked[:, :100] = 255
    [answer] = answered(pipeline, photo, nothing, scene=all_red, marked=marked)[1]
    assert (answer.pixels[:, :100] == RED).all()
    np.testing.assert_array_equal(answer.pixels[:, 100:], photo[:, 100:])


def test_no_scene_and_nothing_to_do_is_the_photo(pipeline: Pipeline) -> None:
    photo = people.small_person()
    [answer] = answered(pipeline, photo, nothing)[1]
    np.testing.assert_array_equal(answer.pixels, photo)
    assert answer.alpha is None


@pytest.mark.parametrize("output", ["photo", "face"])
def test_an_edit_lies_where_its_own_square_does(pipeline: Pipeline, output: str) -> None:
    answer, [picture] = answered(pipeline, people.small_person(), painted, output=output)
    red = (np.abs(picture.pixels.astype(int) - RED) < 3).all(axis=2).astype(np.uint8)
    x, y, width, height = cv2.boundingRect(red)
    # A quarter of a square that is 1.6 times the aligned one: .4 of its side, in its middle.
    [face] = answer.faces
    side = picture.pixels.shape[0] if output == "face" else None
    assert width == pytest.approx(height, rel=0.15)
    if side is None:
        assert abs(x + width / 2 - face.landmarks[:, 0].mean()) < 30
    else:
        assert width == pytest.approx(0.4 * side, rel=0.1)
        assert x + width / 2 == pytest.approx(side / 2, abs=3)
        assert y + height / 2 == pytest.approx(side / 2, abs=3)


@pytest.mark.parametrize("grey", [False, True])
def test_a_sticker_is_the_answer_itself(pipeline: Pipeline, grey: bool) -> None:
    pixels = np.zeros((30, 20, 4), np.uint8)
    pixels[5:] = (*RED, 130)
    reading = Reading("happy", {"happy": 1.0})
    answer, [picture] = answered(pipeline, people.small_person(), lambda _: Sticker(pixels, reading), grey=grey)
    assert picture.pixels.shape == (30, 20, 3)
    np.testing.assert_array_equal(picture.alpha, pixels[..., 3])
    assert (picture.pixels[5:] == (GREY if grey else RED)).all()
    assert answer.readings == [reading]


def test_a_task_knows_who_else_was_seen(pipeline: Pipeline) -> None:
    seen: list[AlignedFace] = []

    def noted(face: AlignedFace) -> Result:
        seen.append(face)
        return nothing(face)

    answered(pipeline, people.group(), noted, face=2)
    [face] = seen
    assert len(face.others) == 5
    assert all(other.box != face.face.box for other in face.others)
    answered(pipeline, people.group(), noted, face="all")
    assert [len(one.others) for one in seen[1:]] == [5] * 6


def test_a_scene_is_registered_with_its_task() -> None:
    registry = TaskRegistry()
    spec = TaskSpec("/made-up", TaskParams, (), lambda *_: [], "Made up.", scene=all_red)
    registry.add(spec)
    with pytest.raises(ValueError, match="taken"):
        registry.add(spec)
    assert registry.specs() == [spec]
    assert registry.specs()[0].scene is all_red


def test_pictures_of_tasks_are_no_stickers_unless_they_say_so() -> None:
    assert not TaskParams().is_sticker()
