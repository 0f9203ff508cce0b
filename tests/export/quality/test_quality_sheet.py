from pathlib import Path

import cv2
import numpy as np
import pytest

from mien_export.quality.sheet import LABEL, TILE, contact_sheet, write_sheet


def test_a_sheet_holds_every_row_and_keeps_colours(tmp_path: Path) -> None:
    red = np.full((TILE, 100, 3), (255, 0, 0), np.uint8)
    wide = np.full((20, 40, 3), (0, 0, 255), np.uint8)
    write_sheet([[("input", red), ("ours", red)], [("input", wide)]], tmp_path / "made" / "sheet.png")
    sheet = cv2.imread(str(tmp_path / "made" / "sheet.png"))
    assert sheet is not None
    assert tuple(sheet[LABEL + 50, 50]) == (0, 0, 255)
    assert tuple(sheet[TILE + 2 * LABEL + 50, 50]) == (255, 0, 0)


def test_a_label_is_written() -> None:
    black = np.zeros((50, 50, 3), np.uint8)
    assert contact_sheet([[("smiling +1", black)]])[:LABEL].max() > 200
    assert contact_sheet([[("", black)]])[:LABEL].max() < 200


@pytest.mark.parametrize("rows", [[], [[]]])
def test_an_empty_sheet_is_refused(rows: list[list[tuple[str, np.ndarray]]]) -> None:
    with pytest.raises(ValueError, match="every row"):
        contact_sheet(rows)
