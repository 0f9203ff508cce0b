from pathlib import Path

import numpy as np
import pytest

from mien_export.data.caching import write_arrays


def test_arrays_are_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "new" / "cache.npz"
    for level in (1, 2):
        write_arrays(file, one=np.full(3, level), other=np.zeros((0, 4)))
    with np.load(file) as saved:
        assert saved["one"].tolist() == [2, 2, 2]
        assert saved["other"].shape == (0, 4)
    assert [one.name for one in file.parent.iterdir()] == ["cache.npz"]


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "cache.npz"
    write_arrays(file, one=np.ones(2))
    with pytest.raises(ValueError, match="Object arrays"):
        write_arrays(file, one=np.array([object()]))
    with np.load(file) as saved:
        assert saved["one"].tolist() == [1, 1]
    assert [one.name for one in tmp_path.iterdir()] == ["cache.npz"]
