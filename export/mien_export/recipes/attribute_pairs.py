"""Propose pairs of people before and after attribute edits, let judge A choose, and write the table of them.

    python -m mien_export train attribute_pairs

Renders 2,400 sources and some four edits of each: 75 minutes on two CPU cores that do nothing else. What is accepted
is cached, so that `make pairs` need not render it again here.
"""

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mien_export.data.attribute_batches import region_maps
from mien_export.data.attribute_pairs import (
    FIELDS,
    PART,
    TABLE,
    PairRenderer,
    PairTable,
    Source,
    cache_part,
    joined,
    write_table,
)
from mien_export.data.caching import write_arrays
from mien_export.data.crops import cache_folder
from mien_export.data.portrait_readings import PortraitReader, Readings, beside_the_head
from mien_export.data.synthetic_people import people_key
from mien_export.quality.identity import distances
from mien_export.quality.statistics import Bools, Floats
from mien_export.teachers.attribute_edits import ATTRIBUTES, BASE, EDITS, STYLES
from mien_export.teachers.people import DIRECTIONS
from mien_service.faces.face import RgbImage
from mien_service.faces.mesh import ibug_landmarks
from mien_service.faces.pose import estimate_pose
from mien_service.tasks.attributes import Attribute

PEOPLE = 2400

ADULT = 22.0
"""Years that the age judge, which draws all ages together, reads at least in a source: children are not edited."""

STRENGTHS = (0.5, 1.25)
FAR_FROM = 1600
FAR_STRENGTHS = (1.0, 2.0)
"""From this seed on people are edited as far as the service goes: a smile that opens, hair that turns white."""

STILL_STYLE = 0.5
"""How often a target has the style of all zeros."""

COMBINED = 0.2
"""How often an edit comes with another one."""

LEAST_SHIFT = 2.0
"""Of judge A's logit towards the edit, for strength 1."""

MOST_IDENTITY = {Attribute.SMILING: 0.42, Attribute.YOUNG: 0.45, Attribute.MALE: 0.55, Attribute.BEARD: 0.5}
"""Descriptor distance for strength 1, and in proportion for others, on top of SPARE_IDENTITY; no more than MOST."""

