"""How well paint is laid into a photo, and how fast: ours beside a plain alpha paste and Poisson cloning.

    python -m bench.composite

The lower half of a generated person's face is painted over with what a network could at best have known: the face
itself at 128 px, in the wrong colour. The photo, with grain or without, is therefore the truth. Prints a table, writes
out/bench/composite.json and out/bench/composite.png: photo, plain paste, cloned, ours, then the same at native pixels.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.align import CROP_SIZE, Affine, at_resolution, cut, scale_of
from mien_service.faces.composite import apply_edit
from mien_service.faces.edit import Edit, Field
from mien_service.faces.face import RgbImage

OUT = Path("out/bench")
PEOPLE = Path("examples/people")
NAMES = ("ben", "carla")
MANY_UNTIL = 1000
"""Faces wider than this are measured on the first person only: cloning them takes seconds."""

WIDTHS = (60, 120, 300, 800, 2000)
EDGE_WIDTHS = (120, 800)
"""Widths of faces that are also placed at the photo's edge, which cuts through the paint."""

SQUARE_PER_FACE = 1.9
"""Side of an aligned square over the width of its face between the ends of the jaw."""

PAINT_SIDE = 128
WRONG_COLOUR, WRONG_SLOPE = (20.0, -12.0, -16.0), 14.0
"""Grey levels: the same all over the paint, and rising from left to right."""

GRAIN, GRAIN_SIGMA = 7.0, 0.6
"""Deviation in grey levels of the photo's grain, and the blur that makes it as soft as a demosaiced photo's."""

RUNS = 2
CELL = 200
BAND = 0.02
"""Width, as a share of the square's side, of the bands inside and outside whose colours are compared."""

STEP_SIDE = 512
"""Pictures are reduced to this side for comparing colours along the boundary."""

RING = 0.1


@dataclass(frozen=True)
class Scene:
    """A photo whose face is painted over: its name, size of face, whether it has grain, lies at the photo's edge."""

    name: str
    width: int
    grain: bool
    edge: bool
    photo: RgbImage
    transform: Affine
    paint: Field

    @property
    def matte(self) -> Field:
        """The matte in the photo, enlarged linearly."""
        height, width = self.photo.shape[:2]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        to_square = at_resolution(self.transform, PAINT_SIDE)
        return np.asarray(cv2.warpAffine(self.paint[..., 3], to_square, (width, height), flags=flags), np.float32)


def scene(name: str, width: int, *, grain: bool, edge: bool) -> Scene:
    """Return a person's photo in which the face is about `width` pixels wide, and the paint for it."""
    picture = cv2.imread(str(PEOPLE / f"{name}.jpg"))
    if picture is None:
        raise FileNotFoundError(PEOPLE / f"{name}.jpg")
    person = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    side = round(width * SQUARE_PER_FACE)
    enlarging = cv2.INTER_AREA if side < person.shape[0] else cv2.INTER_CUBIC
    photo = np.asarray(cv2.resize(person, (side, side), interpolation=enlarging), np.uint8)
    # The generated people were aligned as FFHQ's are: the whole portrait is the face's square.
    zoom = CROP_SIZE / side
    transform = np.array([[zoom, 0, (zoom - 1) / 2], [0, zoom, (zoom - 1) / 2]])
    paint = _paint(photo, transform)
    if edge:
        left = round(0.42 * side)
        photo = np.ascontiguousarray(photo[:, left:])
        transform[0, 2] += zoom * left
    if grain:
        photo = _with_grain(photo)
    return Scene(name, width, grain, edge, photo, transform, paint)


def _paint(photo: RgbImage, transform: Affine) -> Field:
    """Return the face itself at PAINT_SIDE pixels in the wrong colour, its matte a hard-edged lower face."""
    n = PAINT_SIDE
    paint = np.zeros((n, n, 4), np.float32)
    paint[..., :3] = cut(photo, at_resolution(transform, n), n).astype(np.float32) + WRONG_COLOUR
    paint[..., :3] += WRONG_SLOPE * np.linspace(-1, 1, n, dtype=np.float32)[None, :, None]
    matte = np.zeros((n * 4, n * 4), np.uint8)
    cv2.ellipse(matte, (n * 2, round(n * 2.7)), (n, round(n * 0.8)), 0, 0, 360, 255, -1)
    paint[..., 3] = cv2.resize(matte, (n, n), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    paint[paint[..., 3] == 0] = 0
    return np.clip(paint, 0, 255)


def _with_grain(photo: RgbImage) -> RgbImage:
    noise = np.random.default_rng(7).standard_normal(photo.shape, np.float32)
    noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), GRAIN_SIGMA))
    return np.asarray(np.clip(np.rint(photo + noise * (GRAIN / noise.std())), 0, 255), np.uint8)


