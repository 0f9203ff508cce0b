import torch

from mien_export.data.resize import reduced


def test_a_large_crop_is_averaged_and_a_small_one_left_alone() -> None:
    checks = (torch.arange(64)[:, None] + torch.arange(64)) % 2 * 255
    crops = checks[None, :, :, None].expand(1, 64, 64, 4).to(torch.uint8)
    middle = reduced(crops, 16)[0, 4:-4, 4:-4]
    assert middle.float().std() < 2
    assert reduced(crops, 64) is crops
