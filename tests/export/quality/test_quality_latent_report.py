import json
from pathlib import Path

import cv2
import pytest
import readers

from mien_export.quality import latent_report
from mien_export.recipes.latent_directions import TARGETS

# torch.onnx, which exports the generator, uses what torch itself deprecates.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")


@pytest.mark.slow
def test_every_direction_is_measured_on_its_own_layers_and_on_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latent_report, "PortraitReader", readers.reader)
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    latent_report.report_directions(tmp_path, people=2)
    rows = json.loads((tmp_path / "latent_directions.json").read_text())["rows"]
    assert len(rows) == 4 * len(TARGETS)
    for name in TARGETS:
        own, everywhere = ([row for row in rows if row["direction"] == name and (row["layers"] == "all") == all_of_them]
                           for all_of_them in (False, True))  # fmt: skip
        assert sorted(row["step"] for row in own) == sorted(row["step"] for row in everywhere)
        assert sum(row["background"] for row in own) <= 1.2 * sum(row["background"] for row in everywhere)
    by_name = {(row["direction"], row["step"]): row for row in rows if row["layers"] != "all"}
    assert by_name["yaw", 5.0]["turn"] > 5 > by_name["tone", 5.0]["turn"]
    sheet = cv2.imread(str(tmp_path / "latent_directions.png"))
    assert sheet is not None