def pasted(scene: Scene) -> RgbImage:
    """Return the paint enlarged and blended by its matte: nothing else."""
    matte = scene.matte[..., None]
    blended = scene.photo + (_enlarged(scene) - scene.photo) * matte
    return np.asarray(np.clip(np.rint(blended), 0, 255), np.uint8)


def cloned(scene: Scene) -> RgbImage:
    """Return OpenCV's Poisson cloning of the enlarged paint (it asks for a ring of photo all around)."""
    mask = (scene.matte > 0.5).astype(np.uint8) * 255
    mask[:2], mask[-2:], mask[:, :2], mask[:, -2:] = 0, 0, 0, 0
    left, top, width, height = cv2.boundingRect(mask)
    source = np.asarray(np.clip(np.rint(_enlarged(scene)), 0, 255), np.uint8)
    centre = (left + width // 2, top + height // 2)
    return np.asarray(cv2.seamlessClone(source, scene.photo, mask, centre, cv2.NORMAL_CLONE), np.uint8)


def ours(scene: Scene) -> RgbImage:
    """Return what the service makes of it."""
    nothing = np.zeros((PAINT_SIDE, PAINT_SIDE), np.float32)
    edit = Edit(np.zeros((PAINT_SIDE, PAINT_SIDE, 3), np.float32), nothing, None, scene.paint)
    return apply_edit(scene.photo, scene.transform, edit)


def _enlarged(scene: Scene) -> Field:
    """Return the paint's colour over the photo; where its matte is 0, the nearest colour it has."""
    colour = scene.paint[..., :3].copy()
    seen = (scene.paint[..., 3] > 0).astype(np.uint8)
    for _ in range(6):
        grown = np.asarray(cv2.dilate(colour, np.ones((3, 3))), np.float32)
        colour[seen == 0] = grown[seen == 0]
        seen = cv2.dilate(seen, np.ones((3, 3), np.uint8))
    height, width = scene.photo.shape[:2]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    to_square = at_resolution(scene.transform, PAINT_SIDE)
    return np.asarray(
        cv2.warpAffine(colour, to_square, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


METHODS: dict[str, Callable[[Scene], RgbImage]] = {"paste": pasted, "clone": cloned, "ours": ours}


@dataclass(frozen=True)
class Score:
    """What one way of compositing made of one scene.

    step: mean difference, in grey levels, of the colour step across the matte's boundary to the photo's own there;
    grain: Laplacian variance within over that of a 10 % ring; untouched: PSNR in dB outside the matte, None if exact;
    milliseconds: median of RUNS.
    """

    method: str
    step: float
    grain: float
    untouched: float | None
    milliseconds: float


def scores(scene: Scene) -> tuple[list[Score], dict[str, RgbImage]]:
    """Return each method's score, and the pictures."""
    pictures = {name: method(scene) for name, method in METHODS.items()}
    made = [
        Score(name, step(scene, picture), grain(scene, picture), untouched(scene, picture), _time(METHODS[name], scene))
        for name, picture in pictures.items()
    ]
    return made, pictures


def _time(method: Callable[[Scene], RgbImage], scene: Scene) -> float:
    times: list[float] = []
    for _ in range(RUNS):
        started = time.perf_counter()
        method(scene)
        times.append((time.perf_counter() - started) * 1000)
    return float(np.median(times))


def step(scene: Scene, picture: RgbImage) -> float:
    """Return the mean error, in grey levels, of the colour step across the boundary where the matte is one half."""
    error = picture.astype(np.float32) - scene.photo
    matte = scene.matte
    zoom = min(STEP_SIDE / max(matte.shape), 1.0)
    error, matte = (cv2.resize(one, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) for one in (error, matte))
    band = max(BAND * zoom * CROP_SIZE / scale_of(scene.transform), 2.0)
    within, beyond = _depth(matte > 0.5), _depth(matte <= 0.5)
    inner = (within > 0) & (within <= 2 * band)
    outer = (beyond > 0) & (beyond <= 2 * band)
    local = [_local_mean(np.asarray(error, np.float32), mask, band) for mask in (inner, outer)]
    boundary = (within > 0) & (within <= 1.5)
    return float(np.abs(local[0] - local[1])[boundary].mean())


def _local_mean(picture: Field, mask: NDArray[np.bool_], sigma: float) -> Field:
    weight = mask.astype(np.float32)
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    means = cv2.GaussianBlur(picture * weight[..., None], (0, 0), sigma) / np.maximum(total, 1e-6)[..., None]
    return np.asarray(means, np.float32)


def grain(scene: Scene, picture: RgbImage) -> float:
    """Return the Laplacian variance within the paint over that of the ring around it."""
    side = CROP_SIZE / scale_of(scene.transform)
    matte = scene.matte
    within = _depth(matte > 0.99) > max(0.01 * side, 1)
    beyond = _depth(matte <= 0)
    ring = (beyond > 2) & (beyond < max(RING * side / 2, 4))
    laplacian = cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), cv2.CV_32F)
    return float(laplacian[within].var() / laplacian[ring].var())


def untouched(scene: Scene, picture: RgbImage) -> float | None:
    """Return the PSNR of the pixels whose matte is 0, in dB, None if they are exactly the photo's."""
    # Cubic enlarging of the matte reaches two of its pixels further.
    reach = int(np.ceil(3 * CROP_SIZE / PAINT_SIDE / scale_of(scene.transform)))
    outside = _depth(scene.matte <= 0) > reach
    error = (picture[outside].astype(np.float32) - scene.photo[outside]) ** 2
    return None if not error.any() else float(10 * np.log10(255**2 / error.mean()))


def _depth(mask: NDArray[np.bool_]) -> Field:
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def strip(scene: Scene, pictures: dict[str, RgbImage]) -> RgbImage:
    """Return one row of the sheet: the painted part of each picture, then pixels at its boundary as they are."""
    matte = scene.matte
    left, top, width, height = cv2.boundingRect((matte > 0).astype(np.uint8))
    grow = round(0.25 * max(width, height))
    rows = slice(max(top - grow, 0), top + height + grow)
    columns = slice(max(left - grow, 0), left + width + grow)
    y, x = np.argwhere((matte > 0.3) & (matte < 0.7))[-1] if not scene.edge else (top + height // 2, left + width)
    native = CELL // 2 if scene.width > 100 else CELL // 4
    y0 = int(np.clip(y - native // 2, 0, scene.photo.shape[0] - native))
    x0 = int(np.clip(x - native // 2, 0, scene.photo.shape[1] - native))
    shown = [scene.photo, *pictures.values()]
    whole = [_cell(one[rows, columns], cv2.INTER_AREA) for one in shown]
    close = [_cell(one[y0 : y0 + native, x0 : x0 + native], cv2.INTER_NEAREST) for one in shown]
    return np.hstack([*whole, *close])


def _cell(picture: RgbImage, interpolation: int) -> RgbImage:
    height, width = picture.shape[:2]
    zoom = CELL / max(height, width)
    size = max(round(width * zoom), 1), max(round(height * zoom), 1)
    cell = np.full((CELL, CELL, 3), 255, np.uint8)
    cell[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=interpolation)
    return cell


def main() -> None:
    """Measure all scenes, print the table, write the figures and the sheet."""
    cv2.setNumThreads(1)
    places = [(width, False) for width in WIDTHS] + [(width, True) for width in EDGE_WIDTHS]
    rows: list[dict[str, object]] = []
    strips: list[RgbImage] = []
    print(
        "| face | grain | at edge | n | grain of the photo itself | "
        + " | ".join(HEAD)
        + " |\n|"
        + " --- |" * (len(HEAD) + 5)
    )
    for width, edge in places:
        for grainy in (True, False):
            of_people: list[list[Score]] = []
            own: list[float] = []
            for name in NAMES if width <= MANY_UNTIL else NAMES[:1]:
                made = scene(name, width, grain=grainy, edge=edge)
                of_scene, pictures = scores(made)
                of_people.append(of_scene)
                own.append(grain(made, made.photo))
                rows += [
                    {"person": name, "face": width, "grain": grainy, "edge": edge, **vars(one)} for one in of_scene
                ]
                if name == NAMES[0]:
                    strips.append(strip(made, pictures))
            cells = [str(width), str(grainy), str(edge), str(len(of_people)), f"{np.mean(own):.2f}"]
            print("| " + " | ".join(cells + _cells(of_people)) + " |")
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "composite.json").write_text(json.dumps(rows, indent=2))
    cv2.imwrite(str(OUT / "composite.png"), cv2.cvtColor(np.vstack(strips), cv2.COLOR_RGB2BGR))


HEAD = [f"{what} {method}" for what in ("step", "grain", "untouched dB") for method in METHODS] + [
    "time ours / paste",
    "time clone / paste",
]


def _cells(of_people: list[list[Score]]) -> list[str]:
    by_method = list(zip(*of_people, strict=True))
    steps = [f"{np.mean([one.step for one in of_method]):.1f}" for of_method in by_method]
    grains = [f"{np.mean([one.grain for one in of_method]):.2f}" for of_method in by_method]
    psnr = [[one.untouched for one in of_method if one.untouched is not None] for of_method in by_method]
    paste, clone, mine = (np.array([one.milliseconds for one in of_method]) for of_method in by_method)
    ratios = [f"{np.median(mine / paste):.2f}", f"{np.median(clone / paste):.2f}"]
    return [*steps, *grains, *(f"{min(one):.1f}" if one else "exact" for one in psnr), *ratios]


if __name__ == "__main__":
    main()
