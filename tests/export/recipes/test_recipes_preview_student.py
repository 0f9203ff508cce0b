from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from mien_export.data.signed_faces import CONDITION_SIZE, SHOWN, SignedFaces, SignedPairs
from mien_export.recipes import preview_student
from mien_export.recipes.edit_step import Stage


def faces() -> SignedFaces:
    """Noisy faces, all of which are to grow darker."""
    rng = np.random.default_rng(0)
    before = rng.integers(80, 200, (8 + SHOWN, 32, 32, 3), dtype=np.uint8)
    condition = np.zeros((len(before), CONDITION_SIZE), np.float32)
    condition[:, 0] = 1
    region = np.full(before.shape[:3], 255, np.uint8)
    return SignedFaces(before, before - np.uint8(40), region, condition, np.full(len(before), 60))


def test_a_step_trains_student_and_discriminator_and_training_resumes(tmp_path: Path) -> None:
    pairs = SignedPairs(faces(), torch.device("cpu"))
    settings = replace(preview_student.SETTINGS, stages=(Stage(32, 4, 1.0),), discriminator_from=0.0, rate=5e-3)
    training = preview_student.trainer(pairs, tmp_path, settings)
    terms = [training.step(0.5) for _ in range(25)]
    assert {"changed", "perceptual", "adversarial", "discriminator"} <= set(terms[0])
    assert terms[-1]["changed"] < 0.8 * terms[0]["changed"]
    training.save()
    assert (tmp_path / "sheet.png").exists()
    again = preview_student.trainer(pairs, tmp_path, settings)
    assert again.checkpoint.step == 25
