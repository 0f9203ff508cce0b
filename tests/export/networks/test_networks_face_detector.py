import pytest
import torch

from mien_export.networks.face_detector import STRIDES, FaceDetector, ServedFaceDetector, cell_middles


@pytest.fixture(scope="module")
def net() -> FaceDetector:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return FaceDetector().eval()


def middles(height: int, width: int) -> torch.Tensor:
    """Return the cells' middles in the order of the answer."""
    return torch.cat([cell_middles(height // stride, width // stride, stride) for stride in STRIDES])


def test_cells_are_told_row_by_row_from_their_middles() -> None:
    wanted = [[4, 4], [12, 4], [20, 4], [4, 12], [12, 12], [20, 12]]
    assert cell_middles(2, 3, 8).tolist() == wanted


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 160), (96, 32)])
def test_every_cell_of_all_strides_answers(height: int, width: int, net: FaceDetector) -> None:
    with torch.no_grad():
        answer = net(torch.rand(2, 3, height, width))
    cells = sum(height // stride * (width // stride) for stride in STRIDES)
    assert answer.scores.shape == (2, cells)
    assert answer.boxes.shape == (2, cells, 4)
    places = middles(height, width)
    assert (answer.boxes[..., :2] < places).all(), "a box encloses its cell's middle"
    assert (answer.boxes[..., 2:] > places).all()


def test_at_the_start_few_places_show_a_face(net: FaceDetector) -> None:
    with torch.no_grad():
        served = ServedFaceDetector(net)(torch.rand(1, 3, 64, 64))
    assert 0 < served.scores.min() <= served.scores.max() < 0.35


def test_what_is_served_are_probabilities_of_the_same_boxes(net: FaceDetector) -> None:
    images = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        plain, served = net(images), ServedFaceDetector(net)(images)
    torch.testing.assert_close(served.boxes, plain.boxes)
    torch.testing.assert_close(served.scores.logit(), plain.scores, atol=1e-3, rtol=1e-3)


def test_what_is_far_away_does_not_matter_to_a_box(net: FaceDetector) -> None:
    """Cells are in the places that their boxes speak of: a change in a corner is told by the corner's cells."""
    torch.manual_seed(0)
    images = torch.rand(1, 3, 128, 640)
    changed = images.clone()
    changed[..., :32] = 1 - changed[..., :32]
    with torch.no_grad():
        before, after = net(images), net(changed)
    moved = (before.boxes - after.boxes).abs().amax(dim=(0, 2))
    places = middles(128, 640)
    fine = torch.arange(len(places)) < 128 // 8 * 640 // 8
    assert moved[fine & (places[:, 0] < 32)].max() > 100 * moved[fine & (places[:, 0] > 600)].max()


def test_every_weight_learns() -> None:
    net = FaceDetector()
    answer = net(torch.rand(2, 3, 64, 64))
    (answer.scores.square().mean() + answer.boxes.square().mean()).backward()
    assert all(parameter.grad is not None for parameter in net.parameters())
