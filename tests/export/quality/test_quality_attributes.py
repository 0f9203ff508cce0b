import numpy as np
import pytest

from mien_export.quality.attributes import aligned_squares, flips, rank_correlation
from mien_service.faces.align import crop_transform, cut
from mien_service.faces.face import Face, RgbImage


def test_flips_are_counted_among_those_who_could_turn() -> None:
    before, after = np.array([-2.0, -1.0, 0.5, -1.0]), np.array([1.0, -0.5, 3.0, 0.2])
    np.testing.assert_array_equal(flips(before, after, 0.1, 1), [1, 0, np.nan, 1])


def test_flips_downwards_are_the_mirror_image() -> None:
    before, after = np.array([-2.0, 1.0, 0.5]), np.array([-3.0, -1.0, 0.2])
    np.testing.assert_array_equal(flips(before, after, 0.1, -1), [np.nan, 1, 0])


def test_rank_correlation_averages_faces() -> None:
    strengths = np.linspace(-1, 1, 5)
    logits = np.stack([strengths**3, -strengths, np.zeros(5)])
    assert rank_correlation(strengths, logits) == pytest.approx(0)
    assert rank_correlation(strengths, logits[:1]) == pytest.approx(1)
    assert np.isnan(rank_correlation(strengths, logits[:0]))


def test_squares_are_the_services_crops(photo: RgbImage, face: Face) -> None:
    squares = aligned_squares([photo], [face.landmarks])
    expected = cut(photo, crop_transform(face.landmarks, 128), 128)
    assert squares.shape == (1, 3, 128, 128)
    np.testing.assert_allclose(squares[0].permute(1, 2, 0).numpy() * 255, expected, atol=1e-3)
