from pathlib import Path

import numpy as np
import pytest
import torch

from mien_export.teachers.generator import Synthesis
from mien_export.teachers.people import pictures_of, styles_of
from mien_export.teachers.renderer import Renderer

# torch.onnx, which exports the generator, uses what torch itself deprecates.
pytestmark = pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")


def test_people_are_rendered_as_pytorch_would(
    generator: Synthesis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    styles = styles_of([3, 4])
    rendered = Renderer()(styles)
    for ours, theirs in zip(rendered, pictures_of(generator(styles, 256)), strict=True):
        assert np.abs(ours.astype(int) - theirs).max() <= 1
    [file] = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    again = Renderer()(torch.flip(styles, [0]))
    assert file.stat().st_mtime_ns == written
    np.testing.assert_array_equal(again[1], rendered[0])
