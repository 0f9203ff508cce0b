"""How well heads are found: agreement with the face parser on held-out people, beside what needs no such network.

python -m mien_export evaluate head_segmenter
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.data.head_batches import HeadBatch, plain_batch, varied_batch
from mien_export.data.head_labels import SOURCES, HeadLabels, load_head_labels
from mien_export.quality.edges import TOLERANCE
from mien_export.quality.head_baselines import grabcut, grown_hull, mean_head, meshes_of
from mien_export.quality.overlap import boundary_f_score, intersection_over_union
from mien_export.quality.regions import Mask
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.sheet import Labelled
from mien_export.recipes.head_segmenter import heads_of, scenes
from mien_export.runner import WeightsRunner
from mien_service.engine.manifest import load_manifest
from mien_service.faces.face import RgbImage
from mien_service.faces.head_maps import MAPS, NETWORK, SIDE
from mien_service.faces.networks import RunNetwork
from mien_service.faces.sticker import sticker

OURS, HULL, GRABCUT, MEAN = NETWORK, "mesh hull, stretched", "GrabCut from the mesh", "mean head"

FITTED = 300
"""Training faces of each pack that the mean head is of."""

VISIBLE_SHARE = 0.01
"""A map counts where the parser sees at least this share of a square as such: bald heads have no hair."""

TIMED = 50
"""Runs that the time is the median of."""

SEED = 0
"""Of how squares are varied."""

VARIED = ", varied"
"""Ends the names of sets whose people are counted already."""

SHOWN, SHOWN_ON = 6, (200, 60, 150)
"""Squares of each set on the contact sheet, and the colour that heads are shown on."""

CPU = torch.device("cpu")


@dataclass(frozen=True, eq=False)
class Squares:
    """n squares of held-out people.

    images: (n, SIDE, SIDE, 3) uint8 RGB; truth: (n, 3, SIDE, SIDE), where head, skin and hair are; known: (n, SIDE,
    SIDE), where that holds.
    """

    images: NDArray[np.uint8]
    truth: NDArray[np.bool_]
    known: NDArray[np.bool_]


def report_heads(weights: Path, folder: Path) -> None:
    """Write head_segmenter.md, .json and .png into `folder`."""
    run = WeightsRunner(weights)
    rows: list[dict[str, Cell]] = []
    sheet: list[list[Labelled]] = []
    for name, squares, mean in sets():
        ours = [maps_in(image, run) for image in squares.images]
        meshes = meshes_of(list(squares.images), run)
        heads = {
            HULL: [grown_hull(mesh) for mesh in meshes],
            GRABCUT: [grabcut(image, mesh) for image, mesh in zip(squares.images, meshes, strict=True)],
            MEAN: [mean] * len(meshes),
        }
        found = [maps > 0.5 for maps in ours]
        rows.append(_row(OURS, name, squares, found))
        rows += [_row(method, name, squares, [head[None] for head in masks]) for method, masks in heads.items()]
        sheet += [_shown(squares, i, heads[GRABCUT][i], ours[i]) for i in range(min(SHOWN, len(ours)))]
    report = Report(
        title="Heads found",
        split="held-out people of each pack in the service's squares, and varied as in training: other backgrounds, "
        "neighbours, bad photos; the truth is what the face parser sees",
        n=sum(int(row["n"]) for row in rows if row[""] == OURS and not str(row["set"]).endswith(VARIED)),
        rows=rows,
        baselines=[HULL, GRABCUT, MEAN],
        command=this_command(),
        about={
            "outline": f"right within {TOLERANCE} of {SIDE} pixels",
            "file": f"{size_of(weights) / 1e6:.2f} MB",
            "time": f"{milliseconds(run):.1f} ms on one thread",
        },
    )
    write_report(report, sheet, folder, OURS)


def sets() -> Iterator[tuple[str, Squares, Mask]]:
    """Yield each set's name, its squares, and the mean head of the pack's training people."""
    backgrounds = scenes(CPU)
    for pack in SOURCES:
        labels = load_head_labels(pack)
        heads = heads_of(labels.of_split(training=False), CPU)
        mean = mean_head(plain_batch(heads_of(_few(labels.of_split(training=True)), CPU), SIDE))
        yield pack, squares_of(plain_batch(heads, SIDE)), mean
        with torch.random.fork_rng():
            torch.manual_seed(SEED)
            varied = varied_batch(heads, backgrounds, SIDE)
        yield f"{pack}{VARIED}", squares_of(varied), mean


def _few(labels: HeadLabels) -> HeadLabels:
    return HeadLabels(labels.pixels[:FITTED], labels.labels[:FITTED], labels.transforms[:FITTED], labels.rows[:FITTED])


def squares_of(batch: HeadBatch) -> Squares:
    """Return a batch as pictures and masks."""
    images = (batch.images * 255).round().byte().permute(0, 2, 3, 1).numpy()
    return Squares(images, (batch.maps > 0.5).numpy(), (batch.known[:, 0] > 0.5).numpy())


def maps_in(image: RgbImage, run: RunNetwork) -> NDArray[np.float32]:
    """Return (3, SIDE, SIDE) in 0..1: head, skin and hair in a square, as the network sees them."""
    batch = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    return run(NETWORK, image=batch)["maps"][0]


def _row(method: str, name: str, squares: Squares, found: list[NDArray[np.bool_]]) -> dict[str, Cell]:
    """Return a row of the table; `found` holds (1 or 3, SIDE, SIDE) for each square: heads alone, or all maps."""
    overlaps = [overlaps_of(masks, *pair) for masks, *pair in zip(found, squares.truth, squares.known, strict=True)]
    heads = [by_map[0] for by_map in overlaps]
    outlines = [
        boundary_f_score(masks[0], truth[0], known, TOLERANCE)
        for masks, truth, known in zip(found, squares.truth, squares.known, strict=True)
    ]
    means = {f"{part} IoU": _mean([by_map[i] for by_map in overlaps]) for i, part in enumerate(MAPS)}
    return {
        "": method,
        "set": name,
        "n": len(found),
        **means,
        "head IoU, worst tenth": float(np.nanquantile(heads, 0.1)),
        "head outline F": float(np.mean(outlines)),
    }


def overlaps_of(found: NDArray[np.bool_], truth: NDArray[np.bool_], known: Mask) -> list[float]:
    """Return the overlap of each map over what is known; NaN for what was not looked for and what is not there."""
    overlaps = [float("nan")] * len(truth)
    for i, mask in enumerate(found):
        if (truth[i] & known).mean() >= VISIBLE_SHARE:
            overlaps[i] = intersection_over_union(mask & known, truth[i] & known)
    return overlaps


def _mean(values: list[float]) -> float:
    there = [value for value in values if not np.isnan(value)]
    return float(np.mean(there)) if there else float("nan")


def size_of(weights: Path) -> int:
    """Return the bytes of the network's file."""
    return (weights / load_manifest(weights).entry(NETWORK).file).stat().st_size


