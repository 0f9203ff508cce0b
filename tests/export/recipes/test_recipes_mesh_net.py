from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import heads
import numpy as np
import pytest
import torch

from mien_export.data.mesh_faces import KINDS, PACKS, SIDE, MeshFaces
from mien_export.networks.mesh_net import IMAGE_SIZE, POINTS, MeshNet, MeshOutput, ServedMeshNet
from mien_export.recipes import mesh_net as recipe
from mien_export.recipes.finding_export import PACKED_BOUND, export_mesh_net
from mien_export.recipes.mesh_net import MeshData, facing, losses, sampling_weights, yaw_degrees
from mien_export.runner import WeightsRunner
from mien_export.teachers.mesh import eye_distance, head_rotation
from mien_service.faces.face import RgbImage
from mien_service.faces.pose import pose_of_rotation

Webp = Callable[[RgbImage], bytes]
MakePack = Callable[..., None]

# torch 2.x's exporter asks its own deprecated question while it copies tree specs.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")

YAWS = (-40.0, -10.0, 0.0, 25.0, 50.0, 12.0)
LEFT, RIGHT = list(heads.LEFT), list(heads.RIGHT.values())


def rotations() -> np.ndarray:
    return np.stack([heads.rotation(yaw, 5, -3) for yaw in YAWS])


def made_faces(*_: object) -> MeshFaces:
    """Six heads turned by YAWS, a red dot between their eyes; the last is held out."""
    pixels = np.stack([heads.disc(SIDE, SIDE, 80, 70, 16)] * len(YAWS))[:, None].repeat(len(KINDS), axis=1)
    meshes = np.stack([heads.head(52, 80, 70, rotation) for rotation in rotations()])
    covered = np.zeros((len(YAWS), len(KINDS), POINTS), np.bool_)
    covered[:, 1, heads.RIGHT[61]] = True
    rows = [{"file": f"{i}.webp", "split": "train"} for i in range(len(YAWS) - 1)]
    return MeshFaces(pixels, meshes, covered, [*rows, {"file": "x.webp", "split": "validation"}])


