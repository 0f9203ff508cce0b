import numpy as np
import pytest
from cropped import crops_of

from mien_export.data.crops import Crops
from mien_export.quality import attribute_baselines as baselines
from mien_service.faces.align import AlignedFace, cut
from mien_service.faces.face import RgbImage


def made_crops() -> Crops:
    values = {("1", "0"): 100, ("1", "1"): 130, ("0", "0"): 10, ("0", "1"): 250}
    rows = [{"Male": male, "Mustache": mustache, "Smiling": mustache} for male, mustache in values]
    pixels = np.stack([np.full((144, 144, 3), value, np.uint8) for value in values.values()])
    return crops_of(pixels, rows)


def test_nothing_changes_nothing(photo: RgbImage, aligned: AlignedFace) -> None:
    assert baselines.no_edit(photo, aligned, "smiling", 1.0) is photo


def test_the_mustaches_difference_is_that_of_men() -> None:
    found = baselines.mean_differences(made_crops(), ("mustache", "smiling"))
    assert found["mustache"].shape == (128, 128, 3)
    assert np.unique(found["mustache"]).tolist() == [30]
    assert np.unique(found["smiling"]).tolist() == [(130 + 250 - 100 - 10) / 2]


def test_the_mean_difference_stays_in_the_oval(photo: RgbImage, aligned: AlignedFace) -> None:
    edit = baselines.MeanDifference({"smiling": np.full((128, 128, 3), 20, np.float32)})
    edited = edit(photo, aligned, "smiling", 1.0)
    x, y = aligned.face.landmarks[30].round().astype(int)
    np.testing.assert_array_equal(edited[y, x], np.minimum(photo[y, x].astype(int) + 20, 255))
    np.testing.assert_array_equal(edited[:10], photo[:10])


def test_strength_and_gain_scale_it(photo: RgbImage, aligned: AlignedFace) -> None:
    field = {"smiling": np.full((128, 128, 3), -10, np.float32)}
    single, double = baselines.MeanDifference(field), baselines.MeanDifference(field, gain=2)
    np.testing.assert_array_equal(single(photo, aligned, "smiling", 0.0), photo)
    once, twice = single(photo, aligned, "smiling", 1.0), double(photo, aligned, "smiling", 0.5)
    np.testing.assert_array_equal(once, twice)
    assert once.sum() < photo.sum()


def test_decode_and_paste_lays_the_decoded_square_where_it_was(photo: RgbImage, aligned: AlignedFace) -> None:
    edited = baselines.DecodeAndPaste(lambda square, _, __: square)(photo, aligned, "male", 1.0)
    np.testing.assert_array_equal(edited[:10], photo[:10])
    assert 0 < np.abs(edited.astype(int) - photo).mean() < 1.5


def test_the_decoder_gets_the_square_and_the_strength(photo: RgbImage, aligned: AlignedFace) -> None:
    seen: list[tuple[RgbImage, str, float]] = []

    def decode(square: RgbImage, attribute: str, strength: float) -> RgbImage:
        seen.append((square, attribute, strength))
        return square

    baselines.DecodeAndPaste(decode)(photo, aligned, "young", -0.5)
    [(square, attribute, strength)] = seen
    np.testing.assert_array_equal(square, cut(photo, baselines.square_transform(aligned), 128))
    assert (attribute, strength) == ("young", -0.5)


@pytest.mark.parametrize(
    ("attribute", "male", "asked"), [("mustache", "0", False), ("mustache", "1", True), ("young", "0", True)]
)
def test_mustaches_are_asked_of_men(attribute: str, male: str, asked: bool) -> None:
    assert baselines.is_candidate({"Male": male}, attribute) is asked
