"""Command line: render training pairs, train a network, export it to weights/, evaluate a task."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from mien_export.data.attribute_pairs import render_pairs
from mien_export.data.crops import cache_folder
from mien_export.quality.addiction_blind import write_addiction_blind
from mien_export.quality.addiction_preview import report_addiction_preview
from mien_export.quality.attribute_groups import report_groups
from mien_export.quality.attribute_report import report_edit_attribute
from mien_export.quality.emotion import report_emotion
from mien_export.quality.finding import report_finding
from mien_export.quality.finding_thresholds import report_thresholds
from mien_export.quality.frontalize import report_frontalize
from mien_export.quality.head_segmenter import report_heads
from mien_export.quality.landmark_sheet import write_landmark_sheet
from mien_export.quality.landmarks import report_landmarks
from mien_export.quality.latent_report import report_directions
from mien_export.quality.mask_report import report_masks
from mien_export.quality.more_attributes import report_more_attributes
from mien_export.quality.round_trip import report_round_trip
from mien_export.quality.strength_sheet import write_strength_sheets
from mien_export.quality.toonify import report_toonify
from mien_export.quality.toonify_blind import write_toonify_blind
from mien_export.quality.turned_sharpness import report_turned_sharpness
from mien_export.quality.unmask_real import write_unmask_real
from mien_export.quality.unmask_report import report_filler
from mien_export.quality.unmask_service import report_service
from mien_export.recipes import (
    attribute_editor,
    attribute_export,
    attribute_pairs,
    attribute_table,
    attribute_units,
    emotion_export,
    emotion_net,
    face_detector,
    face_filler,
    face_prior,
    face_vae,
    face_vae_export,
    finding_export,
    generator_tap,
    head_model,
    head_refiner,
    head_refiner_export,
    head_segmenter,
    head_segmenter_export,
    judges,
    latent_directions,
    mask_export,
    mask_segmenter,
    mesh_net,
    preview_student,
    repack,
    repainter,
    seed_cyclegan,
    seed_frontalizer,
    small_edit,
    toon_export,
    toon_net,
)
from mien_export.recipes.emotion_net import NETWORKS as EXPRESSION_NETWORKS
from mien_export.runner import WeightsRunner
from mien_service.tasks.attribute_editor import EDITORS

RUNS = Path("runs")
WEIGHTS = Path("weights")
MINI_XCEPTION = RUNS / "mini_xception" / "checkpoint.pt"
PREVIEW_STUDENT = RUNS / "preview_student" / "checkpoint.pt"
SEED_CYCLEGAN = RUNS / "seed_cyclegan" / "checkpoint.pt"
SEED_FRONTALIZER = RUNS / "seed_frontalizer" / "checkpoint.pt"

TRAINERS: dict[str, tuple[Callable[[float, Path], Path], Path, float]] = {
    **{name: (partial(attribute_editor.train, name), RUNS / name, 60.0) for name in EDITORS},
    **{name: (partial(emotion_net.train, name), RUNS / name, 40.0) for name in EXPRESSION_NETWORKS},
    "attribute_pairs": (attribute_pairs.train, attribute_pairs.TABLE.parent, 0.0),
    "face_detector": (face_detector.train, RUNS / "face_detector", 40.0),
    "face_filler": (face_filler.train, RUNS / "face_filler", 95.0),
    "face_vae": (face_vae.train, RUNS / "face_vae", 120.0),
    "generator_tap": (generator_tap.train, generator_tap.TAP.parent, 2.0),
    "head_refiner": (head_refiner.train, RUNS / "head_refiner", 75.0),
    "head_segmenter": (head_segmenter.train, RUNS / "head_segmenter", 40.0),
    "latent_directions": (latent_directions.train, latent_directions.DIRECTIONS.parent, 0.0),
    "mask_segmenter": (mask_segmenter.train, RUNS / "mask_segmenter", 40.0),
    "preview_student": (preview_student.train, RUNS / "preview_student", 30.0),
    "repainter": (repainter.train, RUNS / "repainter", 95.0),
    "mesh_net": (mesh_net.train, RUNS / "mesh_net", 54.0),
    "judges": (judges.train, cache_folder() / "judges", 5.0),
    "seed_cyclegan": (seed_cyclegan.train, RUNS / "seed_cyclegan", 25.0),
    "seed_frontalizer": (seed_frontalizer.train, RUNS / "seed_frontalizer", 75.0),
    "toon_net": (toon_net.train, RUNS / "toon_net", 60.0),
    "small_edit": (small_edit.train, RUNS / "small_edit", 10.0),
}
"""Recipe, folder of its checkpoints, default minutes."""

EXPORTERS: dict[str, Callable[[], None]] = {
    **{
        name: partial(attribute_export.export_attribute_editor, name, RUNS / name / "checkpoint.pt", WEIGHTS)
        for name in EDITORS
    },
    "emotion_net": lambda: emotion_export.export_emotion_net(RUNS / "emotion_net" / "checkpoint.pt", WEIGHTS),
    "face_detector": lambda: finding_export.export_face_detector(RUNS / "face_detector" / "checkpoint.pt", WEIGHTS),
    "mask_segmenter": lambda: mask_export.export_mask_segmenter(RUNS / "mask_segmenter" / "checkpoint.pt", WEIGHTS),
    "mesh_net": lambda: finding_export.export_mesh_net(RUNS / "mesh_net" / "checkpoint.pt", WEIGHTS),
    "face_filler": lambda: mask_export.export_face_filler(RUNS / "face_filler" / "checkpoint.pt", WEIGHTS),
    "head_model": lambda: head_model.export_head_model(WEIGHTS),
    "head_refiner": lambda: head_refiner_export.export_head_refiner(RUNS / "head_refiner" / "checkpoint.pt", WEIGHTS),
    "head_segmenter": lambda: head_segmenter_export.export_head_segmenter(
        RUNS / "head_segmenter" / "checkpoint.pt", WEIGHTS
    ),
    "toon_net": lambda: toon_export.export_toon_net(RUNS / "toon_net" / "checkpoint.pt", WEIGHTS),
    "face_prior": lambda: face_prior.export_face_prior(WEIGHTS),
    "face_vae": lambda: face_vae_export.export_face_vae(RUNS / "face_vae" / "checkpoint.pt", WEIGHTS),
    "face_vae_vectors": lambda: attribute_table.export_table(RUNS / "face_vae" / "checkpoint.pt", WEIGHTS),
}

EVALUATIONS: dict[str, Callable[[Path], None]] = {
    "addiction_blind": lambda folder: write_addiction_blind(WEIGHTS, SEED_CYCLEGAN, PREVIEW_STUDENT, folder),
    "addiction_preview": lambda folder: report_addiction_preview(WEIGHTS, SEED_CYCLEGAN, PREVIEW_STUDENT, folder),
    "attribute_groups": lambda folder: report_groups(WEIGHTS, folder),
    "emotion": lambda folder: report_emotion(WEIGHTS, MINI_XCEPTION, folder),
    "editor_units": lambda _: attribute_units.print_editor_units(WEIGHTS),
    "face_filler": lambda folder: report_filler(WEIGHTS, RUNS / "repainter" / "checkpoint.pt", folder),
    "finding": lambda folder: report_finding(WeightsRunner(WEIGHTS), folder),
    "finding_thresholds": lambda folder: report_thresholds(WeightsRunner(WEIGHTS), folder),
    "frontalize": lambda folder: report_frontalize(WEIGHTS, SEED_FRONTALIZER, folder),
    "head_segmenter": lambda folder: report_heads(WEIGHTS, folder),
    "round_trip": lambda folder: report_round_trip(WEIGHTS, SEED_FRONTALIZER, folder),
    "turned_sharpness": lambda folder: report_turned_sharpness(WEIGHTS, folder),
    "landmarks": lambda folder: report_landmarks(WeightsRunner(WEIGHTS), folder),
    "latent_directions": report_directions,
    "landmark_sheet": lambda folder: write_landmark_sheet(WeightsRunner(WEIGHTS), folder),
    "edit_attribute": lambda folder: report_edit_attribute(WEIGHTS, folder),
    "mask_segmenter": lambda folder: report_masks(WEIGHTS, folder),
    "strength_sheet": lambda folder: write_strength_sheets(WEIGHTS, folder),
    "toonify": lambda folder: report_toonify(WEIGHTS, folder),
    "toonify_blind": lambda folder: write_toonify_blind(WEIGHTS, folder),
    "unmask_real": lambda folder: write_unmask_real(WEIGHTS, folder),
    "unmask_service": lambda folder: report_service(WEIGHTS, folder),
    "more_attributes": lambda folder: report_more_attributes(WEIGHTS, folder),
}


def main() -> None:
    """Run the command that the arguments name."""
    parser = argparse.ArgumentParser(prog="mien-export", description=__doc__)
    parser.add_argument("--threads", type=int, help="threads of PyTorch (default: all cores)")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a network, going on from its checkpoint")
    train.add_argument("name", choices=sorted(TRAINERS))
    train.add_argument("--minutes", type=float, help="time budget over all sessions together")
    export = commands.add_parser("export", help="write weights, their manifest entry included")
    export.add_argument("name", choices=sorted(EXPORTERS))
    smaller = commands.add_parser("repack", help="store a shipped network's large weights in a byte each")
    smaller.add_argument("name")
    evaluate = commands.add_parser("evaluate", help="measure a task with its baselines")
    evaluate.add_argument("name", choices=sorted(EVALUATIONS))
    evaluate.add_argument("--folder", type=Path, default=RUNS / "evaluation")
    pairs = commands.add_parser("pairs", help="render the pairs of the committed table that are not cached yet")
    pairs.add_argument("--subset", type=int, help="so many pairs instead of all")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    if arguments.command == "train":
        recipe, folder, minutes = TRAINERS[arguments.name]
        recipe(minutes if arguments.minutes is None else arguments.minutes, folder)
    elif arguments.command == "export":
        EXPORTERS[arguments.name]()
    elif arguments.command == "repack":
        repack.repack(arguments.name, WEIGHTS)
    elif arguments.command == "pairs":
        render_pairs(arguments.subset)
    else:
        EVALUATIONS[arguments.name](arguments.folder)


if __name__ == "__main__":
    main()
