from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch

from mien_export.data.head_batches import HeadBatch
from mien_export.data.head_labels import HeadLabels
from mien_export.networks.head_segmenter import HeadSegmenter, ServedHeadSegmenter
from mien_export.recipes import head_segmenter as recipe
from mien_export.recipes.head_segmenter import HeadData, losses
from mien_export.recipes.head_segmenter_export import SHIPMENT, export_head_segmenter
from mien_export.recipes.loop import load_shipped
from mien_service.engine.manifest import load_manifest
from mien_service.faces.head_maps import SIDE

CPU = torch.device("cpu")

LEVELS = {"stylegan": 40, "celeba": 80, "utkface": 120}


def labelled(pack: str, count: int = 5) -> HeadLabels:
    """Return grey pictures, framed as the aligned square is, with a red head in the middle; the last is held out."""
    height, width = (96, 80) if pack == "celeba" else (96, 96)
    pixels = np.full((count, height, width, 3), LEVELS[pack], np.uint8)
    labels = np.zeros((count, height, width, 4), np.uint8)
    pixels[:, 20:76, 24:72] = (230, 20, 20)
    labels[:, 20:76, 24:72] = 255
    transform = np.array([[256 / width, 0, 128 / width - 0.5], [0, 256 / height, 128 / height - 0.5]])
    rows = [{"file": f"{i}.webp", "split": "train" if i < count - 1 else "validation"} for i in range(count)]
    return HeadLabels(pixels, labels, np.repeat(transform[None], count, axis=0), rows)


@pytest.fixture
def packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "SCENES", 4)
    monkeypatch.setattr(recipe, "STAGES", ((SIDE // 2, 4, 0.5), (SIDE, 2, 0.5)))
    monkeypatch.setattr(recipe, "load_head_labels", labelled)


@pytest.mark.usefixtures("packs")
def test_batches_are_of_every_size_and_of_training_people(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers: set[int] = set()
    drawn = torch.randint

    def counted(high: int, *rest: object, **named: object) -> torch.Tensor:
        numbers.add(high)
        return drawn(high, *rest, **named)

    data = HeadData(CPU)
    monkeypatch.setattr(recipe.torch, "randint", counted)
    seen = {tuple(data.batch().images.shape) for _ in range(12)}
    assert seen == {(4, 3, SIDE // 2, SIDE // 2), (2, 3, SIDE, SIDE)}
    assert 4 in numbers, "four of five people are trained on"
    assert 5 not in numbers


@pytest.mark.usefixtures("packs")
def test_held_out_people_are_shown_plain_and_varied() -> None:
    batch = HeadData(CPU).shown()
    assert batch.images.shape == (2 * len(LEVELS), 3, SIDE, SIDE)
    assert batch.maps.shape == batch.images.shape
    assert sum(recipe.SOURCE_SHARES.values()) == pytest.approx(1)
    assert recipe.SOURCE_SHARES.keys() == LEVELS.keys()


def half_known() -> HeadBatch:
    maps = torch.zeros(2, 3, 16, 16)
    maps[:, :, 8:] = 1
    known = torch.zeros(2, 1, 16, 16)
    known[..., :8] = 1
    return HeadBatch(torch.zeros(2, 3, 16, 16), maps, known)


def test_losses_fall_as_the_answer_nears_the_truth() -> None:
    batch = half_known()
    terms = [losses((2 * batch.maps - 1) * sureness, batch) for sureness in (-4.0, 0.0, 4.0)]
    totals = [sum(term.item() for term in one.values()) for one in terms]
    assert totals == sorted(totals, reverse=True)
    assert totals[-1] < 0.1


def test_what_is_unknown_is_not_learned() -> None:
    batch = half_known()
    logits = torch.randn(2, 3, 16, 16, requires_grad=True)
    torch.stack(list(losses(logits, batch).values())).sum().backward()
    assert logits.grad is not None
    assert (logits.grad[..., 8:] == 0).all()
    assert (logits.grad[..., :8] != 0).all()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("packs")
def test_a_training_learns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "SHIPPED", tmp_path / "none.onnx")
    saved = torch.load(recipe.train(12 / 60, tmp_path), weights_only=True)
    assert saved["step"] > 0
    assert cv2.imread(str(tmp_path / "sheet.png")).shape == (3 * SIDE, 6 * SIDE, 3)
    net = HeadSegmenter()
    net.load_state_dict(saved["average"])
    batch = HeadData(CPU).shown()
    found = ServedHeadSegmenter(net.eval())(batch.images[:1])
    inside, outside = (found[batch.maps[:1] * batch.known[:1] == value].mean() for value in (1, 0))
    assert inside > outside + 0.05


@pytest.mark.slow
# torch 2.x's exporter asks its own deprecated question while it copies tree specs.
@pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")
def test_what_is_shipped_answers_as_the_network_does(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    (weights / "cards").mkdir(parents=True)
    (weights / "cards" / "head_segmenter.md").write_text("a card")
    net = HeadSegmenter()
    torch.nn.init.normal_(net.head.weight, std=0.05)
    torch.save({"average": net.state_dict()}, tmp_path / "checkpoint.pt")
    export_head_segmenter(tmp_path / "checkpoint.pt", weights)
    entry = load_manifest(weights).entry(SHIPMENT.name)
    assert not entry.commercial_use
    session = onnxruntime.InferenceSession(weights / entry.file, providers=["CPUExecutionProvider"])
    image = torch.rand(1, 3, SIDE, SIDE)
    with torch.no_grad():
        wanted = ServedHeadSegmenter(net)(image).numpy()
    assert wanted.std() > 0.01
    np.testing.assert_allclose(session.run(None, {"image": image.numpy()})[0], wanted, atol=SHIPMENT.packed_bound)
    again = HeadSegmenter()
    load_shipped(ServedHeadSegmenter(again), weights / entry.file)
    for mine, theirs in zip(again.parameters(), net.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=2e-3, rtol=2e-3)