SPARE_IDENTITY, MOST = 0.1, 0.6
MOST_TURN = 6.0
MOST_BACKGROUND = 30.0
"""Degrees, and grey levels: the target counts inside the edit's region alone, but it has to join its surroundings."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """A source and the edits that are tried on it: strengths (k, 4) and styles (k, 4)."""

    seed: int
    base: NDArray[np.float16]
    source: Source
    strengths: NDArray[np.float16]
    styles: NDArray[np.float16]


def train(minutes: float, folder: Path, people: int = PEOPLE) -> Path:  # noqa: ARG001 - takes as long as it takes
    """Propose, judge, cache, and write the table into `folder`; prints what was accepted."""
    starts = range(0, people, PART)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        tables = []
        for table, tried in pool.map(_judged_part, starts):
            tables.append(table)
            print(f"{len(tables) * PART} people: {len(table.source)} of {tried} pairs accepted", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    write_table(joined(tables), folder / TABLE.name)
    return folder / TABLE.name


def _judged_part(first: int) -> tuple[PairTable, int]:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    file = judged_file(first)
    if not file.exists():
        part, tried = judged_part(range(first, first + PART), PairRenderer(), PortraitReader())
        write_arrays(file, tried=np.array(tried), **{name: getattr(part, name) for name in FIELDS})
    with np.load(file) as saved:
        return PairTable(**{name: saved[name] for name in FIELDS}), int(saved["tried"])


def judged_file(first: int) -> Path:
    """Return where the accepted pairs of a part are cached: a broken run goes on."""
    about = (
        EDITS,
        ADULT,
        strengths_from(first),
        LEAST_SHIFT,
        MOST_IDENTITY,
        MOST,
        MOST_TURN,
        MOST_BACKGROUND,
        people_key(),
    )
    key = hashlib.sha256(repr(about).encode() + DIRECTIONS.read_bytes()).hexdigest()[:8]
    return cache_folder() / "pairs" / f"judged-{first:06d}-{key}.npz"


def judged_part(seeds: range, renderer: PairRenderer, reader: PortraitReader) -> tuple[PairTable, int]:
    """Return the accepted pairs of some people, their pictures cached, and how many were tried."""
    tables: list[PairTable] = []
    sources: list[Source] = []
    targets: list[RgbImage] = []
    tried = 0
    for seed in seeds:
        proposal = proposed(seed, renderer, reader)
        if proposal is None:
            continue
        made = renderer.targets(proposal.source, proposal.strengths, proposal.styles)
        scores, good = judged(proposal, made, renderer, reader)
        tried += len(made)
        if good.any():
            tables.append(_table(proposal, scores, good))
            sources.append(proposal.source)
            targets += [picture for picture, is_good in zip(made, good, strict=True) if is_good]
    part = joined(tables)
    cache_part(part, sources, targets)
    return part, tried


def _table(proposal: Proposal, scores: Floats, good: Bools) -> PairTable:
    return PairTable(
        np.array([proposal.seed], np.int32),
        proposal.base[None],
        np.zeros(good.sum(), np.int32),
        proposal.strengths[good],
        proposal.styles[good],
        scores[good].astype(np.float16),
    )


def proposed(seed: int, renderer: PairRenderer, reader: PortraitReader) -> Proposal | None:
    """Return what is tried on a person, the same each time; None for a child or where no face is found."""
    rng = np.random.default_rng([seed, 1])
    base = drawn_base(rng)
    source = renderer.source(seed, base)
    if source is None:
        return None
    readings = reader.read(source.pixels[None], source.mesh[None])
    if readings["age"][0] < ADULT:
        return None
    strengths = drawn_strengths(readings, strengths_from(seed), rng)
    styles = rng.normal(size=(len(strengths), len(STYLES))).clip(-2, 2)
    styles[rng.random(len(styles)) < STILL_STYLE] = 0
    return Proposal(seed, base, source, strengths, styles.astype(np.float16))


def strengths_from(seed: int) -> tuple[float, float]:
    """Return how far a person is edited, at least and at most."""
    return STRENGTHS if seed < FAR_FROM else FAR_STRENGTHS


def drawn_base(rng: np.random.Generator) -> NDArray[np.float16]:
    """Return steps along BASE: some people are turned, darkened, made to laugh, given a beard."""
    steps = {
        "yaw": rng.normal(0, 2) * (rng.random() < 0.4),
        "pitch": rng.normal(0, 1) * (rng.random() < 0.3),
        "tone": -rng.uniform(2, 7) * (rng.random() < 0.4),
        "smile": rng.choice([-1, 1]) * rng.uniform(2, 5) * (rng.random() < 0.35),
        "beard": rng.uniform(2, 6) * (rng.random() < 0.2),
    }
    return np.array([steps[name] for name in BASE], np.float16)


def drawn_strengths(readings: Readings, reach: tuple[float, float], rng: np.random.Generator) -> NDArray[np.float16]:
    """Return (k, 4) strengths within `reach` to try on a face: mostly towards what it is not, sometimes two at once."""
    rows: list[dict[Attribute, float]] = []
    man = readings["Male"][0] > 0
    for attribute in (Attribute.SMILING, Attribute.YOUNG, Attribute.YOUNG, Attribute.MALE, Attribute.BEARD):
        if attribute is Attribute.BEARD and not man:
            continue
        away = -1 if reads(readings, attribute)[0] > 0 else 1
        # Age has no end: both ways are tried.
        sign = (1 if len(rows) == 1 else -1) if attribute is Attribute.YOUNG else away
        row = {attribute: sign * rng.uniform(*reach)}
        if rng.random() < COMBINED:
            other = ATTRIBUTES[int(rng.integers(3 + man))]
            row.setdefault(other, rng.choice([-1, 1]) * rng.uniform(*reach))
        rows.append(row)
    return np.array([[row.get(name, 0.0) for name in ATTRIBUTES] for row in rows], np.float16)


def within_regions(made: list[RgbImage], proposal: Proposal) -> list[RgbImage]:
    """Return targets inside the regions of what is asked for, and the source elsewhere: what will be learned."""
    source = proposal.source
    side = source.pixels.shape[:2]
    maps = region_maps(source.mesh).astype(np.float32) / np.float32(255)
    found: list[RgbImage] = []
    for picture, strengths in zip(made, proposal.strengths, strict=True):
        asked = maps[: len(ATTRIBUTES)][strengths != 0].max(axis=0)
        share = cv2.resize(asked, side, interpolation=cv2.INTER_LINEAR)[..., None]
        before = source.pixels.astype(np.float32)
        found.append(np.rint(before + (picture - before) * share).astype(np.uint8))
    return found


def reads(readings: Readings, attribute: Attribute) -> Floats:
    """Return (n,) logits of an attribute, high where it is there."""
    edit = EDITS[attribute]
    return readings[edit.column] * (-1 if edit.negated else 1)


def judged(
    proposal: Proposal, made: list[RgbImage], renderer: PairRenderer, reader: PortraitReader
) -> tuple[Floats, Bools]:
    """Return (k, 4) scores as SCORES has them, and (k,): which pairs are good."""
    source = proposal.source
    pixels = np.stack([source.pixels, *within_regions(made, proposal)])
    shifts = shifts_towards(proposal.strengths, reader.attributes(pixels))
    described = reader.describe(list(pixels), [source.mesh] * len(pixels))
    identity = distances(described[1:], np.repeat(described[:1], len(made), axis=0))
    meshes = [renderer.mesh_in(picture, source.mesh) for picture in (source.pixels, *made)]
    poses = np.array([estimate_pose(ibug_landmarks(mesh)) for mesh in meshes])
    turn = np.hypot(*(poses[1:, :2] - poses[0, :2]).T)
    differences = np.abs(np.stack(made).astype(np.float32) - source.pixels.astype(np.float32))
    background = differences[:, beside_the_head(source.pixels.shape)].mean(axis=(1, 2))
    scores = np.column_stack([shifts.min(axis=1), identity, turn, background])
    return scores, accepted(proposal.strengths, shifts, scores)


def shifts_towards(strengths: NDArray[np.floating], readings: Readings) -> Floats:
    """Return (k, 4) how far judge A's logits moved towards the edits (k, 4); infinite where none was asked for.

    The first of the readings is the source's.
    """
    values = np.column_stack([reads(readings, attribute) for attribute in ATTRIBUTES])
    return np.where(strengths != 0, (values[1:] - values[0]) * np.sign(strengths), np.inf)


def accepted(strengths: NDArray[np.floating], shifts: Floats, scores: Floats) -> Bools:
    """Return (k,) whether every edit happened and nothing else did: scores are (k, 4) as SCORES has them."""
    asked = np.abs(strengths.astype(np.float64))
    _, identity, turn, background = scores.T
    limits = np.array([MOST_IDENTITY[name] for name in ATTRIBUTES])
    happened = (shifts >= LEAST_SHIFT * asked).all(axis=1)
    kept = identity <= np.minimum(SPARE_IDENTITY + asked @ limits, MOST)
    return happened & kept & (turn <= MOST_TURN) & (background <= MOST_BACKGROUND)
