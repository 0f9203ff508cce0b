from pathlib import Path

import numpy as np
import pytest

from mien_export.data.portrait_readings import OTHERS, Readings
from mien_export.data.synthetic_people import SyntheticPeople
from mien_export.recipes import latent_directions
from mien_export.recipes.latent_directions import TARGETS, Target, eligible, fitted, style_axes
from mien_export.teachers.people import mean_style, styles_of

SIZE = 24


def people(count: int = 600) -> np.ndarray:
    """Return (count, SIZE) points, spread less and less along the axes."""
    random = np.random.default_rng(0)
    return (random.normal(size=(count, SIZE)) * np.linspace(2, 0.5, SIZE)).astype(np.float32)


def axis(index: int) -> np.ndarray:
    return np.eye(SIZE)[index]


def test_what_a_reading_follows_is_found() -> None:
    w = people()
    noise = np.random.default_rng(1).normal(size=len(w))
    readings = Readings({"Smiling": 3 * w @ axis(2) + noise, "yaw": w @ axis(5)})
    found = fitted(w, readings, Target("Smiling", ("yaw",)))
    assert np.linalg.norm(found.direction) == pytest.approx(1, abs=1e-5)
    assert found.direction @ axis(2) > 0.95
    assert found.correlation > 0.9
    assert found.deviation == pytest.approx(np.std(w @ axis(2)), rel=0.2)
    assert found.n == len(w)


def test_a_negated_reading_turns_the_direction() -> None:
    w = people()
    readings = Readings({"No_Beard": w @ axis(1), "age": w @ axis(3)})
    found = fitted(w, readings, Target("No_Beard", ("age",), negated=True))
    assert found.direction @ axis(1) < -0.9


def test_nuisances_are_taken_out() -> None:
    w = people()
    readings = Readings({"tone": w @ axis(0) + 2 * w @ axis(4), "behind": w @ axis(4)})
    found = fitted(w, readings, Target("tone", ("behind",)))
    assert found.direction @ axis(0) > 0.9
    assert abs(found.direction @ axis(4)) < 0.15


def test_noise_is_not_followed() -> None:
    w = people()
    noise = np.random.default_rng(1).normal(size=(2, len(w)))
    found = fitted(w, Readings({"Smiling": noise[0], "yaw": noise[1]}), Target("Smiling", ("yaw",)))
    assert abs(found.correlation) < 0.2


def test_beards_are_fitted_on_grown_men() -> None:
    w = people(300)
    men, old = w @ axis(6) > 0, w @ axis(7) > 0
    readings = Readings({"Male": np.where(men, 5.0, -5.0), "age": np.where(old, 40.0, 10.0), "No_Beard": w @ axis(0)})
    np.testing.assert_array_equal(eligible(readings), men & old)
    assert fitted(w, readings, Target("No_Beard", ("age",), men_only=True)).n == (men & old).sum()


def test_styles_are_what_the_named_directions_leave() -> None:
    named = np.stack([axis(0), axis(1)]).astype(np.float32)
    axes = style_axes(people(2000), named)
    assert axes.shape == (latent_directions.STYLES, SIZE)
    assert np.abs(axes @ named.T).max() < 1e-3
    assert np.abs(axes[0]).argmax() == 2, "the widest of the rest"
    np.testing.assert_allclose(axes @ axes.T, np.eye(len(axes)), atol=1e-4)


def test_the_table_has_every_direction_and_style(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = np.arange(60)
    w = styles_of(seeds.tolist())[:, 0].numpy()
    random = np.random.default_rng(0)
    names = {target.reading for target in TARGETS.values()} | {n for t in TARGETS.values() for n in t.apart_from}
    values = {name: w @ random.normal(size=512) for name in names | set(OTHERS)}
    values["Male"], values["age"] = np.abs(values["Male"]), np.abs(values["age"]) + 30

    class Reader:
        def read(self, pixels: np.ndarray, meshes: np.ndarray) -> Readings:
            assert len(pixels) == len(meshes) == 60
            return Readings(values)

    crops = SyntheticPeople(seeds, np.zeros((60, 4, 4, 3), np.uint8), np.zeros((60, 468, 3)), np.zeros((60, 2, 3)))
    monkeypatch.setattr(latent_directions, "load_people", lambda _: crops)
    monkeypatch.setattr(latent_directions, "PortraitReader", Reader)
    with np.load(latent_directions.train(0, tmp_path, 60)) as table:
        np.testing.assert_array_equal(table["mean"], mean_style())
        for name in (*TARGETS, "style_1", "style_4"):
            assert np.linalg.norm(table[name]) == pytest.approx(1, abs=1e-4)
            assert table[f"{name}_sd"] > 0
