from pathlib import Path

import numpy as np
import pytest
import torch
from cropped import people_crops

from mien_export.networks.repainter import Repainter
from mien_export.quality import fillers
from mien_export.quality.fillers import (
    Filler,
    flat_skin,
    mean_face,
    navier_stokes,
    principal_components,
    prior_filler,
    ring_colour,
    seed_filler,
    service_filler,
    telea,
)
from mien_export.runner import WeightsRunner

SIDE = 128


@pytest.fixture(scope="module")
def people() -> np.ndarray:
    """Six people and their mirror images, each at three brightnesses."""
    crops = people_crops(SIDE, "anna", "ben", "carla", "dora", "emil", "gina").pixels[:, 8:-8, 8:-8]
    both = np.concatenate([crops, crops[:, :, ::-1]])
    return np.concatenate([np.clip(both * gain, 0, 255).astype(np.uint8) for gain in (0.8, 1.0, 1.1)])


def hole_below() -> np.ndarray:
    hole = np.zeros((SIDE, SIDE), np.bool_)
    hole[80:115, 40:90] = True
    return hole


@pytest.mark.parametrize("name", ["flat_skin", "telea", "navier_stokes", "mean_face", "principal_components"])
def test_a_filler_fills_the_hole_without_looking_into_it(name: str, people: np.ndarray) -> None:
    plain: dict[str, Filler] = {"flat_skin": flat_skin, "telea": telea, "navier_stokes": navier_stokes}
    fill = plain.get(name) or (mean_face(people) if name == "mean_face" else principal_components(people, 20))
    face, hole = people[2], hole_below()
    found = fill(face, hole)
    np.testing.assert_array_equal(found[~hole], face[~hole])
    assert (found[hole] != face[hole]).any()
    other = face.copy()
    other[hole] = 7
    np.testing.assert_array_equal(fill(other, hole)[hole], found[hole])
    assert np.abs(found[hole].mean(axis=0) - ring_colour(face, hole)).max() < 45, "about the skin's colour"


def test_components_know_a_face_that_they_were_fitted_on(people: np.ndarray) -> None:
    fill = principal_components(people, 30)
    face, hole = people[3], hole_below()
    error = np.abs(fill(face, hole).astype(int) - face)[hole].mean()
    assert error < 0.5 * np.abs(flat_skin(face, hole).astype(int) - face)[hole].mean()


def test_the_ring_lies_around_the_hole() -> None:
    face = np.zeros((SIDE, SIDE, 3), np.uint8)
    hole = hole_below()
    face[hole] = 255
    assert ring_colour(face, hole).tolist() == [0, 0, 0]
    face[~hole] = (10, 20, 30)
    assert ring_colour(face, hole).tolist() == [10, 20, 30]
    assert ring_colour(face, np.ones_like(hole)).tolist() == [0, 0, 0], "where all is hole there is no ring"


def test_the_components_side_is_the_faces(people: np.ndarray) -> None:
    assert people.shape[1] == fillers.PCA_SIDE


def test_the_seeds_design_and_the_service_fill_the_hole_alone(
    people: np.ndarray, weights: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    torch.save({"average": Repainter().state_dict()}, checkpoint)
    large = people[2].repeat(2, axis=0).repeat(2, axis=1)
    hole = hole_below().repeat(2, axis=0).repeat(2, axis=1)
    run = WeightsRunner(weights)
    for fill in (seed_filler(checkpoint), prior_filler(run), service_filler(run)):
        found = fill(large, hole)
        np.testing.assert_array_equal(found[~hole], large[~hole])
        assert (found[hole] != large[hole]).any(axis=1).mean() > 0.9
        np.testing.assert_array_equal(fill(large, hole), found)
