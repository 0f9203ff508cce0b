import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from mien_export.networks.mesh_net import CODE, IMAGE_SIZE, POINTS, MeshNet, ServedMeshNet, orthonormal

DIMENSIONS = 9


@pytest.fixture(scope="module")
def net() -> MeshNet:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return MeshNet().eval()


@pytest.mark.parametrize("n", [1, 3])
def test_answers_have_their_shapes(n: int, net: MeshNet) -> None:
    with torch.no_grad():
        answer = net(torch.rand(n, 3, IMAGE_SIZE, IMAGE_SIZE))
    assert answer.points.shape == (n, POINTS, 3)
    assert answer.visibility.shape == (n, POINTS)
    assert answer.rotation.shape == (n, 3, 2)
    assert answer.score.shape == (n, 1)


def test_what_is_served_are_probabilities_of_the_same_answer(net: MeshNet) -> None:
    images = torch.rand(2, 3, IMAGE_SIZE, IMAGE_SIZE)
    with torch.no_grad():
        plain, served = net(images), ServedMeshNet(net)(images)
    torch.testing.assert_close(served.points, plain.points)
    torch.testing.assert_close(served.rotation, plain.rotation)
    torch.testing.assert_close(served.visibility.logit(), plain.visibility, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(served.score.logit(), plain.score, atol=1e-3, rtol=1e-3)


def test_every_weight_learns() -> None:
    net = MeshNet()
    answer = net(torch.rand(2, 3, IMAGE_SIZE, IMAGE_SIZE))
    sum(part.square().mean() for part in answer).backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


@pytest.fixture(scope="module")
def meshes() -> torch.Tensor:
    """300 meshes that differ in nine ways only."""
    random = torch.Generator().manual_seed(0)
    ways = torch.randn(DIMENSIONS, POINTS * 3, generator=random)
    amounts = torch.randn(300, DIMENSIONS, generator=random) * 0.02
    mean = torch.rand(POINTS * 3, generator=random)
    return (mean + amounts @ ways).view(300, POINTS, 3)


@pytest.fixture(scope="module")
def started(meshes: torch.Tensor) -> MeshNet:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = MeshNet()
        net.start_from(meshes)
    return net


def test_a_mesh_of_the_span_has_a_code(started: MeshNet, meshes: torch.Tensor) -> None:
    """Whatever the network answers, it is put together from shapes that faces have."""
    with torch.no_grad():
        torch.testing.assert_close(started.points(torch.zeros(1, CODE)).view(POINTS, 3), meshes.mean(dim=0))
        mixed = 0.3 * meshes[0] + 1.2 * meshes[1] - 0.5 * meshes[2]
        for mesh in (meshes[5], mixed):
            residue = (mesh.flatten() - started.points.bias).double()
            weight = started.points.weight.double()
            code = torch.linalg.lstsq(weight, residue[:, None], driver="gelsd", rcond=1e-4).solution
            assert (weight @ code - residue[:, None]).abs().max() < 1e-4
            assert code.abs().max() < 6, "codes are in standard deviations"


def test_a_code_of_one_is_one_standard_deviation(started: MeshNet, meshes: torch.Tensor) -> None:
    flat = meshes.flatten(1)
    total = (flat - flat.mean(dim=0)).square().sum() / (len(flat) - 1)
    assert started.points.weight.square().sum().item() == pytest.approx(total.item(), rel=1e-3)


def test_the_rotation_starts_near_a_frontal_head(started: MeshNet) -> None:
    with torch.no_grad():
        columns = started.rotation.bias.view(1, 3, 2)
    torch.testing.assert_close(orthonormal(columns), torch.eye(3)[None])


COLUMNS = arrays(np.float64, (2, 3, 2), elements=st.floats(-1, 1))


@settings(max_examples=60)
@given(COLUMNS, st.floats(0.1, 10))
def test_any_two_columns_become_a_rotation(columns: np.ndarray, scale: float) -> None:
    given_columns = torch.from_numpy(columns)
    sines = torch.linalg.cross(given_columns[..., 0], given_columns[..., 1]).norm(dim=-1)
    if sines.min() < 1e-3:
        return
    found = orthonormal(given_columns)
    torch.testing.assert_close(found @ found.transpose(1, 2), torch.eye(3).double().expand(2, 3, 3), atol=1e-6, rtol=0)
    torch.testing.assert_close(torch.linalg.det(found), torch.ones(2).double())
    torch.testing.assert_close(orthonormal(given_columns * scale), found, atol=1e-6, rtol=0)
    torch.testing.assert_close(orthonormal(found[..., :2]), found, atol=1e-6, rtol=0)
    assert ((found[..., 0] * given_columns[..., 0]).sum(dim=-1) > 0).all(), "the first column keeps its direction"
