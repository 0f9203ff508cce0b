"""/addiction-preview over HTTP: what severity, gains and seed do, what stays untouched, and what has to be told."""

import base64
from collections.abc import Callable
from typing import Any

import cv2
import httpx
import numpy as np
import people
import pytest
from served import Served, command, problem

from mien_service.faces.face import RgbImage
from mien_service.settings import HELP_LINE

URL = "/addiction-preview"
PNG = {"Content-Type": "image/png"}
AS_JSON = PNG | {"Accept": "application/json"}
SUBSTANCES = ("smoking", "alcohol", "drugs")
GAINS = ("blotches", "wrinkles", "tone", "hollowing", "eyes_teeth")
EYES = (slice(36, 42), slice(42, 48))
StartServer = Callable[..., Served]


def answered(client: httpx.Client, photo: bytes, headers: dict[str, str] = PNG, **parameters: Any) -> httpx.Response:
    answer = client.post(URL, params=parameters, content=photo, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def told(client: httpx.Client, photo: bytes, **parameters: Any) -> dict[str, Any]:
    return answered(client, photo, AS_JSON, **parameters).json()


def shown(client: httpx.Client, photo: bytes, **parameters: Any) -> RgbImage:
    return people.pixels_of(answered(client, photo, **parameters).content)


def pictures(answer: dict[str, Any]) -> list[RgbImage]:
    return [people.pixels_of(base64.b64decode(one["image"])) for one in answer["results"]]


def change(one: RgbImage, other: RgbImage) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def file_of(name: str) -> bytes:
    return people.as_file(people.small_person(name), "PNG", compress_level=1)


@pytest.fixture(scope="module")
def original(portrait_png: bytes) -> RgbImage:
    return people.pixels_of(portrait_png)


def outside(answer: dict[str, Any], size: tuple[int, ...]) -> np.ndarray:
    """Return what lies outside the face: its box, which ends at the brows, with half its height over them, grown."""
    left, top, right, bottom = answer["faces"][0]["box"]
    margin = 0.04 * (right - left)
    forehead = (bottom - top) / 2
    mask = np.ones(size[:2], np.bool_)
    rows = slice(max(round(top - forehead - margin), 0), round(bottom + margin))
    mask[rows, max(round(left - margin), 0) : round(right + margin)] = False
    return mask


def inside_the_eyes(answer: dict[str, Any], size: tuple[int, ...]) -> np.ndarray:
    points = np.array(answer["faces"][0]["landmarks"], np.int32)
    mask = np.zeros(size[:2], np.uint8)
    for eye in EYES:
        cv2.fillConvexPoly(mask, cv2.convexHull(points[eye]), 1)
    return cv2.erode(mask, np.ones((3, 3), np.uint8)) > 0


@pytest.mark.parametrize("substance", SUBSTANCES)
@pytest.mark.parametrize("kind", ["RGB", "RGBA", "L"])
def test_severity_zero_is_the_photo_itself(client: httpx.Client, original: RgbImage, substance: str, kind: str) -> None:
    grey = original.mean(axis=2).astype(np.uint8)
    pixels = {"RGB": original, "L": grey, "RGBA": np.dstack([original, grey])}[kind]
    answer = answered(client, people.as_file(pixels, "PNG"), substance=substance, severity=0)
    np.testing.assert_array_equal(np.asarray(people.opened(answer.content)), pixels)


@pytest.mark.parametrize("substance", SUBSTANCES)
def test_no_gain_changes_nothing(client: httpx.Client, portrait_png: bytes, original: RgbImage, substance: str) -> None:
    same = shown(client, portrait_png, substance=substance, **dict.fromkeys(GAINS, 0))
    np.testing.assert_array_equal(same, original)


@pytest.mark.parametrize("substance", SUBSTANCES)
@pytest.mark.parametrize("name", ["ben", "carla", "farid"])
def test_more_severity_changes_more(client: httpx.Client, name: str, substance: str) -> None:
    photo = people.small_person(name)
    answer = told(client, file_of(name), substance=substance, severities="0:1.1:0.25")
    assert [one["strength"] for one in answer["results"]] == [0, 0.25, 0.5, 0.75, 1]
    sizes = [change(one, photo) for one in pictures(answer)]
    assert sizes[0] == 0
    assert sizes == sorted(set(sizes))
    assert sizes[-1] > 1.5


@pytest.mark.parametrize("gain", GAINS)
def test_a_gain_makes_its_part_stronger(
    client: httpx.Client, original: RgbImage, portrait_png: bytes, gain: str
) -> None:
    alone = dict.fromkeys(GAINS, 0.0)
    fainter, stronger = (
        change(shown(client, portrait_png, substance="drugs", **alone | {gain: much}), original) for much in (0.5, 2)
    )
    assert 0 < fainter < stronger


def test_one_seed_one_picture(client: httpx.Client, portrait_png: bytes) -> None:
    first, again, other = (answered(client, portrait_png, substance="drugs", seed=seed) for seed in (7, 7, 8))
    assert first.content == again.content
    assert (people.pixels_of(first.content) != people.pixels_of(other.content)).any()


def test_a_severity_alone_is_that_of_a_list(client: httpx.Client, portrait_png: bytes) -> None:
    answer = told(client, portrait_png, substance="smoking", severities="0.3,1", seed=3)
    assert [one["strength"] for one in answer["results"]] == [0.3, 1]
    faint, full = pictures(answer)
    np.testing.assert_array_equal(faint, shown(client, portrait_png, substance="smoking", severity=0.3, seed=3))
    np.testing.assert_array_equal(full, shown(client, portrait_png, substance="smoking", seed=3))


def test_several_pictures_are_json_or_a_strip(client: httpx.Client, portrait_png: bytes) -> None:
    several = {"substance": "alcohol", "severities": "0,.5,1"}
    apart = pictures(told(client, portrait_png, **several))
    as_strip = answered(client, portrait_png, PNG | {"Accept": "image/png"}, layout="strip", **several)
    np.testing.assert_array_equal(people.pixels_of(as_strip.content), np.hstack(apart))
    assert as_strip.headers["x-mien-help-line"] == HELP_LINE
    refused = client.post(URL, params=several, content=portrait_png, headers=PNG | {"Accept": "image/png"})
    problem(refused, "not-acceptable", 406)


@pytest.mark.parametrize("substance", SUBSTANCES)
@pytest.mark.parametrize("name", people.NAMES)
def test_what_lies_beside_the_face_is_untouched(client: httpx.Client, name: str, substance: str) -> None:
    photo = people.small_person(name)
    answer = told(client, file_of(name), substance=substance)
    beside = outside(answer, photo.shape)
    assert beside.mean() > 0.3
    np.testing.assert_array_equal(pictures(answer)[0][beside], photo[beside])


def test_hair_stays_as_it_is(client: httpx.Client, portrait_png: bytes, original: RgbImage) -> None:
    """Anna's falls beside her cheeks, within reach of what sinks in."""
    picture = shown(client, portrait_png, substance="drugs", hollowing=2)
    for strand in (np.s_[270:450, 65:110], np.s_[15:65, 196:300]):
        np.testing.assert_array_equal(picture[strand], original[strand])


@pytest.mark.parametrize("substance", SUBSTANCES)
@pytest.mark.parametrize("name", people.NAMES)
def test_without_eyes_and_teeth_the_eyes_stay_as_they_are(client: httpx.Client, name: str, substance: str) -> None:
    photo = people.small_person(name)
    answer = told(client, file_of(name), substance=substance, eyes_teeth=0)
    eyes = inside_the_eyes(answer, photo.shape)
    assert eyes.sum() > 300
    np.testing.assert_array_equal(pictures(answer)[0][eyes], photo[eyes])


def test_only_the_chosen_faces_of_a_group_change(client: httpx.Client) -> None:
    group = people.group()
    photo = people.as_file(group, "PNG", compress_level=1)
    places = [np.s_[row : row + 500, column : column + 500] for row in (0, 500) for column in (0, 500, 1000)]
    one = shown(client, photo, substance="smoking", face=0)
    assert [bool((one[place] != group[place]).any()) for place in places].count(True) == 1
    answer = told(client, photo, substance="smoking", face="all")
    assert [face["index"] for face in answer["faces"]] == list(range(6))
    [everybody] = pictures(answer)
    assert all((everybody[place] != group[place]).any() for place in places)


def test_a_face_square(client: httpx.Client, portrait_png: bytes) -> None:
    before, after = pictures(told(client, portrait_png, substance="drugs", severities="0,1", output="face"))
    height, width = after.shape[:2]
    assert height == width
    assert 256 <= width <= 1024
    assert change(before, after) > 3


def test_a_grey_photo_stays_grey(client: httpx.Client, original: RgbImage) -> None:
    grey = original.mean(axis=2).astype(np.uint8)
    answer = answered(client, people.as_file(grey, "PNG"), substance="alcohol")
    assert people.opened(answer.content).mode == "L"
    assert (np.asarray(people.opened(answer.content)) != grey).any()


@pytest.mark.parametrize("photo", [people.masked("anna"), people.turned("iris"), people.astronaut()])
def test_covered_turned_and_real_faces_are_worked_on(client: httpx.Client, photo: RgbImage) -> None:
    picture = shown(client, people.as_file(photo, "PNG", compress_level=1), substance="smoking")
    assert picture.shape == photo.shape
    assert (picture != photo).any()


def test_an_answer_says_what_it_is_and_where_help_is_found(client: httpx.Client, portrait_png: bytes) -> None:
    answer = answered(client, portrait_png, substance="smoking")
    for words in ("illustration", "not a medical prediction", "screening", "adults", "consent"):
        assert words in answer.headers["x-mien-notice"]
    assert answer.headers["x-mien-help-line"] == HELP_LINE
    assert answer.headers["x-mien-model"].startswith("mesh_net@")
    document = told(client, portrait_png, substance="smoking")
    assert (document["notice"], document["help_line"]) == (answer.headers["x-mien-notice"], HELP_LINE)
    assert (document["invented"], document["not_for_identification"]) == (None, False)
    card = next(one for one in client.get("/models").json()["tasks"] if one["path"] == URL)
    assert (card["notice"], card["help_line"]) == (document["notice"], HELP_LINE)
    assert card["models"] == ["mesh_net", "head_segmenter", "head_model"]


def test_the_default_help_line_names_no_number_and_no_address() -> None:
    assert not any(letter.isdigit() or letter in "@/" for letter in HELP_LINE)
    assert "doctor" in HELP_LINE
    assert "help line" in HELP_LINE


def test_other_tasks_offer_no_help(client: httpx.Client, portrait_png: bytes) -> None:
    answer = client.post("/edit-attribute", params={"attribute": "smiling"}, content=portrait_png, headers=AS_JSON)
    assert answer.json()["help_line"] is None
    assert "x-mien-help-line" not in answer.headers
    cards = client.get("/models").json()["tasks"]
    assert [one["path"] for one in cards if one["help_line"] is not None] == [URL]


@pytest.mark.parametrize(
    ("line", "header"),
    [
        (" Ärztin oder 100 % anonym: +49 ", "%C3%84rztin oder 100 %25 anonym: +49"),
        ("", None),
        ("  ", None),
    ],
)
def test_the_deployer_says_where_help_is_found(
    start_server: StartServer, portrait_png: bytes, line: str, header: str | None
) -> None:
    with start_server(help_line=line, tasks="addiction-preview").client() as client:
        answer = answered(client, portrait_png, AS_JSON, substance="alcohol")
        [card] = client.get("/models").json()["tasks"]
    assert answer.headers.get("x-mien-help-line") == header
    assert answer.json()["help_line"] == card["help_line"] == (line.strip() or None)


@pytest.mark.parametrize("line", ["Ask a doctor.\r\nSet-Cookie: a=b", "x" * 301])
def test_a_help_line_that_does_not_fit_a_header(line: str) -> None:
    ended = command("serve", "--port", "1", help_line=line)
    assert ended.returncode != 0
    assert "help_line" in ended.stderr
    assert "Traceback" not in ended.stderr


WRONG = [
    ({}, "substance"),
    ({"substance": "sugar"}, "substance"),
    ({"substance": "drugs", "severity": "nan"}, "severity"),
    ({"substance": "drugs", "severity": "-0.1"}, "severity"),
    ({"substance": "drugs", "severity": "1.01"}, "severity"),
    ({"substance": "drugs", "severity": "much"}, "severity"),
    ({"substance": "drugs", "severity": "1", "severities": "0,1"}, "severity"),
    ({"substance": "drugs", "severities": "0,nan"}, "severities"),
    ({"substance": "drugs", "severities": "0:inf:1"}, "severities"),
    ({"substance": "drugs", "severities": ""}, "severities"),
    ({"substance": "drugs", "severities": "0:1:0.05"}, "severities"),
    *(({"substance": "drugs", gain: value}, gain) for gain in GAINS for value in ("2.1", "-1", "nan", "inf")),
    ({"substance": "drugs", "seed": "4294967296"}, "seed"),
    ({"substance": "drugs", "attribute": "smiling"}, "attribute"),
]


@pytest.mark.parametrize(("parameters", "field"), WRONG, ids=str)
def test_what_cannot_be_asked_for(
    client: httpx.Client, portrait_png: bytes, parameters: dict[str, str], field: str
) -> None:
    problem(client.post(URL, params=parameters, content=portrait_png, headers=PNG), "invalid-parameter", 422, field)


def test_all_forms_give_the_same_picture(client: httpx.Client, portrait_png: bytes) -> None:
    parameters = {"substance": "drugs", "severities": "0.5,1", "wrinkles": "1.5", "seed": "3"}
    typed = {"substance": "drugs", "severities": [0.5, 1], "wrinkles": 1.5, "seed": 3}
    document = typed | {"image": base64.b64encode(portrait_png).decode()}
    form = client.post(
        URL,
        data=parameters,
        files={"image": ("me.png", portrait_png, "image/png")},
        headers={"Accept": "application/json"},
    )
    answers = [told(client, portrait_png, **parameters), form.json(), client.post(URL, json=document).json()]
    first, *others = [answer["results"] for answer in answers]
    assert all(other == first for other in others)
