import pytest
from pydantic import ValidationError

from mien_export.runner import WeightsRunner
from mien_service.app import REGISTRY
from mien_service.faces.align import AlignedFace
from mien_service.faces.expression import EXPRESSIONS
from mien_service.tasks.emotion import EmotionParams, emotion


def test_a_face_has_one_reading_whose_label_is_the_likeliest(aligned: AlignedFace, runner: WeightsRunner) -> None:
    [reading] = emotion(aligned, EmotionParams(), runner)
    assert list(reading.scores) == list(EXPRESSIONS)
    assert reading.label == max(reading.scores, key=lambda name: reading.scores[name])
    assert sum(reading.scores.values()) == pytest.approx(1, abs=1e-4)


def test_a_caption_is_written_only_where_it_is_asked_for(aligned: AlignedFace, runner: WeightsRunner) -> None:
    [plain] = emotion(aligned, EmotionParams(landmarks=True), runner)
    [captioned] = emotion(aligned, EmotionParams(captions=True), runner)
    assert plain.caption is None
    assert captioned.caption == f"{captioned.label} {captioned.scores[captioned.label]:.0%}"


@pytest.mark.parametrize(
    ("parameters", "count"), [({}, 0), ({"output": "face"}, 0), ({"captions": True}, 1), ({"landmarks": True}, 1)]
)
def test_there_is_a_picture_only_where_something_is_drawn(parameters: dict[str, object], count: int) -> None:
    assert len(EmotionParams.model_validate(parameters).pictures()) == count


def test_nothing_is_edited_so_nothing_is_marked() -> None:
    with pytest.raises(ValidationError, match="label"):
        EmotionParams(label=True)


def test_it_is_the_task_that_reads() -> None:
    assert [spec.path for spec in REGISTRY.specs() if spec.reads] == ["/emotion"]
