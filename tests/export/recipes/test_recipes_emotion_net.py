from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mien_export.data.expression_batches import plain_views
from mien_export.data.expressions import Expressions
from mien_export.networks.emotion_net import ExpressionNet
from mien_export.networks.mini_xception import MiniXception
from mien_export.recipes import emotion_export, emotion_net
from mien_export.recipes.emotion_export import FACE, PROBABILITIES, served_temperature
from mien_export.recipes.emotion_net import BATCH, ExpressionBatches, read_expressions
from mien_export.recipes.shipping import averaged
from mien_export.runner import WeightsRunner
from mien_service.engine.sessions import fits
from mien_service.faces.expression import EXPRESSIONS, INPUT_SIDE, expression_views, read_expression

CPU = torch.device("cpu")

# torch 2.x's exporter asks its own deprecated question while it copies tree specs.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")


def small_net() -> ExpressionNet:
    return MiniXception(len(EXPRESSIONS))


def drawn_faces(count: int, seed: int = 0) -> Expressions:
    """Return noise with a bar: level in those that are happy, upright in those that are sad; one in five is `valid`."""
    random = np.random.default_rng(seed)
    pixels = random.integers(60, 120, (count, 48, 48)).astype(np.uint8)
    names = [("happy", "sad")[i % 2] for i in range(count)]
    for picture, name in zip(pixels, names, strict=True):
        place = int(random.integers(16, 28))
        if name == "happy":
            picture[place : place + 5, 8:40] = 230
        else:
            picture[8:40, place : place + 5] = 230
    labels = np.array([EXPRESSIONS.index(name) for name in names])
    votes = np.zeros((count, 10), np.float32)
    votes[np.arange(count), np.where(labels == EXPRESSIONS.index("happy"), 1, 3)] = 10
    splits = tuple("valid" if i % 10 < 2 else "train" for i in range(count))
    return Expressions(pixels, labels, np.ones(count, np.bool_), votes, splits)


def test_a_round_shows_every_face_once() -> None:
    faces = drawn_faces(3 * BATCH)
    faces.labels[:] = np.arange(len(faces.labels)) % len(EXPRESSIONS)
    batches = ExpressionBatches(faces, CPU)
    shown = [batches.batch() for _ in range(3)]
    for views, targets in shown:
        assert views.shape == (BATCH, 1, INPUT_SIDE, INPUT_SIDE)
        torch.testing.assert_close(targets.sum(dim=1), torch.ones(BATCH))
    counts = torch.cat([targets.argmax(dim=1) for _, targets in shown]).bincount(minlength=len(EXPRESSIONS))
    assert counts.tolist() == np.bincount(faces.labels, minlength=len(EXPRESSIONS)).tolist()


def test_statistics_are_measured_on_faces_as_the_service_shows_them() -> None:
    faces = drawn_faces(4)
    shown = ExpressionBatches(faces, CPU).plain()
    plain = plain_views(torch.from_numpy(faces.pixels), INPUT_SIDE)
    assert shown.shape == (BATCH, 1, INPUT_SIDE, INPUT_SIDE)
    assert (shown[:, None] - plain).abs().amax(dim=(2, 3, 4)).min(dim=1).values.max() < 1e-5


def test_reading_is_batched_and_may_be_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    net, faces = small_net().eval(), drawn_faces(10)
    whole = read_expressions(net, faces)
    monkeypatch.setattr(emotion_net, "READ_AT_ONCE", 3)
    torch.testing.assert_close(read_expressions(net, faces), whole, atol=1e-5, rtol=0)
    flipped = Expressions(
        np.ascontiguousarray(faces.pixels[:, :, ::-1]), faces.labels, faces.is_certain, faces.votes, faces.splits
    )
    torch.testing.assert_close(read_expressions(net, flipped), read_expressions(net, faces, mirrored=True))


def test_the_temperature_is_that_of_the_mean_of_both_views() -> None:
    """A network that is sure and wrong half the time has to be made unsure."""
    net, faces = small_net().eval(), drawn_faces(60)
    net.features, net.head = torch.nn.Identity(), torch.nn.Linear(1, len(EXPRESSIONS))
    torch.nn.init.zeros_(net.head.weight)
    with torch.no_grad():
        net.head.bias.fill_(-9.0)
        net.head.bias[EXPRESSIONS.index("happy")] = 9.0
    temperature = served_temperature(net, faces)
    shares = (read_expressions(net, faces) / temperature).softmax(dim=1)
    assert temperature > 3
    assert shares[:, EXPRESSIONS.index("happy")].mean() == pytest.approx(0.5, abs=0.05)


def test_the_services_input_fits_the_manifests_entry() -> None:
    face = expression_views(np.zeros((256, 256, 3), np.uint8))
    assert fits(FACE.entry(), face)
    assert fits(PROBABILITIES.entry(), np.zeros((1, len(EXPRESSIONS)), np.float32))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_is_trained_and_exported_reads_what_it_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(emotion_net.NETWORKS, "emotion_net", small_net)
    monkeypatch.setattr(emotion_net, "load_expressions", lambda: drawn_faces(300))
    monkeypatch.setattr(emotion_export, "load_expressions", lambda: drawn_faces(300))
    monkeypatch.setattr(emotion_net, "SHIPPED", {"emotion_net": tmp_path / "weights" / "emotion_net.onnx"})
    checkpoint = emotion_net.train("emotion_net", 20 / 60, tmp_path)
    rows = BATCH // emotion_net.PER_ROW
    assert cv2.imread(str(tmp_path / "sheet.png")).shape == (rows * INPUT_SIDE, emotion_net.PER_ROW * INPUT_SIDE, 3)

    weights = tmp_path / "weights"
    (weights / "cards").mkdir(parents=True)
    (weights / "cards" / "emotion_net.md").write_text("# A card")
    emotion_export.export_emotion_net(checkpoint, weights)
    run = WeightsRunner(weights)
    crop = np.full((256, 256, 3), 90, np.uint8)
    level, upright = crop.copy(), crop.copy()
    level[130:147, 70:186] = upright[82:198, 120:137] = 230
    for face, name in ((level, "happy"), (upright, "sad")):
        shares = read_expression(face, run)
        assert shares.sum() == pytest.approx(1, abs=1e-3)
        assert EXPRESSIONS[int(shares.argmax())] == name

    later = small_net()
    later.load_state_dict(averaged(emotion_net.train("emotion_net", 1 / 60, tmp_path / "later")))
    valid = drawn_faces(300).split("valid")
    assert (read_expressions(later.eval(), valid).argmax(dim=1).numpy() == valid.labels).mean() > 0.9
