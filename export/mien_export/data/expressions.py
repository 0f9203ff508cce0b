"""FER2013: small grey faces, the expression each was filed under, and how FER+'s ten people voted."""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_export.data.packs import Row, data_folder, read_rows
from mien_service.faces.expression import EXPRESSIONS

PACK = "fer2013"

SIDE = 48
"""Side of the pack's pictures in pixels."""

VOTED = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "not_face")
"""The columns of FER+'s votes."""

HASH_SIDE = 8


@dataclass(frozen=True, eq=False)
class Expressions:
    """Faces with their labels.

    pixels: (n, 48, 48) uint8, grey; labels: (n,) places in EXPRESSIONS; is_certain: (n,) whether the label surely
    belongs to the picture; votes: (n, 10) how many people chose each of VOTED; splits: train, valid or test of each.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    is_certain: NDArray[np.bool_]
    votes: NDArray[np.float32]
    splits: tuple[str, ...]

    def at(self, index: list[int]) -> "Expressions":
        """Return some of the faces."""
        splits = tuple(self.splits[i] for i in index)
        return Expressions(self.pixels[index], self.labels[index], self.is_certain[index], self.votes[index], splits)

    def split(self, name: str) -> "Expressions":
        """Return the faces of one split: train, valid or test."""
        return self.at([i for i, split in enumerate(self.splits) if split == name])


def load_expressions() -> Expressions:
    """Return the whole pack, in file order. Raises FileNotFoundError if it is not there."""
    rows = read_rows(PACK)
    labels = np.array([EXPRESSIONS.index(row["label"]) for row in rows])
    is_certain = np.array([row["agrees"] == "1" for row in rows])
    votes = np.array([[float(row[name]) for name in VOTED] for row in rows], np.float32)
    return Expressions(_pixels(rows), labels, is_certain, votes, tuple(row["split"] for row in rows))


def _pixels(rows: Iterable[Row]) -> NDArray[np.uint8]:
    with zipfile.ZipFile(data_folder() / f"{PACK}.zip") as archive:
        files = [np.frombuffer(archive.read(row["file"]), np.uint8) for row in rows]
    pictures = [cv2.imdecode(file, cv2.IMREAD_GRAYSCALE) for file in files]
    return np.stack([np.asarray(picture, np.uint8) for picture in pictures])


def training_faces(everything: Expressions) -> Expressions:
    """Return the training split without the pictures that are in another split, too.

    FER2013 has hundreds of them: see repeated_share.
    """
    prints = fingerprints(everything.pixels)
    held_out = {one for one, split in zip(prints, everything.splits, strict=True) if split != "train"}
    index = [i for i, split in enumerate(everything.splits) if split == "train" and prints[i] not in held_out]
    return everything.at(index)


def repeated_share(everything: Expressions) -> float:
    """Return the share of test pictures that are in the training split, too."""
    prints = fingerprints(everything.pixels)
    trained = {one for one, split in zip(prints, everything.splits, strict=True) if split == "train"}
    tested = [one for one, split in zip(prints, everything.splits, strict=True) if split == "test"]
    return sum(one in trained for one in tested) / len(tested)


def fingerprints(pixels: NDArray[np.uint8]) -> list[bytes]:
    """Return of each picture (n, h, w) which of 8x9 places are brighter than the place left of them.

    The same for copies of a picture that differ in light or compression ("dHash").
    """
    size = (HASH_SIDE + 1, HASH_SIDE)
    small = np.stack([cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pixels])
    brighter = small[:, :, 1:] > small[:, :, :-1]
    return [row.tobytes() for row in np.packbits(brighter.reshape(len(pixels), -1), axis=1)]


def soft_labels(faces: Expressions, opinion: float) -> NDArray[np.float32]:
    """Return (n, 7) what to train towards: the label, of which a share `opinion` is what the votes make likely.

    FER+'s people and FER2013's do not mean the same by a word: what one calls fear is surprise to the others. So votes
    are translated: by how often, over all `faces`, a label goes with a vote. A face whose label is not certain has the
    votes' opinion only.
    """
    own = np.eye(len(EXPRESSIONS), dtype=np.float32)[faces.labels]
    share = faces.votes / np.maximum(faces.votes.sum(axis=1, keepdims=True), 1)
    certain = faces.is_certain[:, None]
    meaning = share.T @ (own * certain)
    meaning = (meaning + 1e-3) / (meaning + 1e-3).sum(axis=1, keepdims=True)
    translated = (share + 1e-3) @ meaning
    translated /= translated.sum(axis=1, keepdims=True)
    weight = np.where(certain, np.float32(opinion), np.float32(1))
    return (own * (1 - weight) + translated * weight).astype(np.float32)
