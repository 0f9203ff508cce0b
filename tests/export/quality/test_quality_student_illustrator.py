from pathlib import Path

import finding
import numpy as np
import people
import pytest
import torch

from mien_export.networks.edit_net import EditNet
from mien_export.quality.student_illustrator import StudentIllustrator
from mien_export.recipes.preview_student import network
from mien_export.runner import WeightsRunner
from mien_service.faces.align import align


@pytest.fixture
def darkening() -> EditNet:
    """A student that has learned to darken everything a little, whatever it is asked for."""
    net = network()
    assert net.fine_head.bias is not None
    with torch.no_grad():
        net.fine_head.bias.fill_(-0.1)
    return net


def test_it_changes_the_face_and_nothing_else(darkening: EditNet, weights: Path, tmp_path: Path) -> None:
    torch.save({"average": darkening.state_dict()}, tmp_path / "checkpoint.pt")
    photo = people.small_person("ben")
    face = align(photo, finding.found("ben"))
    illustrate = StudentIllustrator(tmp_path / "checkpoint.pt", WeightsRunner(weights))
    none, full = illustrate(photo, face, "smoking", (0.0, 1.0))
    np.testing.assert_array_equal(none, photo)
    nose = tuple(np.rint(face.face.landmarks[30]).astype(int)[::-1])
    assert (full[nose].astype(int) - photo[nose]).max() < -10
    np.testing.assert_array_equal(full[:8], photo[:8])
    assert 0.02 < (full != photo).any(axis=2).mean() < 0.6
