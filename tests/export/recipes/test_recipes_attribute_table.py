from pathlib import Path

import numpy as np
import pytest

from mien_export.networks.face_vae import LATENT_SIZE
from mien_export.recipes import attribute_table as recipe
from mien_export.recipes.attribute_vectors import VERSIONS
from mien_service.engine.engine import Engine, EngineOptions
from mien_service.tasks.attribute_vae import AttributeVectors
from mien_service.tasks.attributes import Attribute

Table = dict[str, np.ndarray]


def vectors(_: object) -> Table:
    shape = (len(Attribute), VERSIONS, LATENT_SIZE)
    plain = np.random.default_rng(0).normal(size=shape).astype(np.float16)
    return {"attributes": np.array([one.value for one in Attribute]), "plain": plain, "orthogonal": 2 * plain}


def units(table: Table, _: Path) -> Table:
    made = np.tile(np.array([0.5, 3], np.float32), (len(Attribute), 1))
    return {**table, "plain_units": made, "orthogonal_units": made / 2}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weights folder with an exported table of random vectors."""
    (tmp_path / recipe.CARD).parent.mkdir()
    (tmp_path / recipe.CARD).write_text("a card")
    monkeypatch.setattr(recipe, "load_average", lambda checkpoint: checkpoint)
    monkeypatch.setattr(recipe, "attribute_vectors", vectors)
    monkeypatch.setattr(recipe, "calibrated", units)
    recipe.export_table(tmp_path / "checkpoint.pt", tmp_path)
    return tmp_path


@pytest.fixture
def table(folder: Path) -> Table:
    """The exported table as the service loads it, its shapes checked against the manifest."""
    engine = Engine(EngineOptions(weights=folder), [recipe.NAME], lambda: None)
    try:
        return engine.table(recipe.NAME)
    finally:
        engine.stop()


def test_the_service_loads_what_was_exported(table: Table) -> None:
    assert table.keys() == {"attributes", "plain", "orthogonal", "plain_units", "orthogonal_units"}
    np.testing.assert_array_equal(table["plain"], vectors(None)["plain"])
    assert table["attributes"].tolist() == [one.value for one in Attribute]


@pytest.mark.parametrize(("strength", "unit"), [(1.0, 3.0), (-1.0, 0.5)])
def test_strength_means_the_calibrated_multiple(strength: float, unit: float, table: Table) -> None:
    shift = AttributeVectors(table, "plain").shift({Attribute.YOUNG: strength}, 0, 0)
    wanted = strength * unit * table["plain"][2].astype(np.float32).mean(axis=0)
    np.testing.assert_allclose(shift, wanted, rtol=1e-5, atol=1e-6)


def test_the_table_is_small(folder: Path) -> None:
    assert (folder / "face_vae_vectors.npz").stat().st_size < 1_000_000
