from pathlib import Path

import numpy as np
import pytest

from mien_export.recipes import generator_tap
from mien_export.teachers.generator import TAP


@pytest.mark.slow
def test_fitting_the_tap_brings_it_nearer_to_the_full_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mien_export.teachers.generator.TAP", tmp_path / "none.npz")
    file = generator_tap.train(0.15, tmp_path, people=6)
    words = capsys.readouterr().out.split()
    before, after = float(words[words.index("dB") - 1]), float(words[words.index("after") - 1])
    assert after > before + 0.5
    with np.load(file) as fitted, np.load(TAP) as shipped:
        assert {name: fitted[name].shape for name in fitted} == {name: shipped[name].shape for name in shipped}