def milliseconds(run: RunNetwork) -> float:
    """Return the median time of the network."""
    image = np.zeros((1, 3, SIDE, SIDE), np.float32)
    times: list[float] = []
    for _ in range(TIMED):
        started = time.perf_counter()
        run(NETWORK, image=image)
        times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times))


def _shown(squares: Squares, i: int, baseline: Mask, ours: NDArray[np.float32]) -> list[Labelled]:
    image = squares.images[i]
    true = np.where(squares.known[i], squares.truth[i], 0.5).transpose(1, 2, 0)
    return [
        ("square", image),
        (GRABCUT, np.where(baseline[..., None], image, np.uint8(40))),
        ("ours: head, skin, hair", np.rint(ours.transpose(1, 2, 0) * 255).astype(np.uint8)),
        ("parser", np.rint(true * 255).astype(np.uint8)),
        ("cut out", _on_colour(image, ours[0])),
    ]


def _on_colour(image: RgbImage, alpha: NDArray[np.float32]) -> RgbImage:
    """Return a head as a sticker over a colour that no photo has."""
    made = sticker(image, alpha).astype(np.float32)
    share = made[..., 3:] / 255
    return np.rint(made[..., :3] * share + np.array(SHOWN_ON, np.float32) * (1 - share)).astype(np.uint8)
