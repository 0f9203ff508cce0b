"""How well expressions are read: FER2013's test split, and smiles on CelebA's held-out people as the service sees them.

    python -m mien_export evaluate emotion

`test` is read here only; everything is chosen on `valid`. mini-XCEPTION, the seed's network, stands beside ours: from
runs/mini_xception, by the same recipe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.data.expression_batches import plain_views
from mien_export.data.expressions import Expressions, load_expressions, repeated_share
from mien_export.data.packs import split_rows
from mien_export.quality.classification import Labels, accuracy, calibration_error, macro_f1
from mien_export.quality.expression_readers import ExpressionReader, Faces, baseline_reader
from mien_export.quality.held_out import HeldOutFace, found_faces
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.sheet import Labelled, write_sheet
from mien_export.quality.statistics import Floats, auc, share_interval
from mien_export.runner import WeightsRunner
from mien_service.faces.align import align
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.expression import EXPRESSIONS, INPUT_SIDE, NETWORK, ZOOMS, expression_views
from mien_service.faces.find import FaceFinder
from mien_service.faces.landmarks import MeshLandmarks

BASELINE = "mini_xception"

SPLITS = ("valid", "test")
VIEWS = ("one view", "as served")
"""A face seen once; and the mean of all views and their mirror images."""

GROUPS: Mapping[str, tuple[str, str]] = {
    "women": ("Male", "0"),
    "men": ("Male", "1"),
    "young": ("Young", "1"),
    "older": ("Young", "0"),
}
"""CelebA's attributes by which smiles are counted apart."""

PER_ROW, TEST_ROWS, PHOTO_ROWS = 10, 14, 6
"""Faces in a row of the contact sheets, and their rows; of the test sheet's two for each expression."""

PEOPLE = Path("examples/people")


@dataclass(frozen=True, eq=False)
class Answered:
    """What a network says of a split's faces, (n, 7) for each of VIEWS."""

    shares: dict[str, Floats]
    labels: Labels


def report_emotion(weights: Path, checkpoint: Path, folder: Path) -> None:
    """Write emotion.md, .json and .png, and emotion_photos.png, into `folder`; `checkpoint` is the baseline's."""
    everything = load_expressions()
    valid = everything.split("valid")
    readers = {
        NETWORK: ExpressionReader(weights / f"{NETWORK}.onnx"),
        BASELINE: baseline_reader(BASELINE, checkpoint, valid, folder),
    }
    faces = {split: everything.split(split) for split in SPLITS}
    answered = {(name, split): answers(reader, faces[split]) for name, reader in readers.items() for split in SPLITS}
    run = WeightsRunner(weights)
    people = list(found_faces("celeba", split_rows("celeba", "validation"), run))
    ours, test = answered[NETWORK, "test"], faces["test"]
    report = Report(
        title="Expressions",
        split="FER2013 valid (everything was chosen on it) and test (read here only); CelebA validation identities",
        n=len(test.labels),
        rows=[row for (name, split), one in answered.items() for row in accuracy_rows(name, split, one)],
        baselines=[BASELINE],
        command=this_command(),
        about={
            **{f"{name}, milliseconds a view on one core": one.milliseconds() for name, one in readers.items()},
            **{f"{name}, bytes": one.bytes for name, one in readers.items()},
            "test pictures that FER2013's training split has, too, and ours did without": repeated_share(everything),
        },
        more={
            "test by expression, as served": class_rows({n: answered[n, "test"] for n in readers}),
            "test, what is taken for what (rows: label, columns: reading), as served": confusion_rows(ours),
            "smiles of CelebA: how well `happy` tells them, area under the ROC curve": smile_rows(readers, people),
        },
    )
    write_report(report, faces_sheet(test, ours.shares[VIEWS[1]]), folder, "emotion")
    write_sheet(photo_sheet(readers[NETWORK], people, run), folder / "emotion_photos.png")


def answers(reader: ExpressionReader, faces: Expressions) -> Answered:
    """Return what a network says of faces, seen as the service would show them."""
    pictures = torch.from_numpy(faces.pixels)
    served = np.stack([plain_views(pictures, INPUT_SIDE, zoom).numpy() for zoom in ZOOMS], axis=1)
    once = plain_views(pictures, INPUT_SIDE).numpy()
    return Answered({VIEWS[0]: reader(once), VIEWS[1]: reader.served(served)}, faces.labels)


def accuracy_rows(name: str, split: str, answered: Answered) -> list[dict[str, Cell]]:
    """Return a row of figures for each of VIEWS."""
    rows: list[dict[str, Cell]] = []
    for view, shares in answered.shares.items():
        predicted, labels = shares.argmax(axis=1), answered.labels
        low, high = share_interval(int((predicted == labels).sum()), len(labels))
        rows.append(
            {
                "": name,
                "split": split,
                "seen": view,
                "n": len(labels),
                "accuracy": accuracy(predicted, labels),
                "95 %": f"{low:.3f} to {high:.3f}",
                "macro F1": macro_f1(predicted, labels, len(EXPRESSIONS)),
                "calibration error": calibration_error(shares, labels),
            }
        )
    return rows


