from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from finding import run as find_run
from numpy.typing import NDArray

from mien_export.data.augment import jittered_squares
from mien_export.data.crops import MARGIN, CropCutter
from mien_export.data.packs import is_held_out
from mien_export.networks.face_vae import IMAGE_SIZE, FaceVae
from mien_export.networks.lite0 import Lite0
from mien_export.onnx import MAX_BYTES, ParityError, read_initializers
from mien_export.recipes import face_vae, face_vae_export
from mien_export.recipes.face_vae_export import CARD, MeanEncoder, export_face_vae, load_average, packed_bound
from mien_service.engine.engine import Engine, EngineOptions, Runner
from mien_service.engine.manifest import load_manifest
from mien_service.engine.work import Work
from mien_service.faces.face import RgbImage

Webp = Callable[[RgbImage], bytes]
MakePack = Callable[..., None]

TRAINED, HELD_OUT = 8, 16
NETWORKS = ("face_vae_encoder", "face_vae_decoder")

# torch 2.x's exporter asks its own deprecated question while it copies tree specs.
EXPORTER_WARNS = r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning"

pytestmark = pytest.mark.filterwarnings(EXPORTER_WARNS)


def stylegan_names() -> list[str]:
    """Return file names of two pictures to train on and a held-out one."""
    names = [f"made_{i}.webp" for i in range(200)]
    return [name for name in names if not is_held_out(name)][:2] + [name for name in names if is_held_out(name)][:1]


@pytest.fixture
def packs(make_pack: MakePack, portraits: list[RgbImage], webp: Webp) -> None:
    """Small packs of the names and splits that the recipe reads; a reserved person is a black picture."""
    splits = ["train"] * TRAINED + ["validation"] * HELD_OUT + ["reserved"]
    rows = [{"file": f"{i}.webp", "identity": str(i), "split": split} for i, split in enumerate(splits)]
    files = {f"{i}.webp": webp(portraits[i % 8]) for i in range(TRAINED + HELD_OUT)}
    files[f"{TRAINED + HELD_OUT}.webp"] = webp(np.zeros((218, 178, 3), np.uint8))
    make_pack("celeba", rows, files)
    names = stylegan_names()
    large = [cv2.resize(portrait, None, fx=2, fy=2) for portrait in portraits[:3]]
    files = {name: webp(np.asarray(picture, np.uint8)) for name, picture in zip(names, large, strict=True)}
    make_pack("stylegan", [{"file": name, "source": "made"} for name in names], files)


@pytest.mark.usefixtures("packs")
def test_held_out_and_reserved_people_are_not_trained_on(portraits: list[RgbImage]) -> None:
    crops = face_vae.training_crops()
    assert (crops.shape, crops.dtype) == ((TRAINED + 2, 144, 144, 3), torch.uint8)
    assert crops.float().mean(dim=(1, 2, 3)).min() > 20, "the reserved person is black"
    found = CropCutter(IMAGE_SIZE, find_run()).cut(portraits[1])
    assert found is not None
    np.testing.assert_array_equal(crops[1].numpy(), found[0])
    validation = face_vae.validation_crops()
    assert len(validation.pixels) == HELD_OUT
    assert {row["split"] for row in validation.rows} == {"validation"}


def test_pixels_of_the_face_weigh_more_and_the_mean_is_one() -> None:
    weights = face_vae.face_weights(torch.device("cpu"))
    assert weights.shape == (1, 1, IMAGE_SIZE, IMAGE_SIZE)
    assert weights.mean().item() == pytest.approx(1)
    row, column = divmod(int(weights.argmax()), IMAGE_SIZE)
    assert 58 <= row <= 72
    assert 62 <= column <= 65
    torch.testing.assert_close(weights, weights.flip(3))
    assert 1.6 < weights.max() / weights[0, 0, 0, 0] <= face_vae.FACE_WEIGHT


