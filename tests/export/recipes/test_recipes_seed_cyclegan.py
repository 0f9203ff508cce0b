from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from cropped import crops_of

from mien_export.data.age_domains import AgeDomains
from mien_export.data.packs import is_held_out
from mien_export.networks.cycle_gan import Critic, CycleGan
from mien_export.recipes.seed_cyclegan import CycleGanTrainer, Settings, critic_loss, real_loss
from mien_export.recipes.shipping import averaged

SIDE = 32
SETTINGS = Settings(images=2, rate=2e-3, average_decay=0.9)


@pytest.fixture
def faces() -> AgeDomains:
    """Smooth pictures: the young ones light, the older ones dark."""
    random = np.random.default_rng(0)
    held_out = next(i for i in range(1000) if is_held_out(f"{i}.webp"))
    rows = [{"file": f"{i}.webp", "age": "70" if i % 2 else "25"} for i in (*range(1000, 1040), held_out)]
    rows[-1]["age"] = "25"
    coarse = random.uniform(-40, 40, (len(rows), 5, 5, 3))
    smooth = np.stack([cv2.resize(one, (36, 36), interpolation=cv2.INTER_CUBIC) for one in coarse])
    light = np.array([70 if row["age"] == "70" else 180 for row in rows])[:, None, None, None]
    pixels = np.clip(smooth + light, 0, 255).astype(np.uint8)
    return AgeDomains(crops_of(pixels, rows), SIDE, torch.device("cpu"))


def state(trainer: CycleGanTrainer) -> dict[str, torch.Tensor]:
    parts = {"net": trainer.net, "critics": trainer.critics, "average": trainer.average.model}
    return {f"{part}.{name}": value for part, net in parts.items() for name, value in net.state_dict().items()}


def test_the_losses_know_real_from_made() -> None:
    scores = torch.tensor([1.0, 1.0, 0.0])
    assert real_loss(scores).item() == pytest.approx(1 / 3)
    critic, image = Critic(), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        found = critic(image)
        wanted = ((found - 1).square().mean() + found.square().mean()) / 2
        torch.testing.assert_close(critic_loss(critic, image, image), wanted)


def test_it_learns_to_bring_faces_back_and_what_the_other_ones_look_like(tmp_path: Path, faces: AgeDomains) -> None:
    trainer = CycleGanTrainer(faces, tmp_path, SETTINGS)
    first = [trainer.step(0.0) for _ in range(4)]
    assert set(first[0]) == {"adversarial", "cycle", "identity", "critic"}
    for _ in range(36):
        trainer.step(0.1)
    last = [trainer.step(0.2) for _ in range(4)]
    for name in ("cycle", "identity"):
        assert np.mean([terms[name] for terms in last]) < 0.6 * np.mean([terms[name] for terms in first])
    net = trainer.average.model
    assert isinstance(net, CycleGan)
    young = faces.shown()
    with torch.no_grad():
        assert net.older(young).mean() < young.mean() - 0.05, "the older ones are dark"


def test_a_resumed_training_goes_on_exactly(tmp_path: Path, faces: AgeDomains) -> None:
    unbroken = CycleGanTrainer(faces, tmp_path, SETTINGS)
    for _ in range(2):
        unbroken.step(0.1)
    unbroken.save()
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None
    assert averaged(tmp_path / "checkpoint.pt").keys() == CycleGan().state_dict().keys()
    resumed = CycleGanTrainer(faces, tmp_path, SETTINGS)
    assert resumed.checkpoint.step == 2
    for trainer in (unbroken, resumed):
        torch.manual_seed(8)
        trainer.step(0.5)
    torch.testing.assert_close(state(resumed), state(unbroken), rtol=0, atol=0)


def test_a_spent_budget_trains_no_more(tmp_path: Path, faces: AgeDomains) -> None:
    first = CycleGanTrainer(faces, tmp_path, SETTINGS)
    assert first.train(0.01) == tmp_path / "checkpoint.pt"
    steps = first.checkpoint.step
    assert steps > 0
    again = CycleGanTrainer(faces, tmp_path, SETTINGS)
    again.train(0.01)
    assert again.checkpoint.step == steps


def test_a_loss_that_is_not_finite_ends_it_and_keeps_the_checkpoint(tmp_path: Path, faces: AgeDomains) -> None:
    trainer = CycleGanTrainer(faces, tmp_path, SETTINGS)
    trainer.save()
    with torch.no_grad():
        next(trainer.critics.older.parameters()).fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="after step 0"):
        trainer.step(0.1)
    assert all(parameter.isfinite().all() for parameter in CycleGanTrainer(faces, tmp_path).critics.parameters())
