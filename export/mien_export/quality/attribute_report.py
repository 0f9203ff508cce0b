"""The report on /edit-attribute: the service's editor and every baseline, in one run."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from mien_export.data.crops import Crops, load_crops
from mien_export.networks.face_vae import IMAGE_SIZE
from mien_export.quality.age import AgeMeter
from mien_export.quality.attribute_baselines import DecodeAndPaste, Editor, MeanDifference, mean_differences, no_edit
from mien_export.quality.edit_attribute import ATTRIBUTES, Entrant, Meters, evaluate
from mien_export.quality.editors import ServiceEditor
from mien_export.quality.held_out import REPORT_HALF, celeba_faces
from mien_export.quality.identity import IdentityMeter
from mien_export.quality.perceptual import PerceptualMeter
from mien_export.recipes.judges import load_judge
from mien_export.runner import WeightsRunner
from mien_service.faces.face import RgbImage
from mien_service.tasks import attribute_editor
from mien_service.tasks.attribute_vae import AttributeVectors
from mien_service.tasks.attributes import Attribute

FACES = 120


def report_edit_attribute(weights: Path, folder: Path, attributes: Sequence[str] = ATTRIBUTES) -> None:
    """Measure the editors on held-out people and write table and contact sheet into `folder`."""
    runner = WeightsRunner(weights, threads=2)
    differences = mean_differences(training_crops(), ATTRIBUTES)

    def pasted(opacity: float) -> Editor:
        return DecodeAndPaste(partial(decoded, runner), min(opacity, 1.0))

    entrants = [
        Entrant("identity", no_edit),
        Entrant("mean difference", MeanDifference(differences), graded=partial(MeanDifference, differences)),
        Entrant("decode and paste", pasted(1.0), graded=pasted),
        *engines(runner),
    ]
    meters = Meters(load_judge("b"), IdentityMeter(), AgeMeter(), PerceptualMeter())
    evaluate(entrants, celeba_faces(REPORT_HALF, FACES, runner), meters, folder, attributes)


def engines(runner: WeightsRunner) -> list[Entrant]:
    """Return the service's engines, `editnet` last, each with a variant."""
    known = {"vae": tuple(Attribute), "editnet": attribute_editor.ATTRIBUTES}
    return [
        Entrant(name, ServiceEditor(runner, engine=name), ServiceEditor(runner, 1, engine=name), knows=attributes)
        for name, attributes in known.items()
    ]


def training_crops() -> Crops:
    """Return the crops that the mean differences are taken from."""
    return load_crops("celeba", IMAGE_SIZE).where(split="train")


def decoded(runner: WeightsRunner, square: RgbImage, attribute: str, strength: float) -> RgbImage:
    """Return an aligned square (128, 128, 3) encoded, shifted by the attribute and decoded, as the seed did."""
    image = square.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
    shift = AttributeVectors(runner.table("face_vae_vectors"), "plain").shift({Attribute(attribute): strength}, 0, 0)
    mean = runner("face_vae_encoder", image=image)["mean"]
    made = runner("face_vae_decoder", latent=mean + shift)["image"][0].transpose(1, 2, 0)
    return np.clip(np.rint(made * 255), 0, 255).astype(np.uint8)
