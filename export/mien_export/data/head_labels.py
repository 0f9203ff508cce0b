"""Pictures of the packs with what their pixels show, as a face parser sees it (teachers/face_parsing.py); cached.

Pictures are kept whole, with the way to the aligned square beside them: squares are cut out of them anew for every
batch. Portraits in FFHQ's framing are hardly larger than the aligned square, so no cached square would be whole.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.data.caching import write_arrays
from mien_export.data.crops import WEIGHTS, cache_folder, networks_key
from mien_export.data.packs import Row, is_training, is_validation, read_rows
from mien_export.data.parallel import in_parts
from mien_export.quality.held_out import HeldOutFace, found_faces
from mien_export.runner import WeightsRunner
from mien_export.teachers.face_parsing import CLASSES, FaceParser, load_face_parser
from mien_service.faces.align import Affine
from mien_service.faces.face import RgbImage

HAIR = ("hair",)
SKIN = ("skin", "left ear", "right ear", "nose", "neck", "necklace")
FACE = (
    "skin", "left brow", "right brow", "left eye", "right eye", "glasses", "left ear", "right ear", "earring", "nose",
    "mouth", "upper lip", "lower lip",
)  # fmt: skip
HEAD = (*FACE, "hair", "hat")
PERSON = CLASSES[1:]

PLANES = (HEAD, SKIN, HAIR, PERSON)
"""What a label's planes hold: the shares of these classes, summed."""

VERSION = 1
"""Raised whenever labels are made otherwise: cached ones of an older kind are made again."""


@dataclass(frozen=True)
class Source:
    """How pictures of a pack are kept and looked at, (height, width) each, and how many of each split at most."""

    kept: tuple[int, int]
    looked_at: tuple[int, int]
    training: int
    held_out: int


SOURCES = {
    "stylegan": Source((256, 256), (384, 384), 1_400, 100),
    "celeba": Source((218, 178), (384, 320), 800, 100),
    "utkface": Source((200, 200), (320, 320), 200, 60),
}
"""StyleGAN portraits show most of hair and neck; CelebA has turned heads and hats, UTKFace other ages and skins. A
face takes .15 s on one core."""


@dataclass(frozen=True, eq=False)
class HeadLabels:
    """Pictures of one size with their labels.

    pixels: (n, h, w, 3) uint8 RGB; labels: (n, h, w, 4) uint8, how surely each pixel is of PLANES, 255 is wholly;
    transforms: (n, 2, 3), from the picture's pixels to the aligned square of 256; rows: their label rows.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    transforms: NDArray[np.float64]
    rows: list[Row]

    def of_split(self, *, training: bool) -> "HeadLabels":
        """Return the pictures that are trained on, or those that are held out."""
        wanted = is_training if training else is_validation
        index = [i for i, row in enumerate(self.rows) if wanted(row)]
        rows = [self.rows[i] for i in index]
        return HeadLabels(self.pixels[index], self.labels[index], self.transforms[index], rows)


def load_head_labels(pack: str) -> HeadLabels:
    """Return the labelled pictures of one of SOURCES in which the service finds a face; made once and cached."""
    file = cache_folder() / f"heads-{pack}-{_key(pack)}.npz"
    rows = read_rows(pack)
    if not file.exists():
        pixels, labels, transforms, index = zip(*in_parts(partial(_labelled, pack), _chosen(pack, rows)), strict=True)
        made = {"pixels": np.stack(pixels), "labels": np.stack(labels), "transforms": np.stack(transforms)}
        write_arrays(file, **made, index=np.array(index))
    with np.load(file) as saved:
        return HeadLabels(saved["pixels"], saved["labels"], saved["transforms"], [rows[i] for i in saved["index"]])


def _key(pack: str) -> str:
    """Return a short name of what the labels are made with."""
    made_with = f"{networks_key(WEIGHTS)} {SOURCES[pack]} {PLANES} {VERSION}"
    return hashlib.sha256(made_with.encode()).hexdigest()[:8]


def _chosen(pack: str, rows: Sequence[Row]) -> list[int]:
    """Return the numbers of the pictures to label: of both splits, in random but fixed order."""
    order = np.random.default_rng(0).permutation(len(rows)).tolist()
    training = [i for i in order if is_training(rows[i])][: SOURCES[pack].training]
    return training + [i for i in order if is_validation(rows[i])][: SOURCES[pack].held_out]


Labelled = tuple[RgbImage, NDArray[np.uint8], Affine, int]


def _labelled(pack: str, index: Sequence[int]) -> list[Labelled]:
    """Return picture, label, transform and number of those of the pictures numbered `index` that show a face."""
    rows, parser = read_rows(pack), load_face_parser()
    numbers = {rows[i]["file"]: i for i in index}
    faces = found_faces(pack, [rows[i] for i in index], WeightsRunner(WEIGHTS))
    return [(*kept(face, SOURCES[pack], parser), numbers[face.row["file"]]) for face in faces]


def kept(face: HeldOutFace, source: Source, parser: FaceParser) -> tuple[RgbImage, NDArray[np.uint8], Affine]:
    """Return a face's picture and label at the size of its source, and the way from there to the aligned square."""
    height, width = source.kept
    pixels = np.asarray(cv2.resize(face.photo, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    ratio = np.array([face.photo.shape[1] / width, face.photo.shape[0] / height])
    # Pixel centre x of the kept picture lies at (x + 0.5) * ratio - 0.5 of the photo.
    back = np.array([[ratio[0], 0, ratio[0] / 2 - 0.5], [0, ratio[1], ratio[1] / 2 - 0.5], [0, 0, 1]])
    planes = head_planes(face.photo, source.looked_at, parser)
    labels = np.asarray(cv2.resize(planes, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return pixels, labels, face.aligned.transform @ back


def head_planes(photo: RgbImage, looked_at: tuple[int, int], parser: FaceParser) -> NDArray[np.uint8]:
    """Return (height, width, 4) uint8, how surely the pixels of a photo, at the size it is looked at, are of PLANES."""
    height, width = looked_at
    seen = cv2.resize(photo, (width, height), interpolation=cv2.INTER_LINEAR)
    with torch.no_grad():
        shares = parser(torch.from_numpy(seen).permute(2, 0, 1)[None].float() / 255)[0]
    planes = [shares[[CLASSES.index(name) for name in plane]].sum(dim=0) for plane in PLANES]
    return (torch.stack(planes, dim=2).clamp(0, 1) * 255).round().byte().numpy()
