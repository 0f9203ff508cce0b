import numpy as np
import torch

from mien_export.teachers.generator import LAYERS, STYLE_SIZE
from mien_export.teachers.people import TRUNCATION, mean_style, pictures_of, styles_of


def test_a_seed_is_one_person_on_all_layers() -> None:
    one, other = styles_of([5, 6])
    assert one.shape == (LAYERS, STYLE_SIZE)
    assert (one == one[0]).all()
    assert (one != other).any()
    torch.testing.assert_close(styles_of([6])[0], other)


def test_people_stay_near_the_mean() -> None:
    away = styles_of(range(40))[:, 0] - torch.from_numpy(mean_style())
    spread = away.norm(dim=1).mean() / TRUNCATION
    assert away.mean(dim=0).norm() < 0.4 * spread


def test_pictures_are_what_was_rendered_in_grey_levels() -> None:
    rendered = torch.tensor([-1.5, -1.0, 0.0, 1.0, 2.0]).view(1, 1, 1, 5).expand(2, 3, 4, 5)
    one, other = pictures_of(rendered)
    assert (one.shape, one.dtype) == ((4, 5, 3), np.uint8)
    assert one[0, :, 0].tolist() == [0, 0, 128, 255, 255]
    np.testing.assert_array_equal(one, other)