@pytest.mark.parametrize(("people", "batches"), [(5, [2, 2, 1]), (6, [2, 2, 2]), (40, [2, 2, 2, 2])])
def test_norms_are_measured_on_as_many_people_as_there_are(
    people: int, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(face_vae, "BATCH", 2)
    monkeypatch.setattr(face_vae, "CALIBRATION_BATCHES", 4)
    crops = torch.randint(0, 256, (people, 144, 144, 3), dtype=torch.uint8)
    found, again = list(face_vae.calibration_batches(crops)), list(face_vae.calibration_batches(crops))
    assert [len(batch) for batch in found] == batches
    torch.testing.assert_close(found, again)
    squares = jittered_squares(crops, IMAGE_SIZE, MARGIN, jitter=False)
    shown = {round(square.sum().item(), 2) for square in torch.cat(found)}
    assert len(shown) == sum(batches)
    assert shown <= {round(square.sum().item(), 2) for square in squares}


def test_every_loss_is_finite_and_reaches_every_weight() -> None:
    model, lite0 = FaceVae(), Lite0()
    terms = face_vae.losses(model, lite0, torch.rand(2, 3, 128, 128), face_vae.face_weights(torch.device("cpu")))
    assert terms.keys() == {"pixel", "perceptual", "kl"}
    assert all(value.ndim == 0 and 0 < value.item() < 10 for value in terms.values())
    torch.stack(list(terms.values())).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert all(parameter.grad is None for parameter in lite0.parameters())


def test_the_sheet_shows_faces_above_their_reconstructions(tmp_path: Path) -> None:
    crops = torch.randint(0, 256, (16, 144, 144, 3), dtype=torch.uint8)
    face_vae.write_sheet(FaceVae().eval(), crops, tmp_path / "sheet.png")
    picture = cv2.cvtColor(cv2.imread(str(tmp_path / "sheet.png")), cv2.COLOR_BGR2RGB)
    assert picture.shape == (4 * 128, 8 * 128, 3)
    np.testing.assert_allclose(picture[:128, :128], crops[0, 8:-8, 8:-8], atol=1)
    np.testing.assert_allclose(picture[256:384, -128:], crops[15, 8:-8, 8:-8], atol=1)


@dataclass(frozen=True)
class _Sessions:
    """Two sessions of one real training, a few seconds each."""

    folder: Path
    steps: tuple[int, int]
    seconds: tuple[float, float]
    moved: float
    """Largest change of an averaged weight in the second session."""


SECONDS = 5.0


@pytest.fixture
def sessions(packs: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Sessions:  # noqa: ARG001
    monkeypatch.setattr(face_vae, "BATCH", 4)
    folder = tmp_path / "run"
    found: list[dict[str, Any]] = []
    for _ in range(2):
        spent = found[0]["seconds"] if found else 0.0
        path = face_vae.train((spent + SECONDS) / 60, folder)
        assert path == folder / "checkpoint.pt"
        found.append(torch.load(path, weights_only=True))
    first, second = (state["average"] for state in found)
    moved = max(float((first[name].float() - second[name].float()).abs().max()) for name in first)
    steps, seconds = ((found[0][key], found[1][key]) for key in ("step", "seconds"))
    return _Sessions(folder, steps, seconds, moved)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_training_is_resumed_exported_and_served(sessions: _Sessions, tmp_path: Path) -> None:
    assert 0 < sessions.steps[0] < sessions.steps[1]
    assert sessions.seconds[0] >= SECONDS
    assert sessions.seconds[1] >= sessions.seconds[0] + SECONDS
    assert sessions.moved > 0
    assert (sessions.folder / "sheet.png").stat().st_size > 10_000

    weights = tmp_path / "weights"
    (weights / CARD).parent.mkdir(parents=True)
    (weights / CARD).write_text("a card")
    export_face_vae(sessions.folder / "checkpoint.pt", weights)
    entries = load_manifest(weights).weights
    assert {entry.name for entry in entries} == set(NETWORKS)
    sizes = [(weights / entry.file).stat().st_size for entry in entries]
    assert sum(sizes) < 12_000_000
    assert max(sizes) < MAX_BYTES

    model = load_average(sessions.folder / "checkpoint.pt")
    images = np.random.default_rng(0).uniform(size=(3, 3, 128, 128)).astype(np.float32)
    served_mean, served_image = served(weights, images)
    with torch.no_grad():
        mean = model.encoder(torch.from_numpy(images))[0]
        decoded = model.decoder(torch.from_numpy(served_mean))
    np.testing.assert_allclose(served_mean, mean.numpy(), atol=packed_bound(MeanEncoder(model.encoder), images))
    # The bound was checked on other latents; after a few steps single pixels lie far outside the picture's range.
    np.testing.assert_allclose(served_image, decoded.numpy(), atol=2 * packed_bound(model.decoder, served_mean))

    for name, part in zip(NETWORKS, (MeanEncoder(model.encoder), model.decoder), strict=True):
        restored = read_initializers(weights / f"{name}.onnx")
        missing, unexpected = part.load_state_dict(restored, strict=False)
        assert not unexpected
        assert all(one.endswith("num_batches_tracked") for one in missing)


def served(weights: Path, images: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the latent mean of images, and what is decoded from it, by the service's engine."""
    engine = Engine(EngineOptions(weights), NETWORKS, lambda: None)
    try:
        engine.warm_up()
        run = Runner(engine, Work(60))
        mean = run("face_vae_encoder", image=images)["mean"]
        return mean, run("face_vae_decoder", latent=mean)["image"]
    finally:
        engine.stop()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_spent_budget_trains_no_more(sessions: _Sessions) -> None:
    before = (sessions.folder / "checkpoint.pt").read_bytes()
    assert face_vae.train(SECONDS / 60, sessions.folder).read_bytes() == before


FALLS_WITHIN = 200
"""Steps; some forty are enough."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_loss_falls_on_eight_pictures(portraits: list[RgbImage], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_vae, "PERCEPTUAL_IMAGES", 2)
    cutter = CropCutter(IMAGE_SIZE, find_run())
    found = [cutter.cut(portrait) for portrait in portraits]
    crops = torch.from_numpy(np.stack([one[0] for one in found if one is not None]))
    images = jittered_squares(crops, IMAGE_SIZE, MARGIN, jitter=False)
    model, lite0 = FaceVae(), Lite0()
    weights = face_vae.face_weights(torch.device("cpu"))
    optimizer = torch.optim.AdamW(model.parameters(), lr=face_vae.SCHEDULE.learning_rate, betas=(0.9, 0.99))
    totals: list[float] = []
    while len(totals) < FALLS_WITHIN and (len(totals) < 6 or np.mean(totals[-3:]) > 0.6 * totals[0]):
        total = torch.stack(list(face_vae.losses(model, lite0, images, weights).values())).sum()
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        totals.append(total.item())
    assert np.mean(totals[-3:]) <= 0.6 * totals[0], totals


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_wrong_file_is_not_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parity check stands between training and the manifest."""
    torch.save({"average": FaceVae().state_dict()}, tmp_path / "checkpoint.pt")
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(face_vae_export, "PARITY_BOUND", -1.0)
    with pytest.raises(ParityError):
        export_face_vae(tmp_path / "checkpoint.pt", tmp_path / "weights")
    assert not (tmp_path / "weights" / "manifest.json").exists()
