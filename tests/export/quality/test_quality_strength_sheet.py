from pathlib import Path

import numpy as np

from mien_export.quality.editors import ServiceEditor
from mien_export.quality.held_out import HeldOutFace
from mien_export.quality.strength_sheet import STRENGTHS, sweep
from mien_export.runner import WeightsRunner
from mien_service.faces.align import AlignedFace
from mien_service.faces.face import RgbImage


def test_a_sweep_goes_from_less_over_nothing_to_more(weights: Path, photo: RgbImage, aligned: AlignedFace) -> None:
    row = sweep(ServiceEditor(WeightsRunner(weights)), HeldOutFace(photo, aligned, {}), "smiling")
    assert [float(label.removeprefix("smiling ")) for label, _ in row] == list(STRENGTHS)
    middle = len(STRENGTHS) // 2
    np.testing.assert_array_equal(row[middle][1], aligned.crop)
    sizes = [np.abs(picture.astype(int) - aligned.crop).mean() for _, picture in row]
    assert sizes[0] > sizes[middle - 1] > 0
    assert sizes[-1] > sizes[middle + 1] > 0
