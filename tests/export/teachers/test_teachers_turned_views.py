from pathlib import Path

import cv2
import numpy as np
import people
import pytest

from mien_export.runner import WeightsRunner
from mien_export.teachers.renderer import Renderer
from mien_export.teachers.turned_views import Views, person_at_yaws, photo_turned_away, square, view
from mien_service.faces.face import Pose
from mien_service.faces.refining import CHANNELS, SIDE

# torch.onnx, which exports the generator, uses what torch itself deprecates.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")


@pytest.fixture(scope="module")
def views(weights: Path) -> Views:
    return Views(WeightsRunner(weights))


def small(photo: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.resize(photo, (400, 400), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize("yaw", [-30.0, 25.0])
def test_a_head_is_turned_away_and_found_again(views: Views, yaw: float) -> None:
    truth = views.seen(small(people.person("ben")))
    assert truth is not None
    away = views.away(truth, Pose(yaw, 0, 0))
    assert away is not None
    assert away.yaw == pytest.approx(yaw, abs=9)
    back = views.shown(away, views.rotation(truth))
    assert back.shape == (SIDE, SIDE, CHANNELS)
    # In the middle of the face, which was seen all the time, the truth comes back.
    middle = slice(SIDE // 2 - 20, SIDE // 2 + 20)
    wanted = square(truth)[middle, middle].astype(float)
    returned = back[middle, middle, :3].astype(float)
    apart = [cv2.GaussianBlur(one, (0, 0), 2) for one in (wanted, returned)]
    assert np.abs(apart[0] - apart[1]).mean() < 12
    assert np.abs(square(away)[middle, middle].astype(float) - wanted).mean() > np.abs(returned - wanted).mean()


def test_a_view_holds_what_the_refiner_sees_the_truth_and_the_head_before(views: Views) -> None:
    truth = views.seen(small(people.person("carla")))
    assert truth is not None
    away = views.away(truth, Pose(28, 0, 0), depth=1.1)
    assert away is not None
    whole = view(views, away, truth, views.rotation(truth))
    np.testing.assert_array_equal(whole[..., CHANNELS : CHANNELS + 3], square(truth))
    np.testing.assert_array_equal(whole[..., CHANNELS + 3 :], square(away))


def test_where_there_is_no_face_there_is_no_view(views: Views) -> None:
    blank = np.full((200, 200, 3), 120, np.uint8)
    assert views.seen(blank) is None
    assert photo_turned_away(views, blank, 30.0, np.random.default_rng(0)) is None


def test_a_person_of_the_generator_looks_where_it_is_asked_to(
    views: Views, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    pictures = person_at_yaws(Renderer(), 500_001, [-25.0, 0.0, 25.0])
    found = [views.seen(picture) for picture in pictures]
    yaws = [one.yaw for one in found if one is not None]
    assert yaws == pytest.approx([-25, 0, 25], abs=12)
