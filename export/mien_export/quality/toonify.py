"""The report on /toonify: every style on held-out faces, beside OpenCV's stylization and the cel teacher.

python -m mien_export evaluate toonify
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from mien_export.data.packs import split_rows
from mien_export.quality.edges import edges_kept, flat_variance_ratio
from mien_export.quality.held_out import HeldOutFace, found_faces
from mien_export.quality.identity import Descriptors, IdentityMeter, distances, identity_chip
from mien_export.quality.overlap import found_again_share
from mien_export.quality.recognition import GALLERY, nearest_is_right
from mien_export.quality.regions import whole_face
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.sheet import Labelled, write_sheet
from mien_export.quality.statistics import share_interval
from mien_export.quality.tooners import STYLIZATION, TEACHER, UNCHANGED, Tooner, tooners
from mien_export.quality.turners import square
from mien_export.runner import WeightsRunner
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Box, RgbImage
from mien_service.faces.find import FaceFinder, NoFaceFound
from mien_service.faces.landmarks import MeshLandmarks
from mien_service.tasks.toon_styles import Style
from mien_service.tasks.toonify import ToonifyParams, toonify

FACES = {"stylegan": 80, "celeba": 80}
"""Packs, and how many of their validation faces at most."""

SHOWN, STICKERS = 24, 12

GROUNDS = (40, 235)
"""Grey levels of the dark and the light ground that stickers are shown on."""

FAITHFUL, RECOGNISED = 0.5, {"cartoon": 0.8, "baby": 0.8, "emoji": 0.6}
"""The design's bars: descriptor distance of cel and drawn styles; share recognised of those that reshape a face."""


class Readings:
    """What one method's pictures read, face by face."""

    def __init__(self) -> None:
        self.chips: list[RgbImage] = []
        self.sources: list[RgbImage] = []
        self.kept: list[float] = []
        self.flat: list[float] = []
        self.found: list[list[Box]] = []
        self.boxes: list[Box] = []

    def add(self, face: HeldOutFace, drawn: RgbImage, found: list[Box]) -> None:
        """Add a face and the photo with it drawn."""
        landmarks = face.aligned.face.landmarks
        before, after = face.aligned.crop, square(drawn, face.aligned)
        region = whole_face(face.aligned.landmarks, before.shape)
        self.sources.append(identity_chip(face.photo, landmarks))
        self.chips.append(identity_chip(drawn, landmarks))
        self.kept.append(edges_kept(before, after, region))
        self.flat.append(flat_variance_ratio(before, after, region))
        self.found.append(found)
        self.boxes.append(face.aligned.face.box)

    def row(self, name: str, meter: IdentityMeter) -> dict[str, Cell]:
        """Return the method's row of the table."""
        made, photos = meter.descriptors(self.chips), meter.descriptors(self.sources)
        right = _recognised(made, photos)
        low, high = (math.nan, math.nan) if right is None else share_interval(int(right.sum()), len(right))
        return {
            "method": name,
            "n": len(self.chips),
            "descriptor distance": float(distances(made, photos).mean()),
            f"nearest of {GALLERY}": math.nan if right is None else float(right.mean()),
            "95 %": "-" if right is None else f"{low:.2f} to {high:.2f}",
            "edges kept": float(np.mean(self.kept)),
            "found again": found_again_share(self.found, self.boxes),
            "flat variance": float(np.nanmedian(self.flat)),
        }


def _recognised(made: Descriptors, photos: Descriptors) -> np.ndarray | None:
    return nearest_is_right(made, photos, GALLERY) if len(photos) >= GALLERY else None


