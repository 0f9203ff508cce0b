from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from mien_export.data.crops import cache_folder
from mien_export.data.face_tiles import Tile
from mien_export.data.scenes import SceneOptions
from mien_export.networks.face_detector import STRIDES, Detections, FaceDetector, ServedFaceDetector, cell_middles
from mien_export.recipes import face_detector as recipe
from mien_export.recipes import finding_export
from mien_export.recipes.face_detector import IMAGE_SIZE, MOST_FACES, SCENE_SIDE, SMALLEST, Targets, losses, overlap
from mien_export.recipes.finding_export import export_face_detector
from mien_export.runner import WeightsRunner
from mien_service.faces.face import Box

# torch 2.x's exporter asks its own deprecated question while it copies tree specs.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")

InProcess = Callable[[ModuleType], None]

SEEDS = st.integers(0, 2**31 - 1)
NONE_HIDDEN = torch.zeros(1, MOST_FACES, dtype=torch.bool)
CELLS = [(IMAGE_SIZE // stride) ** 2 for stride in STRIDES]
MIDDLES = torch.cat([cell_middles(IMAGE_SIZE // stride, IMAGE_SIZE // stride, stride) for stride in STRIDES])


def targets(boxes: torch.Tensor, hidden: torch.Tensor = NONE_HIDDEN) -> Targets:
    return recipe.targets(boxes, hidden)


def boxes_of(*boxes: tuple[float, float, float, float]) -> torch.Tensor:
    """Return one picture's boxes, the missing ones NaN."""
    found = torch.full((1, MOST_FACES, 4), torch.nan)
    found[0, : len(boxes)] = torch.tensor(boxes).reshape(-1, 4)
    return found


@settings(max_examples=8)
@given(SEEDS, st.floats(6, 300), st.floats(6, 300), st.floats(20, 140), st.floats(20, 140))
def test_boxes_follow_the_windows(seed: int, left: float, top: float, width: float, height: float) -> None:
    """A red rectangle is seen in every window where the window's box says, and nowhere else: not even mirrored."""
    torch.manual_seed(seed)
    edges = np.rint([left, top, left + width, top + height]).astype(int)
    scene = np.full((SCENE_SIDE, SCENE_SIDE, 3), 90, np.uint8)
    scene[edges[1] : edges[3], edges[0] : edges[2]] = (250, 20, 20)
    boxes = boxes_of(tuple(edges.tolist())).repeat(6, 1, 1)
    images, seen = recipe.windows(torch.from_numpy(scene)[None].repeat(6, 1, 1, 1), boxes)
    assert images.shape == (6, 3, IMAGE_SIZE, IMAGE_SIZE)
    assert seen[:, 1:].isnan().all()
    for image, box in zip(images, seen[:, 0], strict=True):
        rows, columns = torch.nonzero(image[0] - image[1] > 0.45, as_tuple=True)
        wanted = box.clamp(0, IMAGE_SIZE)
        if (wanted[2:] - wanted[:2]).min() < 3:
            assert not len(rows) or (wanted[2:] - wanted[:2]).min() > 0
            continue
        shown = torch.stack([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]).float()
        torch.testing.assert_close(shown, wanted, atol=1.1, rtol=0)


def test_windows_zoom_shift_and_mirror() -> None:
    boxes = boxes_of((40, 100, 90, 180)).repeat(300, 1, 1)
    _, seen = recipe.windows(torch.zeros(300, SCENE_SIDE, SCENE_SIDE, 3, dtype=torch.uint8), boxes)
    zoom = 50 / (seen[:, 0, 2] - seen[:, 0, 0]) * IMAGE_SIZE / SCENE_SIDE
    assert 0.44 < zoom.min() < 0.5 < 1.15 < zoom.max() < 1.26
    torch.testing.assert_close(50 / (seen[:, 0, 2] - seen[:, 0, 0]), 80 / (seen[:, 0, 3] - seen[:, 0, 1]))
    right_half = (seen[:, 0, 0] > IMAGE_SIZE / 2).float().mean()
    assert 0.2 < right_half < 0.8, "half of them are mirrored"


FACES = st.tuples(st.floats(0.5, 319.5), st.floats(0.5, 319.5), st.floats(3, 400), st.floats(0.4, 1.6))


def box_of(face: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x, y, size, shape = face
    width, height = size * min(shape, 1), size / max(shape, 1)
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


@settings(max_examples=40)
@given(FACES)
def test_a_face_of_allowed_size_is_answered_for_at_its_stride_alone(face: tuple[float, float, float, float]) -> None:
    boxes = boxes_of(box_of(face))
    wanted = targets(boxes)
    answering = [int(part.sum()) for part in wanted.is_face[0].split(CELLS)]
    # What float32 makes of the box decides at the very edge between two strides.
    longest = float((boxes[0, 0, 2:] - boxes[0, 0, :2]).max())
    if longest < SMALLEST:
        assert answering == [0, 0, 0]
        return
    stride = int(np.searchsorted([56, 128], longest, side="right"))
    assert answering[stride] >= 1
    assert sum(answering) == answering[stride]
    torch.testing.assert_close(wanted.boxes[wanted.is_face], boxes[0, :1].expand(answering[stride], 4))
    away = (MIDDLES[wanted.is_face[0]] - boxes[0, 0].view(2, 2).mean(dim=0)).abs()
    reach = (0.25 * (boxes[0, 0, 2:] - boxes[0, 0, :2])).clamp(min=STRIDES[stride] / 2)
    assert (away <= reach + 1e-3).all(), "only cells in the middle answer"
    assert not wanted.is_ignored.any()


@settings(max_examples=30)
@given(st.lists(FACES, min_size=2, max_size=10))
def test_a_cell_answers_for_a_face_that_it_lies_in(faces: list[tuple[float, float, float, float]]) -> None:
    wanted = targets(boxes_of(*map(box_of, faces)))
    places, boxes = MIDDLES[wanted.is_face[0]], wanted.boxes[wanted.is_face]
    assert boxes.isfinite().all()
    half_a_cell = 16
    assert (places > boxes[:, :2] - half_a_cell).all()
    assert (places < boxes[:, 2:] + half_a_cell).all()
    assert not (wanted.is_face & wanted.is_ignored).any()


def test_between_two_faces_the_nearer_is_answered_for() -> None:
    wanted = targets(boxes_of((100, 100, 140, 140), (116, 100, 156, 140)))
    for place, box in zip(MIDDLES[wanted.is_face[0]], wanted.boxes[wanted.is_face], strict=True):
        nearer = min((100, 116), key=lambda left: abs(float(place[0]) - left - 20))
        assert box[0] == nearer


@pytest.mark.parametrize(
    ("box", "verdict"),
    [((50, 50, 58, 60), False), ((-60, 100, 40, 180), False), ((300, 300, 345, 345), False), ((50, 50, 90, 90), True)],
)
def test_on_faces_too_small_or_cut_there_is_no_verdict(box: tuple[float, float, float, float], verdict: bool) -> None:
    wanted = targets(boxes_of(box))
    inside = ((torch.tensor(box[:2]) < MIDDLES) & (torch.tensor(box[2:]) > MIDDLES)).all(dim=1)
    assert inside.any()
    assert bool(wanted.is_face.any()) is verdict
    torch.testing.assert_close(wanted.is_ignored[0], inside & (not verdict))


def test_on_a_hidden_face_there_is_no_verdict_but_on_the_one_before_it() -> None:
    front, behind = (50.0, 50.0, 90.0, 90.0), (70.0, 50.0, 110.0, 90.0)
    boxes, hidden = boxes_of(front, behind), NONE_HIDDEN.clone()
    hidden[0, 1] = True
    wanted = targets(boxes, hidden)
    torch.testing.assert_close(wanted.is_face, targets(boxes_of(front)).is_face)
    inside = ((torch.tensor(behind[:2]) < MIDDLES) & (torch.tensor(behind[2:]) > MIDDLES)).all(dim=1)
    torch.testing.assert_close(wanted.is_ignored[0], inside & ~wanted.is_face[0])


def test_without_faces_every_cell_is_background() -> None:
    wanted = targets(boxes_of())
    assert not wanted.is_face.any()
    assert not wanted.is_ignored.any()
    assert wanted.is_face.shape == (1, sum(CELLS))


@pytest.mark.parametrize(
    ("one", "other", "ratio", "generalised"),
    [
        ((0, 0, 2, 2), (0, 0, 2, 2), 1, 1),
        ((0, 0, 2, 2), (1, 0, 3, 2), 1 / 3, 1 / 3),
        ((0, 0, 2, 2), (1, 1, 3, 3), 1 / 7, 1 / 7 - 2 / 9),
        ((0, 0, 1, 1), (3, 0, 4, 1), 0, -0.5),
        ((0, 0, 4, 4), (1, 1, 3, 3), 0.25, 0.25),
    ],
)
def test_overlaps_are_as_counted_by_hand(
    one: tuple[float, ...], other: tuple[float, ...], ratio: float, generalised: float
) -> None:
    found = overlap(torch.tensor([one]).float(), torch.tensor([other]).float())
    assert [value.item() for value in found] == pytest.approx([ratio, generalised], abs=1e-6)


@given(FACES, FACES)
def test_overlaps_are_bounded_symmetric_and_the_services(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> None:
    first, second = box_of(one), box_of(other)
    a, b = torch.tensor([first]), torch.tensor([second])
    ratio, generalised = (float(value) for value in overlap(a, b))
    assert 0 <= ratio <= 1 + 1e-5
    assert -1 < generalised <= ratio + 1e-5
    assert (ratio, generalised) == pytest.approx([float(value) for value in overlap(b, a)], abs=1e-5)
    assert ratio == pytest.approx(Box(*first).overlap(Box(*second)), abs=1e-3)


TRUTH = boxes_of((40, 40, 80, 90), (150, 100, 240, 200), (5, 5, 12, 12))


def answer_at(nearness: float) -> Detections:
    """Return an answer between a wrong one (0) and the truth (1)."""
    wanted = targets(TRUTH)
    wrong = torch.cat([MIDDLES - 30, MIDDLES + 9], dim=1)[None]
    boxes = torch.where(wanted.is_face[..., None], torch.lerp(wrong, wanted.boxes, nearness), wrong)
    logits = torch.where(wanted.is_face, 1.0, -1.0) * (8 * nearness - 4)
    return Detections(logits, boxes)


def test_losses_fall_as_the_answer_nears_the_truth() -> None:
    wanted = targets(TRUTH)
    found = [losses(answer_at(nearness), wanted) for nearness in (0, 0.25, 0.5, 0.75, 1)]
    boxes = [terms["box"].item() for terms in found]
    assert boxes == sorted(boxes, reverse=True)
    assert boxes[-1] == pytest.approx(0, abs=1e-5)
    assert found[-1]["score"] < 0.05 * found[0]["score"]
    assert all(terms.keys() == {"score", "box"} for terms in found)


def test_where_there_is_no_verdict_any_score_will_do() -> None:
    wanted, answer = targets(TRUTH), answer_at(1)
    assert wanted.is_ignored.any()
    louder = torch.where(wanted.is_ignored, 6.0, answer.scores)
    assert losses(Detections(louder, answer.boxes), wanted) == losses(answer, wanted)
    false = answer.scores.clone()
    false[0, torch.nonzero(~wanted.is_face[0] & ~wanted.is_ignored[0])[0]] = 6
    assert losses(Detections(false, answer.boxes), wanted)["score"] > losses(answer, wanted)["score"] + 0.1


def test_losses_are_finite_and_reach_scores_where_nobody_is() -> None:
    scores = torch.zeros(1, sum(CELLS), requires_grad=True)
    terms = losses(Detections(scores, answer_at(0).boxes), targets(boxes_of()))
    assert terms["box"] == 0
    terms["score"].backward()
    assert scores.grad is not None
    assert (scores.grad > 0).all(), "every score is pushed down"


SMALL_SIDE = 64
FLAT = Tile(np.full((40, 40, 3), (30, 90, 160), np.uint8), np.array([[15, 10], [25, 10], [20, 28]], np.float32))


@pytest.fixture
def small_scenes(data: Path, in_process: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """Small scenes of one tile of a single colour, with as many faces as the place of their kind among the options."""
    plain = SceneOptions(SMALL_SIDE, SMALL_SIDE, (0, 0), (0.1, 0.1), apart=True)
    monkeypatch.setattr(recipe, "SCENE_OPTIONS", tuple(replace(plain, faces=(n, n)) for n in range(3)))
    monkeypatch.setattr(recipe, "SCENE_SIDE", SMALL_SIDE)
    monkeypatch.setattr(recipe, "SCENES", 240)
    monkeypatch.setattr(recipe, "scene_tiles", lambda: [FLAT])
    in_process(recipe)
    cache_folder().mkdir()


@pytest.mark.usefixtures("small_scenes")
def test_scenes_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, boxes, hidden = recipe.load_scenes()
    assert (pixels.shape, pixels.dtype) == ((240, SMALL_SIDE, SMALL_SIDE, 3), np.uint8)
    assert boxes.shape == (240, MOST_FACES, 4)
    assert (hidden.shape, hidden.dtype) == ((240, MOST_FACES), np.bool_)
    assert len({scene.tobytes() for scene in pixels}) == 240
    monkeypatch.setattr(recipe, "SceneComposer", None)
    again = recipe.load_scenes()
    np.testing.assert_array_equal(again[0], pixels)
    np.testing.assert_array_equal(again[1], boxes)


@pytest.mark.usefixtures("small_scenes")
def test_every_kind_of_scene_has_every_kind_of_background() -> None:
    """A tile smeared over the scene, here of one colour, or a drawing: neither tells how many faces follow."""
    pixels, boxes, _ = recipe.load_scenes()
    smeared = np.abs(np.median(pixels, axis=(1, 2)) - FLAT.pixels[0, 0]).max(axis=1) < 3
    kinds = np.isfinite(boxes[:, :, 0]).sum(axis=1)
    for kind, share in enumerate(recipe.OPTION_SHARES):
        assert (kinds == kind).mean() == pytest.approx(share, abs=0.12)
        assert 0.15 < smeared[kinds == kind].mean() < 0.65


def test_a_hidden_face_is_stored_after_those_to_be_found(
    data: Path,  # noqa: ARG001
    in_process: InProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crowded = SceneOptions(SMALL_SIDE, SMALL_SIDE, (6, 6), (0.5, 0.9))
    monkeypatch.setattr(recipe, "SCENE_OPTIONS", (crowded,) * 3)
    monkeypatch.setattr(recipe, "SCENE_SIDE", SMALL_SIDE)
    monkeypatch.setattr(recipe, "SCENES", 10)
    monkeypatch.setattr(recipe, "scene_tiles", lambda: [FLAT])
    in_process(recipe)
    cache_folder().mkdir()
    _, boxes, hidden = recipe.load_scenes()
    placed = np.isfinite(boxes).all(axis=2)
    assert (placed.sum(axis=1) == 6).all()
    assert not (hidden & ~placed).any()
    for is_placed, is_hidden in zip(placed, hidden, strict=True):
        assert is_hidden.any()
        assert (np.diff(is_hidden[is_placed].astype(int)) >= 0).all()


@pytest.mark.parametrize("missing", [(), ("face_detector",), ("mesh_net",)])
def test_profiles_without_a_mesh_are_sought_once_there_are_networks(
    missing: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in {"face_detector", "mesh_net"} - set(missing):
        (tmp_path / f"{name}.onnx").touch()
    monkeypatch.setattr(recipe, "SHIPPED", tmp_path / "face_detector.onnx")
    monkeypatch.setattr(recipe, "training_tiles", lambda: [FLAT] * 2)
    monkeypatch.setattr(recipe, "lost_profiles", lambda _: [FLAT])
    assert len(recipe.scene_tiles()) == (2 if missing else 3)


def red_ovals() -> recipe.Scenes:
    """Return eight scenes of red ovals on noise, for faces, and their boxes."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (8, SCENE_SIDE, SCENE_SIDE, 3)).astype(np.uint8)
    boxes = np.full((8, MOST_FACES, 4), np.nan, np.float32)
    for scene, its in zip(pixels, boxes, strict=True):
        for n in range(4):
            x, y = 60 + 200 * (n % 2) + random.integers(0, 100), 60 + 200 * (n // 2) + random.integers(0, 100)
            half = int(random.integers(20, 50))
            cv2.ellipse(scene, (int(x), int(y)), (round(0.8 * half), half), 0, 0, 360, (240, 30, 30), -1)
            its[n] = x - 0.8 * half, y - half, x + 0.8 * half, y + half
    return pixels, boxes, np.zeros(boxes.shape[:2], np.bool_)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_training_is_exported_and_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "load_scenes", red_ovals)
    monkeypatch.setattr(recipe, "BATCH", 4)
    monkeypatch.setattr(recipe, "CALIBRATION_BATCHES", 2)
    monkeypatch.setattr(recipe, "SHIPPED", tmp_path / "none.onnx")
    path = recipe.train(5 / 60, tmp_path)
    saved = torch.load(path, weights_only=True)
    assert saved["step"] > 0
    assert all(value.isfinite().all() for value in saved["average"].values())
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet.shape == (IMAGE_SIZE, 4 * IMAGE_SIZE, 3)

    # After a few steps boxes on noise are thousands of pixels wide: the bounds are for those of faces.
    monkeypatch.setattr(finding_export, "PARITY_BOUND", 0.1)
    monkeypatch.setitem(finding_export.PACKED_BOUND, "face_detector", 50.0)
    weights = tmp_path / "weights"
    (weights / "cards").mkdir(parents=True)
    (weights / "cards" / "face_detector.md").write_text("a card")
    export_face_detector(path, weights)
    assert sorted(file.name for file in weights.iterdir()) == ["cards", "face_detector.onnx", "manifest.json"]
    net = FaceDetector()
    net.load_state_dict(saved["average"])

    run, random = WeightsRunner(weights), np.random.default_rng(3)
    for n, height, width in ((1, 32, 32), (3, 160, 64), (1, 64, 320)):
        images = random.random((n, 3, height, width), np.float32)
        with torch.no_grad():
            wanted = ServedFaceDetector(net).eval()(torch.from_numpy(images))
        answer = run("face_detector", image=images)
        np.testing.assert_allclose(answer["scores"], wanted.scores.numpy(), atol=0.02)
        np.testing.assert_allclose(answer["boxes"], wanted.boxes.numpy(), rtol=0.03, atol=2)

    # A later training goes on from the file.
    monkeypatch.setattr(recipe, "SHIPPED", weights / "face_detector.onnx")
    later = torch.load(recipe.train(1e-3, tmp_path / "later"), weights_only=True)
    assert 0 < later["step"] < 20
    for name, value in net.named_parameters():
        torch.testing.assert_close(later["average"][name], value, atol=2e-3, rtol=1e-3)
