import numpy as np
from face_points import TILTS, WIDTHS, face_at
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien_service.faces.align import apply, crop_transform, invert
from mien_service.faces.head_maps import MAPS, ROOM, SIDE, head_maps, head_transform


def colours_are_maps(network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Stands in for the network: red is head, green skin, blue hair."""
    assert network == "head_segmenter"
    assert inputs["image"].shape == (1, 3, SIDE, SIDE)
    return {"maps": inputs["image"]}


@given(WIDTHS, TILTS, st.floats(-3000, 3000), st.floats(-3000, 3000))
def test_the_heads_square_lies_as_the_aligned_one_but_is_larger(width: float, tilt: float, x: float, y: float) -> None:
    aligned = crop_transform(face_at(width, tilt, x, y))
    corners = np.array([[-0.5, -0.5], [255.5, -0.5], [255.5, 255.5]], np.float32)
    small, large = (apply(invert(transform), corners) for transform in (aligned, head_transform(aligned)))
    centre = (small[0] + small[2]) / 2
    np.testing.assert_allclose(large - centre, ROOM * (small - centre), rtol=1e-3, atol=width * 1e-3)


def test_maps_lie_where_the_network_says() -> None:
    photo = np.zeros((500, 400, 3), np.uint8)
    photo[100:300, 150:250] = (255, 0, 0)
    photo[200:300, 150:250, 1] = 255
    photo[100:120, 150:250, 2] = 255
    maps = head_maps(photo, crop_transform(face_at(120, 0, 200, 220)), colours_are_maps)
    [[x, y], [x_hair, y_hair]] = np.rint(apply(maps.transform, np.array([[200, 250], [200, 110]], np.float32))).astype(
        int
    )
    assert [maps.head[y, x], maps.skin[y, x], maps.hair[y, x]] == [1, 1, 0]
    assert [maps.head[y_hair, x_hair], maps.skin[y_hair, x_hair], maps.hair[y_hair, x_hair]] == [1, 0, 1]
    assert MAPS == ("head", "skin", "hair")
