import numpy as np
import pytest
import torch
from cropped import crops_of

from mien_export.data.age_domains import OLD_FROM, SHOWN, YOUNG_UNDER, AgeDomains
from mien_export.data.packs import is_held_out

SIDE = 16
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def domains() -> AgeDomains:
    """Three hundred faces as bright as they are old, some of them held out."""
    ages = [20 + i % 70 for i in range(300)]
    pixels = np.repeat(np.array(ages, np.uint8), 18 * 18 * 3).reshape(300, 18, 18, 3)
    rows = [{"file": f"{i}.webp", "age": str(age)} for i, age in enumerate(ages)]
    return AgeDomains(crops_of(pixels, rows), SIDE, CPU)


def test_young_and_older_faces_come_in_batches_of_their_own(domains: AgeDomains) -> None:
    young, old = domains.batch(64)
    assert young.shape == old.shape == (64, 3, SIDE, SIDE)
    for faces, least, most in ((young, 20, YOUNG_UNDER - 1), (old, OLD_FROM, 89)):
        ages = (faces.mean(dim=(1, 2, 3)) * 255).round()
        assert least <= ages.min() < ages.max() <= most


def test_nobody_held_out_is_trained_on_and_the_shown_are() -> None:
    names = [f"{i}.webp" for i in range(400)]
    brightness = np.array([200 if is_held_out(name) else 50 for name in names], np.uint8)
    pixels = np.repeat(brightness, 18 * 18 * 3).reshape(400, 18, 18, 3)
    rows = [{"file": name, "age": "70" if i % 2 else "25"} for i, name in enumerate(names)]
    found = AgeDomains(crops_of(pixels, rows), SIDE, CPU)
    for faces in found.batch(100):
        torch.testing.assert_close(faces, torch.full_like(faces, 50 / 255))
    shown = found.shown()
    assert 1 <= len(shown) <= SHOWN
    torch.testing.assert_close(shown, torch.full_like(shown, 200 / 255))
    torch.testing.assert_close(found.shown(), shown)
