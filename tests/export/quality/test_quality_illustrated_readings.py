import math
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
from brightness_age import brightness_age

from mien_export.quality.eye_regions import eye_openings
from mien_export.quality.held_out import HeldOutFace
from mien_export.quality.identity import IdentityMeter
from mien_export.quality.illustrated_readings import FaceReader, Judges, Reading, columns
from mien_export.quality.illustrators import PLAIN_FILTER, baselines
from mien_export.quality.regions import whole_face
from mien_service.faces.align import AlignedFace
from mien_service.faces.face import RgbImage


@pytest.fixture(scope="module")
def held_out(photo: RgbImage, aligned: AlignedFace) -> HeldOutFace:
    return HeldOutFace(photo, aligned, {})


@pytest.fixture(scope="module")
def reader(held_out: HeldOutFace) -> FaceReader:
    return FaceReader(held_out, Judges(brightness_age(), IdentityMeter()))


def test_a_photo_left_alone_reads_0_everywhere(reader: FaceReader, photo: RgbImage) -> None:
    assert asdict(reader.read(photo)) == pytest.approx(dict.fromkeys(asdict(reader.read(photo)), 0), abs=1e-6)


def test_the_plain_filter_darkens_and_sharpens_all_of_the_photo(reader: FaceReader, held_out: HeldOutFace) -> None:
    [made] = baselines(Path("none.pt"))[PLAIN_FILTER](held_out.photo, held_out.aligned, "smoking", [1.0])
    read = reader.read(made)
    assert read.lightness == pytest.approx(-10, abs=1)
    assert read.difference > 5
    assert read.yellowness < -1
    assert read.redness < -1
    assert read.wrinkles > 0.2
    assert read.new_lines < 0.05
    assert read.blotches == 0
    assert min(read.outside, read.surroundings, read.eyes, read.irises) > 50
    assert read.years == pytest.approx(float(held_out.photo.mean() - made.mean()))
    assert 0.02 < read.distance < 0.4


def test_each_meter_looks_where_it_is_meant_to(reader: FaceReader, held_out: HeldOutFace, photo: RgbImage) -> None:
    known = held_out.aligned.face
    away = photo.copy()
    away[~whole_face(known.landmarks, photo.shape)] //= 2
    read = reader.read(away)
    assert min(read.outside, read.surroundings) > 100
    assert read.eyes == read.irises == read.blotches == 0
    assert read.difference < 0.5
    eyes = photo.copy()
    eyes[np.asarray(cv2.dilate(eye_openings(known.landmarks, photo.shape).astype(np.uint8), np.ones((3, 3)))) > 0] = 0
    read = reader.read(eyes)
    assert min(read.eyes, read.irises) > 100
    assert read.eyes == reader.eye_error(eyes)
    assert read.outside == read.surroundings == read.blotches == 0
    assert abs(read.lightness) < 0.5


def test_without_judges_age_and_identity_are_not_read(held_out: HeldOutFace, photo: RgbImage) -> None:
    read = FaceReader(held_out, None).read(photo)
    assert math.isnan(read.years)
    assert math.isnan(read.distance)
    assert read.lightness == 0


def test_columns_hold_each_meter_of_all_pictures(reader: FaceReader, photo: RgbImage) -> None:
    pictures = [reader.read(photo), reader.read(photo // 2)]
    found = columns(pictures)
    assert list(found) == list(Reading.__dataclass_fields__)
    assert found["lightness"].tolist() == [one.lightness for one in pictures]