def report_toonify(weights: Path, folder: Path) -> None:
    """Write toonify.md, .json and .png, and toonify_stickers.png, into `folder`."""
    run = WeightsRunner(weights)
    faces = list(held_out(run))
    methods = tooners(run)
    rows = measure(faces, methods, run)
    report = Report(
        title="Faces as toons",
        split=" and ".join(f"validation people of {pack}" for pack in FACES),
        n=len(faces),
        rows=list(rows.values()),
        baselines=[UNCHANGED, STYLIZATION, TEACHER],
        command=this_command(),
        about={"teacher": "draws the portraits of stylegan alone", "flat variance": "median, drawing over photo"},
        more={"Bars": bars(rows)},
    )
    write_report(report, sheet(faces[:: max(len(faces) // SHOWN, 1)][:SHOWN], methods), folder, "toonify")
    write_sheet(stickers(faces[:: max(len(faces) // STICKERS, 1)][:STICKERS], run), folder / "toonify_stickers.png")


def held_out(run: WeightsRunner) -> Iterator[HeldOutFace]:
    """Yield the faces of all packs, in random but fixed order within each, nobody twice."""
    for pack, most in FACES.items():
        # The first picture of everybody: of two pictures of one person neither is the right one.
        people = {row.get("identity", row["file"]): row for row in reversed(split_rows(pack, "validation"))}
        rows = list(people.values())
        order = np.random.default_rng(0).permutation(len(rows))[:most]
        yield from found_faces(pack, [rows[i] for i in order], run)


def measure(
    faces: Sequence[HeldOutFace], methods: Mapping[str, Tooner], run: WeightsRunner
) -> dict[str, dict[str, Cell]]:
    """Return a row for each method, by its name."""
    finder, meter = FaceFinder(NetworkDetector(), MeshLandmarks()), IdentityMeter()
    rows: dict[str, dict[str, Cell]] = {}
    for name, draw in methods.items():
        readings = Readings()
        for face in faces:
            drawn = draw(face)
            if drawn is not None:
                readings.add(face, drawn, _boxes(finder, drawn, run))
        rows[name] = readings.row(name, meter)
    return rows


def _boxes(finder: FaceFinder, photo: RgbImage, run: WeightsRunner) -> list[Box]:
    try:
        return [face.box for face in finder.find(photo, "all", run)]
    except NoFaceFound:
        return []


def bars(rows: Mapping[str, Mapping[str, Cell]]) -> list[dict[str, Cell]]:
    """Return the design's bars (models.md, section 5) with each style's readings."""
    found: list[dict[str, Cell]] = []
    for style in Style:
        row = rows[style.value]
        if style.value in RECOGNISED:
            found.append(_bar(style, f"nearest of {GALLERY}", row, least=RECOGNISED[style.value]))
        else:
            found.append(_bar(style, "descriptor distance", row, most=FAITHFUL))
        found.append(_bar(style, "edges kept", row, least=0.6))
        found.append(_bar(style, "found again", row, least=0.97))
        found.append(_bar(style, "flat variance", row, most=0.5))
    return found


def _bar(
    style: Style, meter: str, row: Mapping[str, Cell], least: float = -math.inf, most: float = math.inf
) -> dict[str, Cell]:
    reading = float(row[meter])
    bar = f"at least {least:g}" if math.isinf(most) else f"at most {most:g}"
    result = "not measured" if math.isnan(reading) else "met" if least <= reading <= most else "missed"
    return {"style": style.value, "meter": meter, "bar": bar, "reading": reading, "result": result}


def sheet(faces: Sequence[HeldOutFace], methods: Mapping[str, Tooner]) -> list[list[Labelled]]:
    """Return a row for each face: its photo, and its square as each method draws it."""
    rows: list[list[Labelled]] = []
    for face in faces:
        drawn = {name: draw(face) for name, draw in methods.items()}
        blank = np.full_like(face.aligned.crop, 255)
        rows.append([(n, blank if one is None else square(one, face.aligned)) for n, one in drawn.items()])
    return rows


def stickers(faces: Sequence[HeldOutFace], run: WeightsRunner) -> list[list[Labelled]]:
    """Return rows of stickers, the styles in turn, each on a dark and on a light ground."""
    tiles: list[Labelled] = []
    for i, face in enumerate(faces):
        style = list(Style)[i % len(Style)]
        params = ToonifyParams.model_validate({"style": style.value, "sticker": True})
        [made] = toonify(face.aligned, params, run)  # pyright: ignore[reportArgumentType]
        tiles += [(style.value, _on_ground(made.pixels, ground)) for ground in GROUNDS]  # pyright: ignore[reportAttributeAccessIssue]
    return [tiles[i : i + 6] for i in range(0, len(tiles), 6)]


def _on_ground(pixels: np.ndarray, ground: int) -> RgbImage:
    """Return a sticker (h, w, 4) in the middle of a grey square."""
    height, width = pixels.shape[:2]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    shown = np.full((side, side, 3), ground, np.float32)
    part = shown[top : top + height, left : left + width]
    part += (pixels[..., :3] - part) * (pixels[..., 3:] / np.float32(255))
    return np.asarray(cv2.resize(np.rint(shown).astype(np.uint8), (256, 256), interpolation=cv2.INTER_AREA), np.uint8)