@pytest.fixture
def small(
    make_pack: MakePack, webp: Webp, portraits: list[RgbImage], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every pack is made of such heads; celeba's pictures, for what lies beside faces, are portraits."""
    files = {row["file"]: webp(portraits[i]) for i, row in enumerate(made_faces().rows)}
    make_pack("celeba", made_faces().rows, files)
    monkeypatch.setattr(recipe, "load_mesh_faces", made_faces)
    monkeypatch.setattr(recipe, "frontal_mesh", heads.frontal)
    monkeypatch.setattr(recipe, "FACELESS_SQUARES", 16)
    monkeypatch.setattr(recipe, "DETECTOR", tmp_path / "none.onnx")
    monkeypatch.setattr(recipe, "FACES", 40)
    monkeypatch.setattr(recipe, "UNREAD", 3)
    monkeypatch.setattr(recipe, "FACELESS", 6)


@pytest.fixture
def loaded(small: None) -> MeshData:  # noqa: ARG001
    return recipe.load_data(torch.device("cpu"))


def test_held_out_people_are_not_trained_on(loaded: MeshData) -> None:
    training = len(PACKS) * (len(YAWS) - 1)
    assert loaded.pixels.shape == (training, len(KINDS), SIDE, SIDE, 3)
    assert {len(part) for part in (loaded.meshes, loaded.visible, loaded.rotations, loaded.weights)} == {training}
    np.testing.assert_allclose(loaded.rotations[:5].numpy(), rotations()[:5], atol=1e-3)
    assert len(loaded.faceless) == 16
    assert len(loaded.unread) == 0, "without networks nobody sees what the teacher missed"


def test_covered_points_do_not_show(loaded: MeshData) -> None:
    frontal = YAWS.index(0.0)
    assert loaded.visible[frontal, 0].float().mean() > 0.95
    assert not loaded.visible[frontal, 1, heads.RIGHT[61]]
    assert loaded.visible[frontal, 2, heads.RIGHT[61]]


def test_a_batch_agrees_with_itself(loaded: MeshData) -> None:
    """Whatever was turned and mirrored, the rotation is that of the points, and the far half of a face is hidden."""
    images, wanted = loaded.batch()
    assert images.shape == (49, 3, IMAGE_SIZE, IMAGE_SIZE)
    assert 0 <= images.min() <= images.max() <= 1
    assert wanted.score[:, 0].tolist() == [1.0] * 40 + [0.0] * 9
    assert wanted.points.shape == (40, POINTS, 3)
    assert wanted.visibility.shape == (40, POINTS)
    yaws: list[float] = []
    for points, rotation, visibility in zip(wanted.points, wanted.rotation, wanted.visibility, strict=True):
        found = head_rotation(points.numpy(), heads.frontal())
        np.testing.assert_allclose(rotation.numpy(), found[:, :2], atol=5e-3)
        yaws.append(float(np.degrees(np.arcsin(found[2, 0]))))
        far, near = (LEFT, RIGHT) if yaws[-1] < 0 else (RIGHT, LEFT)
        if abs(yaws[-1]) > 30:
            assert visibility[far].mean() < visibility[near].mean()
    assert min(yaws) < -30 < 30 < max(yaws)


def test_a_profile_without_a_mesh_is_a_face_all_the_same(loaded: MeshData) -> None:
    """A few of them in every batch, behind the others; only their score is asked for."""
    for count, seen in ((1, 1), (20, 3)):
        unread = torch.full((count, SIDE, SIDE, 3), 255, dtype=torch.uint8)
        images, wanted = replace(loaded, unread=unread, faceless=torch.zeros_like(loaded.faceless)).batch()
        assert wanted.score[:, 0].tolist() == [1.0] * (40 + seen) + [0.0] * (9 - seen)
        assert len(wanted.points) == 40
        light = images[40:].mean(dim=(1, 2, 3))
        assert light[:seen].min() > 0.1
        assert light[seen:].max() < 0.1


def test_faces_in_a_batch_lie_under_their_meshes(loaded: MeshData) -> None:
    """The dot is between the eyes, however the head is turned and the square is laid."""
    torch.manual_seed(1)
    images, wanted = loaded.batch()
    axis = (torch.arange(IMAGE_SIZE) + 0.5) / IMAGE_SIZE
    apart: list[float] = []
    for image, points in zip(images[:40], wanted.points, strict=True):
        red = (image[0] - image[1] - 0.3).clamp(min=0)
        if red.sum() < 20:
            continue  # photographed without colour
        found = torch.stack([(red.sum(dim=0) * axis).sum(), (red.sum(dim=1) * axis).sum()]) / red.sum()
        apart.append(float((found - (points[33] + points[263])[:2] / 2).norm()))
    assert len(apart) >= 20
    assert np.median(apart) < 0.01


@pytest.mark.parametrize("yaw", [-60.0, -20.0, 0.0, 35.0, 70.0])
def test_yaw_is_the_services(yaw: float) -> None:
    rotation = heads.rotation(yaw, 10, 20)
    assert yaw_degrees(rotation[None])[0] == pytest.approx(yaw)
    assert pose_of_rotation(rotation).yaw == pytest.approx(yaw)


def test_turned_faces_are_shown_more_often() -> None:
    turned = np.stack([heads.rotation(yaw, 0, 0) for yaw in (0, 19, -21, 34, 36, -80)])
    assert sampling_weights(turned).tolist() == [1, 1, 2, 2, 4, 4]


def test_points_on_the_far_side_do_not_face_the_camera() -> None:
    heads_turned = [heads.head(60, 0, 0, heads.rotation(yaw, 0, roll)) for yaw, roll in ((0, 50), (75, 0), (-75, 20))]
    frontal, to_right, to_left = facing(np.stack(heads_turned), heads.frontal())
    assert frontal.mean() > 0.97
    assert to_right[LEFT].mean() > 0.8 > 0.3 > to_right[RIGHT].mean()
    assert to_left[RIGHT].mean() > 0.8 > 0.3 > to_left[LEFT].mean()


def truth() -> MeshOutput:
    points = np.stack([heads.head(0.4, 0.5, 0.5, rotation) for rotation in rotations()])
    visible = torch.rand(len(YAWS), POINTS).round()
    score = torch.cat([torch.ones(len(YAWS), 1), torch.zeros(2, 1)])
    return MeshOutput(torch.from_numpy(points), visible, torch.from_numpy(rotations()[..., :2]).float(), score)


def answer_at(nearness: float, wanted: MeshOutput) -> MeshOutput:
    """Return an answer for eight squares, two of them faceless, between a wrong one (0) and the truth (1)."""
    n = len(wanted.score)
    points, rotation = torch.full((n, POINTS, 3), 0.3), torch.zeros(n, 3, 2)
    points[:-2] = torch.lerp(points[:-2], wanted.points, nearness)
    rotation[:-2] = torch.lerp(rotation[:-2], wanted.rotation, nearness)
    visibility = torch.zeros(n, POINTS)
    visibility[:-2] = (2 * wanted.visibility - 1) * (8 * nearness - 4)
    return MeshOutput(points, visibility, rotation, (2 * wanted.score - 1) * (8 * nearness - 4))


def test_every_loss_falls_as_the_answer_nears_the_truth() -> None:
    wanted = truth()
    found = [losses(answer_at(nearness, wanted), wanted) for nearness in (0, 0.25, 0.5, 0.75, 1)]
    assert found[0].keys() == {"points", "visibility", "rotation", "score"}
    for name in found[0]:
        values = [terms[name].item() for terms in found]
        assert values == sorted(values, reverse=True), name
        assert values[-1] < 0.05 * values[0], name


def test_points_are_measured_in_eye_distances() -> None:
    """A point off by an eighth of the eye distance costs as much on a small face as on a large one."""
    for eye in (0.2, 0.5):
        mesh = heads.head(eye, 0.5, 0.5)
        wanted = truth()._replace(points=torch.from_numpy(mesh)[None].repeat(len(YAWS), 1, 1))
        answer = answer_at(1, wanted)
        answer.points[:-2, :, 0] += eye_distance(mesh) / 8
        assert losses(answer, wanted)["points"].item() == pytest.approx(0.125, rel=0.01)


def test_where_there_is_no_face_only_the_score_counts() -> None:
    wanted = truth()
    answer = answer_at(0.5, wanted)
    before = losses(answer, wanted)
    for part in (answer.points, answer.visibility, answer.rotation):
        part[-2:] = 100
    assert losses(answer, wanted) == before
    answer.score[-2:] = 5
    assert losses(answer, wanted)["score"] > before["score"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("small")
def test_a_training_is_exported_and_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "START_BATCHES", 8)
    monkeypatch.setattr(recipe, "CALIBRATION_BATCHES", 2)
    monkeypatch.setattr(recipe, "SHIPPED", tmp_path / "none.onnx")
    path = recipe.train(5 / 60, tmp_path)
    saved = torch.load(path, weights_only=True)
    assert saved["step"] > 0
    assert all(value.isfinite().all() for value in saved["average"].values())
    assert cv2.imread(str(tmp_path / "sheet.png")).shape == (5 * 256, 8 * 256, 3)

    weights = tmp_path / "weights"
    (weights / "cards").mkdir(parents=True)
    (weights / "cards" / "mesh_net.md").write_text("a card")
    export_mesh_net(path, weights)
    assert sorted(file.name for file in weights.iterdir()) == ["cards", "manifest.json", "mesh_net.onnx"]
    net = MeshNet()
    net.load_state_dict(saved["average"])
    run = WeightsRunner(weights)
    images = np.random.default_rng(3).random((5, 3, IMAGE_SIZE, IMAGE_SIZE), np.float32)
    with torch.no_grad():
        wanted = ServedMeshNet(net).eval()(torch.from_numpy(images))._asdict()
    for n in (1, 5):
        answer = run("mesh_net", image=images[:n])
        assert answer.keys() == wanted.keys()
        for name, values in answer.items():
            np.testing.assert_allclose(values, wanted[name][:n].numpy(), atol=PACKED_BOUND["mesh_net"])

    # A later training goes on from the file.
    monkeypatch.setattr(recipe, "SHIPPED", weights / "mesh_net.onnx")
    later = torch.load(recipe.train(1e-3, tmp_path / "later"), weights_only=True)
    assert 0 < later["step"] < 20
    for name, value in net.named_parameters():
        torch.testing.assert_close(later["average"][name], value, atol=2e-3, rtol=1e-3)
