from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien_export.quality.editors import ServiceEditor
from mien_export.runner import WeightsRunner
from mien_service.engine.batching import BatchOptions
from mien_service.engine.engine import Engine, EngineOptions
from mien_service.engine.work import Work
from mien_service.faces.align import AlignedFace
from mien_service.faces.face import Detection, Face, RgbImage
from mien_service.faces.find import FaceFinder
from mien_service.faces.landmarks import FaceReading
from mien_service.tasks.edit_attribute import EditAttributeParams
from mien_service.tasks.pipeline import Pipeline
from mien_service.tasks.registry import REGISTRY

VECTORS = "face_vae_vectors"


@pytest.fixture(scope="module")
def runner(weights: Path) -> WeightsRunner:
    return WeightsRunner(weights)


@pytest.fixture(scope="module")
def strong(runner: WeightsRunner) -> WeightsRunner:
    """A runner whose vectors are far longer than real ones: any decoder, a hardly trained one too, shows them."""
    table = runner.table(VECTORS)
    random = np.random.default_rng(0)
    made = {kind: random.normal(0, 60, table[kind].shape).astype(np.float32) for kind in ("plain", "orthogonal")}
    return runner.with_tables({VECTORS: {**table, **made}})


def test_strength_zero_changes_no_pixel(strong: WeightsRunner, photo: RgbImage, aligned: AlignedFace) -> None:
    np.testing.assert_array_equal(ServiceEditor(strong, engine="vae")(photo, aligned, "smiling", 0.0), photo)


def test_an_edit_changes_the_face_and_nothing_far_from_it(
    strong: WeightsRunner, photo: RgbImage, aligned: AlignedFace
) -> None:
    before = photo.copy()
    edited = ServiceEditor(strong, engine="vae")(photo, aligned, "smiling", 1.0)
    assert (edited.shape, edited.dtype) == (photo.shape, np.uint8)
    changed = (edited != photo).any(axis=2)
    assert changed.any()
    box = aligned.face.box
    rim = round(0.3 * box.width)
    left, top, right, bottom = (round(edge) for edge in box)
    changed[top : bottom + rim, left - rim : right + rim] = False
    assert not changed.any()
    np.testing.assert_array_equal(photo, before)


def test_kinds_variants_and_directions_differ(strong: WeightsRunner, photo: RgbImage, aligned: AlignedFace) -> None:
    options: tuple[dict[str, Any], ...] = ({}, {"variant": 1}, {"vectors": "plain"})
    editors = [ServiceEditor(strong, **{"engine": "vae", **more}) for more in options]
    made = [edit(photo, aligned, "young", strength).tobytes() for edit in editors for strength in (-1.0, 1.0)]
    assert len(set(made)) == len(made)


def test_a_seed_is_passed_on(strong: WeightsRunner, photo: RgbImage, aligned: AlignedFace) -> None:
    made = [
        ServiceEditor(strong, variant=1, seed=seed, engine="vae")(photo, aligned, "young", 1.0) for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(made[0], made[1])
    assert (made[0] != made[2]).any()


@pytest.mark.parametrize(("attribute", "strength"), [("hat", 1.0), ("smiling", 3.0)])
def test_what_the_service_would_refuse_is_refused(
    attribute: str, strength: float, runner: WeightsRunner, photo: RgbImage, aligned: AlignedFace
) -> None:
    with pytest.raises(ValueError, match="validation error"):
        ServiceEditor(runner)(photo, aligned, attribute, strength)


class _Known:
    """A detector and landmark model that know the one face there is."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def detect(self, *_: object) -> list[Detection]:
        return [Detection(self._face.box, 1.0)]

    def read(self, *_: object) -> list[FaceReading]:
        return [FaceReading(self._face.box, self._face.landmarks, self._face.pose, 1.0)]


@pytest.fixture
def answered(weights: Path, strong: WeightsRunner, photo: RgbImage, face: Face) -> Iterator[Any]:
    """Return what the service's own pipeline makes of the photo, on the same vectors."""
    [spec] = [spec for spec in REGISTRY.specs() if spec.name == "edit-attribute"]
    engine = Engine(EngineOptions(weights, batch=BatchOptions()), spec.networks, lambda: None)
    engine.table(VECTORS).update(strong.table(VECTORS))
    pipeline = Pipeline(FaceFinder(_Known(face), _Known(face)), engine)

    def answer(**fields: Any) -> list[RgbImage]:
        params = EditAttributeParams.model_validate(fields)
        return [picture.pixels for picture in pipeline.run(spec, params, photo, Work(60)).pictures]

    yield answer
    engine.stop()


@pytest.mark.parametrize(
    ("attribute", "strength", "engine"), [("smiling", 1.0, "vae"), ("young", -2.0, "vae"), ("smiling", -2.0, "editnet")]
)
def test_the_editor_does_what_the_service_does(
    attribute: str,
    strength: float,
    engine: str,
    answered: Any,
    strong: WeightsRunner,
    photo: RgbImage,
    aligned: AlignedFace,
) -> None:
    pictures = answered(attribute=attribute, strength=strength, variants=2, engine=engine)
    assert (pictures[0] != photo).any()
    for variant, picture in enumerate(pictures):
        edited = ServiceEditor(strong, variant=variant, engine=engine)(photo, aligned, attribute, strength)
        assert np.abs(edited.astype(int) - picture).max() <= 1
