from pathlib import Path

import numpy as np
import pytest
import torch
from cropped import crops_of

from mien_export.data.crops import Crops
from mien_export.networks.judge import LinearJudge, ResidualJudge
from mien_export.recipes import judges

NAMES = [f"Attribute_{i}" for i in range(38)]


def made_crops(n: int, split: str) -> Crops:
    """Crops whose brightness is attribute Bright, and which are never Blurry."""
    random = np.random.default_rng(len(split))
    bright = random.integers(0, 2, n)
    pixels = random.integers(0, 60, (n, 144, 144, 3)) + 120 * bright[:, None, None, None]
    rows = [
        {"file": f"{i}.webp", "identity": str(i), "split": split, "Bright": str(bright[i]), "Blurry": "0"}
        | {name: str(random.integers(2)) for name in NAMES}
        for i in range(n)
    ]
    return crops_of(pixels.astype(np.uint8), rows)


def test_halves_share_no_identity_and_lose_none() -> None:
    crops = made_crops(60, "train")
    halves = [{row["identity"] for row in judges.half(crops, which).rows} for which in (0, 1)]
    assert not halves[0] & halves[1]
    assert len(halves[0] | halves[1]) == 60
    assert min(map(len, halves)) > 15


def test_attributes_keep_the_order_of_the_csv() -> None:
    assert judges.attribute_names(made_crops(1, "train").rows[0]) == ["Bright", "Blurry", *NAMES]


@pytest.mark.parametrize("network", [LinearJudge(), ResidualJudge()])
def test_networks_give_forty_logits(network: torch.nn.Module) -> None:
    assert network.eval()(torch.rand(2, 3, 128, 128)).shape == (2, 40)


def test_rare_positives_weigh_more_but_not_without_bound() -> None:
    labels = torch.zeros(100, 3)
    labels[:50, 0] = labels[:10, 1] = 1
    torch.testing.assert_close(judges.positive_weights(labels), torch.tensor([1.0, 3.0, judges.RAREST_WEIGHT]))


def test_blur_keeps_the_mean_and_takes_contrast() -> None:
    images = torch.rand(8, 3, 64, 64)
    soft = judges.blurred(images)
    torch.testing.assert_close(soft[..., 8:-8, 8:-8].mean(), images[..., 8:-8, 8:-8].mean(), atol=0.01, rtol=0)
    assert soft[..., 8:-8, 8:-8].var() < 0.9 * images[..., 8:-8, 8:-8].var()


def test_the_rate_rises_then_falls_to_nothing() -> None:
    rates = [judges.learning_rate(progress) for progress in (0.0, 0.05, judges.WARM_UP, 0.5, 1.0, 1.1)]
    assert rates[0] < rates[1] < rates[2] == judges.LEARNING_RATE > rates[3] > rates[4] == rates[5] == 0


def test_a_judge_is_fitted_measured_and_loaded(tmp_path: Path) -> None:
    people, held_out = made_crops(48, "train"), made_crops(24, "validation")
    judges.fit("a", people, 0, tmp_path)
    found = judges.measure("a", people, held_out, tmp_path)
    assert found["Bright"] > 0.95
    assert np.isnan(found["Blurry"])
    judge = judges.load_judge("a", tmp_path)
    assert judge.attributes[:2] == ["Bright", "Blurry"]
    assert "Blurry" not in judge.thresholds
    squares = judges.centre_squares(torch.from_numpy(held_out.pixels))
    verdicts = judge.scores(squares, "Bright") > judge.thresholds["Bright"]
    assert np.mean(verdicts == [row["Bright"] == "1" for row in held_out.rows]) > 0.9


def test_a_judge_that_was_not_trained_is_missed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        judges.load_judge("b", tmp_path)
