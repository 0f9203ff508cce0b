"""Pairs of people before and after an edit, rendered by the generator from a committed table.

The table (teachers/attribute_pairs.npz, by `train attribute_pairs`) says which pairs judge A accepted; rendering them
is all that is left to repeat. A part's pictures are cached under a name that says what they were rendered with.
"""

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.data.caching import write_arrays
from mien_export.data.crops import WEIGHTS, CropCutter, cache_folder, moved_mesh
from mien_export.data.packs import is_held_out
from mien_export.data.synthetic_people import CROP_SIZE, people_key
from mien_export.runner import WeightsRunner
from mien_export.teachers.attribute_edits import EDITS, STYLE_STEP, source_styles, target_styles
from mien_export.teachers.people import DIRECTIONS, styles_of
from mien_export.teachers.renderer import Renderer
from mien_service.faces.align import cut
from mien_service.faces.landmarks import look
from mien_service.faces.mesh import mesh_square

TABLE = Path(__file__).parents[1] / "teachers" / "attribute_pairs.npz"

PART = 25
"""Seeds whose pictures are one cached file: those from 0 to 24, and so on."""


@dataclass(frozen=True, eq=False)
class PairTable:
    """What is rendered, and what judge A said of it.

    seeds: (n,) the sources; base: (n, 5) steps along BASE; source: (m,) of each pair; strengths: (m, 4) in the order
    of ATTRIBUTES; styles: (m, 4); scores: (m, 4) in the order of SCORES.
    """

    seeds: NDArray[np.int32]
    base: NDArray[np.float16]
    source: NDArray[np.int32]
    strengths: NDArray[np.float16]
    styles: NDArray[np.float16]
    scores: NDArray[np.float16]

    def part(self, first: int, last: int) -> "PairTable":
        """Return the sources from `first` up to `last`, with their pairs."""
        mine = (self.source >= first) & (self.source < last)
        pairs = (self.source[mine] - first, self.strengths[mine], self.styles[mine], self.scores[mine])
        return PairTable(self.seeds[first:last], self.base[first:last], *pairs)

    def is_held_out(self, pair: int) -> bool:
        """Return whether the person of a pair is never trained on."""
        return is_held_out(str(self.seeds[self.source[pair]]))

    def parts(self) -> list["PairTable"]:
        """Return the table in parts, each of PART seeds; seeds must rise."""
        blocks = self.seeds // PART
        firsts = [0, *(np.nonzero(np.diff(blocks))[0] + 1).tolist(), len(blocks)]
        return [self.part(first, last) for first, last in pairwise(firsts)]

    def key(self) -> str:
        """Return a short name of the pictures that this table's rows give."""
        rendered = (self.seeds, self.base, self.source, self.strengths, self.styles)
        about = f"{people_key()} {EDITS} {STYLE_STEP}".encode() + DIRECTIONS.read_bytes()
        content = b"".join(np.ascontiguousarray(rows).tobytes() for rows in rendered)
        return hashlib.sha256(about + content).hexdigest()[:16]


SCORES = ("shift", "identity", "turn", "background")
"""Judge A's logit towards the edit (the least of several), the descriptor distance, the head's turn in degrees, and the
mean difference beside the head in grey levels."""

FIELDS = ("seeds", "base", "source", "strengths", "styles", "scores")


def joined(tables: list[PairTable]) -> PairTable:
    """Return one table of several."""
    starts = np.cumsum([0, *(len(table.seeds) for table in tables)])
    sources = [table.source + start for table, start in zip(tables, starts, strict=False)]
    columns = {name: np.concatenate([getattr(table, name) for table in tables]) for name in FIELDS}
    return PairTable(**{**columns, "source": np.concatenate(sources).astype(np.int32)})


def read_table(file: Path = TABLE) -> PairTable:
    """Return the committed table."""
    with np.load(file) as saved:
        return PairTable(**{name: saved[name] for name in FIELDS})


def write_table(table: PairTable, file: Path = TABLE) -> None:
    """Write a table, compressed."""
    np.savez_compressed(file, allow_pickle=False, **{name: getattr(table, name) for name in FIELDS})


@dataclass(frozen=True, eq=False)
class PairPictures:
    """The pictures of a table.

    sources: (n, 288, 288, 3); meshes: (n, 468, 3), of the sources, in pixels of the crop; targets: (m, 288, 288, 3).
    """

    sources: NDArray[np.uint8]
    meshes: NDArray[np.float32]
    targets: NDArray[np.uint8]


