import numpy as np
import pytest
from numpy.typing import NDArray

from mien_service.faces.mask_cover import LEAST_SHARE, has_mask, mask_cover


def red_is_mask(network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Stands in for the network: what is red is covered."""
    assert network == "mask_segmenter"
    image = inputs["image"]
    return {"cover": (image[:, :1] - image[:, 1:2]).clip(0, 1)}


def test_the_cover_lies_where_the_network_says() -> None:
    crop = np.zeros((256, 256, 3), np.uint8)
    crop[150:200, 60:90, 0] = 255
    cover = mask_cover(crop, red_is_mask)
    assert cover.shape == (256, 256)
    assert cover[150:200, 60:90].min() == 1
    assert cover.sum() == 50 * 30


@pytest.mark.parametrize(("share", "expected"), [(0.0, False), (LEAST_SHARE / 2, False), (2 * LEAST_SHARE, True)])
def test_a_speck_is_no_mask(share: float, expected: bool) -> None:
    cover = np.zeros((256, 256), np.float32)
    cover.ravel()[: round(share * cover.size)] = 0.9
    assert has_mask(cover) is expected


def test_what_is_hardly_covered_is_not_masked() -> None:
    assert not has_mask(np.full((256, 256), 0.4, np.float32))