def class_rows(by_network: Mapping[str, Answered]) -> list[dict[str, Cell]]:
    """Return for each expression how often it is read where it is the label, and how often rightly."""
    rows: list[dict[str, Cell]] = []
    for place, expression in enumerate(EXPRESSIONS):
        row: dict[str, Cell] = {"": expression}
        for name, answered in by_network.items():
            read, true = answered.shares[VIEWS[1]].argmax(axis=1) == place, answered.labels == place
            right = int((read & true).sum())
            row |= {
                "n": int(true.sum()),
                f"{name}: found": right / max(int(true.sum()), 1),
                f"{name}: right where read": right / max(int(read.sum()), 1),
            }
        rows.append(row)
    return rows


def confusion_rows(answered: Answered) -> list[dict[str, Cell]]:
    """Return for each label the share of its faces read as each expression."""
    read = answered.shares[VIEWS[1]].argmax(axis=1)
    rows: list[dict[str, Cell]] = []
    for place, label in enumerate(EXPRESSIONS):
        mine = read[answered.labels == place]
        shares = np.bincount(mine, minlength=len(EXPRESSIONS)) / max(len(mine), 1)
        rows.append({"": label, **{name: float(share) for name, share in zip(EXPRESSIONS, shares, strict=True)}})
    return rows


def smile_rows(readers: Mapping[str, ExpressionReader], people: Sequence[HeldOutFace]) -> list[dict[str, Cell]]:
    """Return how well each network's probability of `happy` tells who smiles, over all people and by group."""
    faces = inputs(people)
    happy = {name: reader.served(faces)[:, EXPRESSIONS.index("happy")] for name, reader in readers.items()}
    smiling = np.array([face.has("smiling") for face in people])
    rows = [_smile_row("all", happy, smiling, np.ones(len(people), np.bool_))]
    for group, (attribute, value) in GROUPS.items():
        rows.append(_smile_row(group, happy, smiling, np.array([face.row[attribute] == value for face in people])))
    return rows


def _smile_row(
    group: str, happy: Mapping[str, Floats], smiling: NDArray[np.bool_], chosen: NDArray[np.bool_]
) -> dict[str, Cell]:
    areas = {name: auc(scores[chosen], smiling[chosen]) for name, scores in happy.items()}
    return {"": group, "n": int(chosen.sum()), "smiling": int(smiling[chosen].sum()), **areas}


def inputs(people: Sequence[HeldOutFace]) -> Faces:
    """Return the views that the service shows the network of photos' faces."""
    return np.stack([expression_views(face.aligned.crop) for face in people])


def faces_sheet(test: Expressions, shares: Floats) -> list[list[Labelled]]:
    """Return rows of test faces, two for each label, with what is read from them."""
    rows: list[list[Labelled]] = []
    order = np.random.default_rng(0).permutation(len(test.labels))
    each = PER_ROW * TEST_ROWS // len(EXPRESSIONS)
    for place, label in enumerate(EXPRESSIONS):
        chosen = [i for i in order if test.labels[i] == place][:each]
        shown = [(f"{label}: {_told(shares[i])}", np.repeat(test.pixels[i][..., None], 3, axis=2)) for i in chosen]
        rows += [shown[i : i + PER_ROW] for i in range(0, len(shown), PER_ROW)]
    return rows


def photo_sheet(reader: ExpressionReader, people: Sequence[HeldOutFace], run: WeightsRunner) -> list[list[Labelled]]:
    """Return rows of faces as the service aligns them: the examples' people, then CelebA's, with what is read."""
    finder = FaceFinder(NetworkDetector(), MeshLandmarks())
    crops: list[tuple[str, NDArray[np.uint8]]] = []
    for file in sorted(PEOPLE.glob("*.jpg")):
        photo = np.asarray(cv2.imread(str(file), cv2.IMREAD_COLOR_RGB), np.uint8)
        [face] = finder.find(photo, "largest", run)
        crops.append((file.stem, align(photo, face).crop))
    held_out = people[: PER_ROW * (PHOTO_ROWS - 1)]
    crops += [("smiles" if one.has("smiling") else "no smile", one.aligned.crop) for one in held_out]
    shares = reader.served(np.stack([expression_views(crop) for _, crop in crops]))
    shown = [(f"{name}: {_told(share)}", crop) for (name, crop), share in zip(crops, shares, strict=True)]
    return [shown[i : i + PER_ROW] for i in range(0, len(shown), PER_ROW)]


def _told(shares: Floats) -> str:
    best = int(shares.argmax())
    return f"{EXPRESSIONS[best]} {shares[best]:.2f}"
