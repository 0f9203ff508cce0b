import math
from dataclasses import replace

import numpy as np
import pytest

from mien_export.quality.addiction_bars import FALLING, RISING, SEVERITIES, Bar, Summary, bars, summary
from mien_export.quality.illustrated_readings import Reading
from mien_export.quality.illustrators import SUBSTANCES

FULL = Reading(
    wrinkles=0.8,
    new_lines=0.35,
    lightness=-6,
    redness=4,
    yellowness=3,
    difference=6,
    blotches=12,
    outside=0,
    surroundings=0,
    irises=0,
    eyes=400,
    years=9,
    distance=0.2,
)


GRADED = (0, 2, 4, 6)


def at(severity: float) -> Reading:
    """Return readings that grow evenly with the severity."""
    return Reading(**{name: severity * value for name, value in vars(FULL).items()})


def summed(count: int = 90, **changes: float) -> Summary:
    """Return the summary of light and dark faces; dark ones lose half as much lightness. Four light ones are graded."""
    full = replace(FULL, **changes)
    faces = [[at(severity) for severity in SEVERITIES[:-1]] + [full] if i in GRADED else [full] for i in range(count)]
    angles = np.array([45.0, -50.0] * (count // 2))
    for i in range(1, count, 2):
        faces[i][-1] = replace(full, lightness=full.lightness / 2)
    return summary(faces, angles, np.zeros(count))


def test_a_summary_keeps_dark_skin_apart() -> None:
    found = summed()
    assert (found.n, found.graded, found.judged) == (90, 4, 90)
    assert (found.lightness, found.dark_lightness) == (-6, -3)
    assert (found.wrinkles, found.blotches, found.blotches_low, found.blotches_high) == (0.8, 12, 12, 12)
    assert found.outside == found.eyes == math.inf
    assert [(tone.tone, tone.n, tone.ratio) for tone in found.tones] == [("light", 45, 1), ("dark", 45, 1)]


def test_unread_ages_are_left_out_of_the_means() -> None:
    faces = [[replace(FULL, years=years, distance=years / 50)] for years in (10.0, 20.0, math.nan)]
    found = summary(faces, np.array([45.0, 45.0, 45.0]), np.array([4.0, math.nan, 4.0]))
    assert (found.judged, found.years) == (2, 15)
    assert found.distance == pytest.approx(0.3)
    assert found.eyes == pytest.approx(10 * math.log10(255**2 / 4))
    assert (found.graded, math.isnan(found.monotone["years"]), math.isnan(found.dark_lightness)) == (0, True, True)


def test_meters_are_monotone_in_their_own_direction() -> None:
    assert summed().monotone == dict.fromkeys((*RISING, *FALLING), 1.0)
    back = summed(yellowness=1.0, lightness=0.0).monotone
    assert back["yellowness"] == back["lightness"] == 0.75
    assert back["redness"] == 1


@pytest.mark.parametrize(
    ("reading", "least", "most", "words", "result"),
    [
        (0.7, 0.6, math.inf, "at least 0.600", "met"),
        (0.6, 0.6, math.inf, "at least 0.600", "met"),
        (0.5, 0.6, math.inf, "at least 0.600", "missed"),
        (0.4, -math.inf, 0.35, "at most 0.350", "missed"),
        (5.1, 2, 5, "2 to 5", "missed"),
        (math.nan, 2, 5, "2 to 5", "not measured"),
        (math.inf, 45.0, math.inf, "at least 45.0", "met"),
    ],
)
def test_a_bar_says_what_it_asks_and_whether_it_is_met(
    reading: float, least: float, most: float, words: str, result: str
) -> None:
    row = Bar("smoking", "meter", reading, least, most).row()
    assert (row["bar"], row["result"]) == (words, result)


def missed(**of: Summary) -> set[tuple[str, str]]:
    by_substance = {name: of.get(name, summed()) for name in SUBSTANCES}
    rows = [bar.row() for bar in bars(by_substance)]
    return {(str(row["substance"]), str(row["meter"])) for row in rows if row["result"] != "met"}


def test_each_bar_is_met_by_what_the_design_asks() -> None:
    assert missed() == set()


@pytest.mark.parametrize(
    ("substance", "changes", "meter"),
    [
        ("smoking", {"wrinkles": 0.59}, "wrinkle energy, share added"),
        ("smoking", {"new_lines": 0.29}, "new lines"),
        ("smoking", {"yellowness": 5.5}, "b*"),
        ("alcohol", {"redness": 2.5}, "a*, cheeks and nose"),
        ("drugs", {"blotches": 26.0}, "new blotches"),
        ("drugs", {"lightness": -11.0}, "L*"),
        ("smoking", {"years": 4.0}, "years"),
        ("alcohol", {"distance": 0.4}, "descriptor distance"),
        ("drugs", {"outside": 3.0}, "outside the face, dB"),
        ("drugs", {"surroundings": 11.0}, "hair and background, dB"),
        ("alcohol", {"irises": 3.0}, "irises, dB"),
    ],
)
def test_a_bar_is_missed_by_its_substance_alone(substance: str, changes: dict[str, float], meter: str) -> None:
    found = {pair for pair in missed(**{substance: summed(**changes)}) if not pair[1].startswith("monotone")}
    assert found == {(substance, meter)}


def test_dark_skin_must_not_darken_more() -> None:
    assert ("alcohol", "L* on dark skin over L* on other skin") in missed(
        alcohol=replace(summed(), dark_lightness=-6.5)
    )


def test_a_tone_that_changes_otherwise_is_named_if_it_has_enough_faces() -> None:
    one = summed()
    uneven = [replace(one.tones[0], ratio=1.3), replace(one.tones[1], ratio=0.7)]
    assert missed(drugs=replace(one, tones=uneven)) == {
        ("drugs", "colour difference, least of any tone"),
        ("drugs", "colour difference, most of any tone"),
    }
    assert missed(drugs=replace(one, tones=[replace(tone, counts=False) for tone in uneven])) == set()


def test_what_goes_back_and_forth_with_severity_is_named() -> None:
    assert missed(drugs=summed(blotches=8.0)) == {("drugs", "monotone, the least: blotches")}
    assert missed(smoking=summed(blotches=8.0)) == set(), "smoking is not to make any"
