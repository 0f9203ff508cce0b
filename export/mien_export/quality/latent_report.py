"""Evidence for the generator's directions: what a step changes, on its own layers and on all of them.

python -m mien_export evaluate latent_directions
"""

from pathlib import Path

import numpy as np
import torch

from mien_export.data.attribute_pairs import PairRenderer, Source
from mien_export.data.portrait_readings import PortraitReader, Readings, beside_the_head
from mien_export.quality.identity import distances
from mien_export.quality.report import Cell, Report, this_command, write_report
from mien_export.quality.sheet import Labelled
from mien_export.recipes.latent_directions import PEOPLE as FITTED
from mien_export.recipes.latent_directions import TARGETS
from mien_export.teachers.attribute_edits import BASE
from mien_export.teachers.directions import LAYERS_OF, deviation, direction, layer_weights
from mien_export.teachers.generator import LAYERS
from mien_service.faces.face import RgbImage

PEOPLE, SHOWN = 30, 5
STEP = 5.0

Placed = tuple[str, np.ndarray]
"""A name for a choice of layers, and the weight of each, (23,)."""


def report_directions(folder: Path, people: int = PEOPLE) -> None:
    """Write latent_directions.md, .json and .png into `folder`: people that no direction was fitted on."""
    renderer, reader = PairRenderer(), PortraitReader()
    sources = _sources(renderer, people)
    pixels, meshes = (np.stack([getattr(one, name) for one in sources]) for name in ("pixels", "mesh"))
    before = reader.read(pixels, meshes)
    rows: list[dict[str, Cell]] = []
    shown: list[list[Labelled]] = [[("source", one.pixels)] for one in sources[:SHOWN]]
    for name in TARGETS:
        for placed in (_own(name), ("all", np.ones(LAYERS, np.float32))):
            for step in (-STEP, STEP):
                made = [_stepped(renderer, one, name, placed[1], step) for one in sources]
                rows.append(_row(name, placed, step, sources, made, before, renderer, reader))
                if placed[0] != "all":
                    shown = [[*row, (f"{name} {step:+.0f}", made[i])] for i, row in enumerate(shown)]
    report = Report(
        title="Directions in the generator's w",
        split=f"people of the seeds from {FITTED}, on whom nothing was fitted",
        n=len(sources),
        rows=rows,
        baselines=["all"],
        command=this_command(),
        about={"shift": "of what the direction was fitted to: judge A's logit, years or degrees"},
    )
    write_report(report, shown, folder, "latent_directions")


def _sources(renderer: PairRenderer, count: int) -> list[Source]:
    still = np.zeros(len(BASE))
    found = (renderer.source(seed, still) for seed in range(FITTED, FITTED + 2 * count))
    return [source for source in found if source is not None][:count]


def _own(name: str) -> Placed:
    spans = [f"{layers.start}-{layers.stop - 1}" for layers in LAYERS_OF[name]]
    return ", ".join(spans), layer_weights(name)


def _stepped(renderer: PairRenderer, source: Source, name: str, weights: np.ndarray, step: float) -> RgbImage:
    shift = step * weights[:, None] * direction(name)
    return renderer.cut_like(source, source.styles + torch.from_numpy(shift.astype(np.float32)))


def _row(
    name: str,
    placed: Placed,
    step: float,
    sources: list[Source],
    made: list[RgbImage],
    before: Readings,
    renderer: PairRenderer,
    reader: PortraitReader,
) -> dict[str, Cell]:
    pixels = np.stack([one.pixels for one in sources])
    meshes = np.stack([renderer.mesh_in(picture, one.mesh) for picture, one in zip(made, sources, strict=True)])
    after = reader.read(np.stack(made), meshes)
    target = TARGETS[name]
    sign = -1 if target.negated else 1
    where = [one.mesh for one in sources]
    apart = distances(reader.describe(made, where), reader.describe(list(pixels), where))
    turns = np.hypot(*(after[angle] - before[angle] for angle in ("yaw", "pitch")))
    corners = beside_the_head(pixels[0].shape)
    behind = np.abs(np.stack(made).astype(np.float32) - pixels)[:, corners].mean()
    return {
        "layers": placed[0],
        "direction": name,
        "step": step,
        "deviations": step / deviation(name),
        "shift": float(sign * (after[target.reading] - before[target.reading]).mean()),
        "identity": float(apart.mean()),
        "turn": float(turns.mean()),
        "background": float(behind),
    }
