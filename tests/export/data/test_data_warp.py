import cv2
import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from mien_export.data.warp import moved

SHIFTS = st.integers(-5, 5)


@given(st.integers(0, 2**32 - 1), SHIFTS, SHIFTS)
def test_a_pixel_shows_what_lay_at_its_place_plus_flow(seed: int, right: int, down: int) -> None:
    images = torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(seed))
    flow = torch.tensor([right, down]).float().view(1, 2, 1, 1).expand(2, 2, 24, 24)
    inner = slice(6, 18)
    wanted = images.roll((-down, -right), (2, 3))[..., inner, inner]
    torch.testing.assert_close(moved(images, flow)[..., inner, inner], wanted, rtol=0, atol=1e-4)


@given(st.integers(0, 2**32 - 1))
def test_it_fetches_as_opencv_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.uniform(size=(40, 40, 3)).astype(np.float32)
    flow = rng.uniform(-3, 3, (40, 40, 2)).astype(np.float32)
    # OpenCV looks a fraction of a pixel up in a table of 32.
    flow = np.round(flow * 32) / np.float32(32)
    rows, columns = np.mgrid[:40, :40].astype(np.float32)
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    wanted = cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    fetched = moved(torch.from_numpy(picture).permute(2, 0, 1)[None], torch.from_numpy(flow).permute(2, 0, 1)[None])
    inner = slice(6, 34)
    found = fetched[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(found[inner, inner], wanted[inner, inner], atol=2e-3)


def test_no_flow_moves_nothing_and_the_edge_is_repeated() -> None:
    images = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(moved(images, torch.zeros(1, 2, 16, 16)), images, rtol=0, atol=1e-5)
    far = moved(images, torch.full((1, 2, 16, 16), -100.0))
    torch.testing.assert_close(far, images[..., :1, :1].expand_as(images), rtol=0, atol=1e-5)
