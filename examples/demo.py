"""Run every task on a photo through the SDK; pictures and one contact sheet go to out/.

make demo                 the sample photo
make demo PHOTO=me.jpg    your own
"""

import sys
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from bench.server import running_service

from mien import EditResult, Mien, NoMaskFound

OUT = Path("out")
MASKED = Path("examples/masked/anna.jpg")
TURNED = Path("examples/turned/hanna.jpg")
TILE = 320
TRANSPARENT = 160
"""Grey level of a tile where a sticker is transparent."""

EDITS: list[tuple[str, dict[str, float]]] = [
    ("smiling", {"smiling": 1.0}),
    ("serious", {"smiling": -1.0}),
    ("mustache", {"mustache": 1.0}),
    ("younger", {"young": 1.0}),
    ("older", {"young": -1.0}),
    ("more masculine", {"male": 1.0}),
    ("more feminine", {"male": -1.0}),
    ("older and smiling", {"young": -0.7, "smiling": 1.0}),
]

STYLES: tuple[Literal["cartoon", "cel", "sketch", "baby", "emoji"], ...] = (
    "cartoon", "cel", "sketch", "baby", "emoji",
)  # fmt: skip

SUBSTANCES: tuple[Literal["smoking", "alcohol", "drugs"], ...] = ("smoking", "alcohol", "drugs")


def opened(body: bytes) -> np.ndarray:
    """Return a picture (h, w, 3) BGR; what is transparent is grey."""
    data = np.frombuffer(body, np.uint8)
    picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))
    if picture.shape[2:] != (4,):
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    opacity = picture[..., 3:] / 255
    return (picture[..., :3] * opacity + TRANSPARENT * (1 - opacity)).astype(np.uint8)


def tile(body: bytes, title: str) -> np.ndarray:
    """Return a picture as a square tile with its title under it."""
    picture = opened(body)
    scale = TILE / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    canvas = np.full((TILE + 28, TILE, 3), 255, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    cv2.putText(canvas, title, (6, TILE + 20), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
    return canvas


def edit_attributes(mien: Mien, photo: Path) -> list[tuple[str, EditResult]]:
    """Return all edits of the photo with their titles."""
    return [(title, mien.edit_attribute(photo, edits=edits)) for title, edits in EDITS]


def addiction_previews(mien: Mien, photo: Path) -> list[tuple[str, EditResult]]:
    """Return what each substance is associated with, shown on the photo, with their titles."""
    return [
        (f"illustrated {substance}", mien.addiction_preview(photo, substance=substance)) for substance in SUBSTANCES
    ]


def toons(mien: Mien, photo: Path) -> list[tuple[str, EditResult]]:
    """Return the photo's head in every style, and as a sticker that says what it shows, with their titles."""
    drawn = [(style, mien.toonify(photo, style=style)) for style in STYLES]
    sticker = mien.toonify(photo, sticker=True)
    shows = "" if sticker.expression is None else f" {sticker.expression.label}"
    return [*drawn, (f"sticker{shows}", sticker)]


def unmask(mien: Mien, photo: Path) -> list[tuple[str, EditResult]]:
    """Return two faces that may be under the photo's mask with their titles."""
    return [(f"unmasked {i + 1}", result) for i, result in enumerate(mien.unmask(photo, variants=2))]


def frontalize(mien: Mien, photo: Path) -> list[tuple[str, EditResult]]:
    """Return the photo's head looking to the front and aside with their titles."""
    poses = {"to the front": 0.0, "looking aside": -15.0}
    return [(title, mien.frontalize(photo, yaw=yaw)) for title, yaw in poses.items()]


def emotion(mien: Mien, photo: Path) -> list[tuple[str, EditResult]]:
    """Return the photo with each face's expression written at it, with its title."""
    result = mien.emotion(photo, face="all", captions=True)
    return [(f"reads {result.expression.label}", result.picture)] if result.picture else []


def save(results: list[tuple[str, EditResult]]) -> list[np.ndarray]:
    """Write the results to OUT and return their tiles."""
    for title, result in results:
        result.save(OUT / f"{title.replace(' ', '-')}.{result.media_type.removeprefix('image/')}")
    return [tile(result.bytes, title) for title, result in results]


def sheet(tiles: list[np.ndarray]) -> np.ndarray:
    """Return the tiles three in a row; the last row ends white."""
    full = [*tiles, *[np.full_like(tiles[0], 255)] * (-len(tiles) % 3)]
    return np.vstack([np.hstack(full[i : i + 3]) for i in range(0, len(full), 3)])


def main() -> None:
    """Run the tasks and write the pictures; if nobody in the photo wears a mask, another is unmasked."""
    photo = Path(sys.argv[1])
    OUT.mkdir(exist_ok=True)
    with running_service() as address, Mien(address) as mien:
        tiles = [tile(photo.read_bytes(), "photo"), *save(edit_attributes(mien, photo))]
        tiles += save(toons(mien, photo))
        tiles += save(addiction_previews(mien, photo))
        tiles += save(emotion(mien, photo))
        try:
            masked, unmasked = photo, unmask(mien, photo)
        except NoMaskFound:
            masked, unmasked = MASKED, unmask(mien, MASKED)
        tiles += [tile(masked.read_bytes(), "masked"), *save(unmasked)]
        tiles += [tile(TURNED.read_bytes(), "turned"), *save(frontalize(mien, TURNED))]
    cv2.imwrite(str(OUT / "contact-sheet.png"), sheet(tiles))
    print(f"{len(tiles)} pictures are in {OUT}/contact-sheet.png, the edited ones beside it")


if __name__ == "__main__":
    main()
