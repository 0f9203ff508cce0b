import torch
from hypothesis import given
from hypothesis import strategies as st

from mien_export.data.windows import windows_on

SIDE = 40


@given(st.integers(0, 36), st.integers(0, 36), st.floats(0.2, 1))
def test_a_window_lies_in_the_picture_about_the_region(top: int, left: int, share: float) -> None:
    region = torch.zeros(1, 1, SIDE, SIDE)
    region[:, :, top : top + 4, left : left + 4] = 1
    windows = windows_on(region, share)
    assert windows.side % 8 == 0
    assert abs(windows.side - share * SIDE) <= 4
    for corner, middle in zip(windows.corners[0], (top + 2, left + 2), strict=True):
        assert 0 <= corner <= SIDE - windows.side
        wanted = min(max(middle - windows.side / 2, 0), SIDE - windows.side)
        assert abs(corner - wanted) <= 0.1 * windows.side + 1


def test_every_picture_is_cut_at_its_own_window() -> None:
    region = torch.zeros(2, 1, SIDE, SIDE)
    region[0, :, :4, :4] = 1
    region[1, :, -4:, -4:] = 1
    places = torch.arange(SIDE * SIDE).view(1, 1, SIDE, SIDE).expand(2, 3, SIDE, SIDE)
    windows = windows_on(region, 0.25)
    cut = windows.cut(places)
    assert cut.shape == (2, 3, 8, 8)
    for i, (top, left) in enumerate(windows.corners):
        assert cut[i, 0, 0, 0] == top * SIDE + left
    assert cut[0].max() < cut[1].min()


def test_an_empty_region_is_looked_at_in_the_middle() -> None:
    [(top, left)] = windows_on(torch.zeros(1, 1, SIDE, SIDE), 0.6).corners
    assert abs(top - 8) <= 3
    assert abs(left - 8) <= 3


def test_the_whole_picture_is_its_own_window() -> None:
    images = torch.rand(2, 3, SIDE, SIDE)
    assert windows_on(torch.rand(2, 1, SIDE, SIDE), 1.0).cut(images) is images
