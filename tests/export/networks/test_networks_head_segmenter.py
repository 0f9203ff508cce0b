import torch

from mien_export.networks.head_segmenter import FIRST_SHARES, HeadSegmenter, ServedHeadSegmenter

NARROW = (8, 16, 16, 24)


def test_a_network_that_has_learned_nothing_answers_with_usual_areas() -> None:
    net = HeadSegmenter(NARROW)
    image = torch.rand(2, 3, 64, 96)
    assert net(image).shape == (2, 3, 64, 96)
    found = ServedHeadSegmenter(net)(image)
    torch.testing.assert_close(found, torch.tensor(FIRST_SHARES)[None, :, None, None].expand_as(found))


def test_what_is_served_are_probabilities_of_the_logits() -> None:
    net = HeadSegmenter(NARROW)
    torch.nn.init.normal_(net.head.weight)
    image = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(ServedHeadSegmenter(net)(image), net(image).sigmoid())
    assert net(image).std() > 0.01


def test_it_is_small() -> None:
    assert 2 * sum(weight.numel() for weight in HeadSegmenter().parameters()) < 1_500_000
