import torch

from mien_export.networks.mask_segmenter import MaskSegmenter, ServedMaskSegmenter

NARROW = (8, 16, 16, 24)


def test_a_network_that_has_learned_nothing_sees_no_mask() -> None:
    net = MaskSegmenter(NARROW)
    image = torch.rand(2, 3, 48, 48)
    assert net(image).shape == (2, 1, 48, 48)
    assert ServedMaskSegmenter(net)(image).max() < 0.1


def test_what_is_served_are_probabilities_of_the_logits() -> None:
    net = MaskSegmenter(NARROW)
    torch.nn.init.normal_(net.head.weight)
    image = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(ServedMaskSegmenter(net)(image), net(image).sigmoid())
    assert net(image).std() > 0.01
