from pathlib import Path

import numpy as np
import pytest
import torch
from turned_pair import turned_pair

from mien_export.networks.seed_frontalizer import SeedFrontalizer
from mien_export.quality.turned_readings import Meters
from mien_export.quality.turners import SERVICE, SIDE, UNTURNED, turners
from mien_export.runner import WeightsRunner


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    """A checkpoint of the seed's design that has learned nothing."""
    file = tmp_path / "checkpoint.pt"
    torch.save({"average": SeedFrontalizer().state_dict()}, file)
    return file


def test_every_turner_gives_the_square_and_those_that_turn_it_do(weights: Path, seed: Path) -> None:
    one = turned_pair().turned
    by_name = turners(WeightsRunner(weights), seed)
    assert list(by_name) == [UNTURNED, "mesh warp", "mesh warp and mirror", "seed's design", SERVICE]
    made = {name: turn(one.photo, one.aligned) for name, turn in by_name.items()}
    assert {picture.shape for picture in made.values()} == {(SIDE, SIDE, 3)}
    for name, other in (("mesh warp", "mesh warp and mirror"), ("mesh warp and mirror", SERVICE)):
        assert (made[name] != made[other]).any()
    yaw = dict(zip(made, Meters().read(list(made.values())).yaw, strict=True))
    for name in ("mesh warp and mirror", SERVICE):
        assert yaw[name] < 0.4 * yaw[UNTURNED]
    # What has learned nothing draws no face.
    assert np.isnan(yaw["seed's design"])


def test_without_a_checkpoint_the_seeds_design_is_left_out(weights: Path, tmp_path: Path) -> None:
    assert "seed's design" not in turners(WeightsRunner(weights), tmp_path / "none.pt")
