from pathlib import Path

import numpy as np
import pytest

from mien_export.runner import WeightsRunner
from mien_service.engine.manifest import WeightsError
from mien_service.engine.sessions import InvalidInput

VECTORS = "face_vae_vectors"


@pytest.fixture(scope="module")
def runner(weights: Path) -> WeightsRunner:
    return WeightsRunner(weights)


def test_a_table_can_be_stood_in_for_without_touching_the_folders_own(runner: WeightsRunner) -> None:
    own = runner.table(VECTORS)
    twin = runner.with_tables({VECTORS: {"plain": np.zeros(1)}})
    assert twin.table(VECTORS)["plain"].shape == (1,)
    assert runner.table(VECTORS) is own
    assert twin.with_tables({}).table(VECTORS)["plain"].shape == (1,)


def test_tables_are_read_from_the_folder(weights: Path, runner: WeightsRunner) -> None:
    with np.load(weights / f"{VECTORS}.npz") as saved:
        assert runner.table(VECTORS).keys() == set(saved.files)
        np.testing.assert_array_equal(runner.table(VECTORS)["plain"], saved["plain"])


@pytest.mark.parametrize("n", [1, 3])
def test_networks_run_on_any_batch(n: int, runner: WeightsRunner) -> None:
    outputs = runner("face_vae_encoder", image=np.zeros((n, 3, 128, 128), np.float32))
    assert {name: (value.shape, value.dtype) for name, value in outputs.items()} == {"mean": ((n, 500), np.float32)}


def test_more_threads_do_not_change_the_answer(weights: Path, runner: WeightsRunner) -> None:
    image = np.random.default_rng(0).random((1, 3, 128, 128), np.float32)
    wanted = runner("face_vae_encoder", image=image)["mean"]
    found = WeightsRunner(weights, threads=2)("face_vae_encoder", image=image)["mean"]
    np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_a_wrong_shape_is_refused(runner: WeightsRunner) -> None:
    with pytest.raises(InvalidInput):
        runner("face_vae_encoder", image=np.zeros((1, 3, 64, 64), np.float32))
    with pytest.raises(InvalidInput):
        runner("face_vae_encoder", picture=np.zeros((1, 3, 128, 128), np.float32))


def test_what_the_manifest_does_not_name_is_missed(runner: WeightsRunner) -> None:
    with pytest.raises(WeightsError, match="no weights called nothing"):
        runner("nothing", image=np.zeros(1, np.float32))
    with pytest.raises(WeightsError, match="no weights called nothing"):
        runner.table("nothing")


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"manifest\.json is missing"):
        WeightsRunner(tmp_path)