def load_pairs() -> tuple[PairTable, PairPictures]:
    """Return the table and its pictures; what is not cached is rendered, on all cores."""
    table = read_table()
    parts = table.parts()
    render_missing(parts)
    found = [dict(np.load(part_file(part))) for part in parts]
    names = ("sources", "meshes", "targets")
    return table, PairPictures(*(np.concatenate([part[name] for part in found]) for name in names))


def render_pairs(subset: int | None = None) -> None:
    """Render the table's pairs, or its first parts with at least `subset` pairs, and say how many there are."""
    parts = read_table().parts()
    if subset is not None:
        counts = np.cumsum([len(part.source) for part in parts])
        parts = parts[: int(np.searchsorted(counts, subset)) + 1]
    render_missing(parts)
    pairs, people = (sum(len(getattr(part, name)) for part in parts) for name in ("source", "seeds"))
    print(f"{pairs} pairs of {people} people in {cache_folder() / 'pairs'}")


def render_missing(parts: list[PairTable]) -> None:
    """Render the parts whose pictures are not cached."""
    missing = [part for part in parts if not part_file(part).exists()]
    if missing:
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
            list(pool.map(_write_part, missing))


def part_file(part: PairTable) -> Path:
    """Return the cached file of a part's pictures."""
    return cache_folder() / "pairs" / f"{part.key()}.npz"


class PairRenderer:
    """Renders and cuts sources and targets."""

    def __init__(self) -> None:
        self._render = Renderer()
        self._run = WeightsRunner(WEIGHTS)
        self._cutter = CropCutter(CROP_SIZE, self._run)

    def mesh_in(self, crop: NDArray[np.uint8], near: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mesh (468, 3) of a crop's face, which lies about where the mesh `near` does."""
        [found] = look(crop, [mesh_square(near)], self._run)
        return found.mesh

    def source(self, seed: int, base: NDArray[np.floating]) -> "Source | None":
        """Return a source, or None where no face is found in it."""
        styles = source_styles(styles_of([seed]), base[None])
        [picture] = self._render(styles)
        found = self._cutter.locate(picture)
        if found is None:
            return None
        face, transform = found
        return Source(styles, cut(picture, transform, self._cutter.side), moved_mesh(face, transform), transform)

    def targets(
        self, source: "Source", strengths: NDArray[np.floating], styles: NDArray[np.floating]
    ) -> list[NDArray[np.uint8]]:
        """Return the targets (288, 288, 3) of a source, cut where the source was."""
        many = source.styles.expand(len(strengths), -1, -1)
        return [self.cut_like(source, one[None]) for one in target_styles(many, strengths, styles)]

    def cut_like(self, source: "Source", styles: torch.Tensor) -> NDArray[np.uint8]:
        """Return the crop (288, 288, 3) of styles (1, 23, 512), cut where a source was."""
        [picture] = self._render(styles)
        return cut(picture, source.transform, self._cutter.side)


@dataclass(frozen=True, eq=False)
class Source:
    """A rendered source: its styles (1, 23, 512), crop (288, 288, 3), mesh in the crop, and where it was cut."""

    styles: torch.Tensor
    pixels: NDArray[np.uint8]
    mesh: NDArray[np.float32]
    transform: NDArray[np.float64]


def _write_part(part: PairTable) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    write_part(part, PairRenderer())


def write_part(part: PairTable, renderer: PairRenderer) -> None:
    """Render a part and cache its pictures. Raises ValueError where a source shows no face."""
    sources: list[Source] = []
    targets: list[NDArray[np.uint8]] = []
    for i, (seed, base) in enumerate(zip(part.seeds, part.base, strict=True)):
        source = renderer.source(int(seed), base)
        if source is None:
            raise ValueError(f"no face is found in person {seed}: the table was made with other networks")
        mine = part.source == i
        sources.append(source)
        targets += renderer.targets(source, part.strengths[mine], part.styles[mine])
    cache_part(part, sources, targets)


def cache_part(part: PairTable, sources: list[Source], targets: list[NDArray[np.uint8]]) -> None:
    """Cache the pictures of a part."""
    write_arrays(
        part_file(part),
        sources=np.stack([source.pixels for source in sources]),
        meshes=np.stack([source.mesh for source in sources]),
        targets=np.stack(targets),
    )
