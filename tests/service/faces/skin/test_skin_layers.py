import numpy as np
import people
import pytest
from canvases import aligned, at, canvas, mesh_of
from hypothesis import given, settings
from hypothesis import strategies as st

from mien_service.faces.align import cut
from mien_service.faces.composite import apply_edit
from mien_service.faces.skin.areas import to_lab
from mien_service.faces.skin.layers import LEAST_DARKENED, MOST_SHADED, SIDE, layered
from mien_service.faces.skin.signs import Gains, Signs
from mien_service.tasks.substances import SIGNS, Substance

ALL = [Signs(), *SIGNS.values()]


def shown(name: str, signs: Signs, severity: float, gains: Gains | None = None) -> np.ndarray:
    """Return the aligned square of a person with signs."""
    face = aligned(name)
    [edit] = layered(canvas(name), signs, gains or Gains(), [severity], 0)
    return cut(apply_edit(people.small_person(name), face.transform, edit), face.transform)


def change(name: str, signs: Signs, severity: float = 1.0, gains: Gains | None = None) -> np.ndarray:
    """Return (256, 256, 3): the change of L*, a* and b*."""
    return to_lab(shown(name, signs, severity, gains)) - to_lab(cut(people.small_person(name), aligned(name).transform))


@pytest.mark.parametrize("substance", list(Substance))
def test_severity_zero_and_no_gains_change_nothing(substance: Substance) -> None:
    none = Gains(0, 0, 0, 0, 0)
    for severity, gains in ((0.0, Gains()), (1.0, none)):
        [edit] = layered(canvas("ben"), SIGNS[substance], gains, [severity], 0)
        photo = people.small_person("ben")
        changed = np.abs(apply_edit(photo, aligned("ben").transform, edit).astype(int) - photo)
        # Without signs colours go to CIE L*a*b* and back.
        assert changed.max() <= (0 if severity == 0 else 1)


@settings(max_examples=12)
@given(st.sampled_from(list(Substance)), st.integers(0, 2**32 - 1), st.lists(st.floats(0, 1), min_size=1, max_size=3))
def test_edits_are_fields_over_the_square(substance: Substance, seed: int, severities: list[float]) -> None:
    edits = layered(canvas("carla"), SIGNS[substance], Gains(), severities, seed)
    assert len(edits) == len(severities)
    for edit in edits:
        assert edit.residual.shape == (SIDE, SIDE, 3)
        assert edit.residual.dtype == edit.alpha.dtype == np.float32
        assert np.isfinite(edit.residual).all()
        assert 0 <= edit.alpha.min() <= edit.alpha.max() <= 1


def test_smoking_greys_and_yellows_skin() -> None:
    cheeks = at(change("gina", SIGNS[Substance.SMOKING]), mesh_of("gina")[[205, 425, 50, 280, 151]])
    lightness, _, yellow = np.median(cheeks, axis=0)
    assert -12 < lightness < -2
    assert 1 < yellow < 6


def test_alcohol_reddens_cheeks_more_than_the_forehead() -> None:
    moved = change("ben", SIGNS[Substance.ALCOHOL])
    cheeks, forehead = (np.median(at(moved, mesh_of("ben")[points])[:, 1]) for points in ([205, 425], [151, 9]))
    assert cheeks > forehead + 1
    assert 2 < cheeks < 10


def test_hollow_cheeks_move_inwards() -> None:
    [edit] = layered(canvas("ben"), Signs(hollow=1.0), Gains(), [1.0], 0)
    assert edit.flow is not None
    left, right = at(edit.flow, mesh_of("ben")[[187, 411]])[:, 0]
    # A pixel shows what lay farther out.
    assert left < -0.5
    assert right > 0.5


def test_hair_and_background_stay() -> None:
    moved = np.abs(change("anna", SIGNS[Substance.DRUGS])).max(axis=2)
    assert moved[:20].max() == 0
    assert moved[:, :20].max() == 0


@pytest.mark.parametrize("substance", list(Substance))
def test_without_eyes_and_teeth_the_eyes_stay(substance: Substance) -> None:
    moved = np.abs(change("carla", SIGNS[substance], gains=Gains(eyes_teeth=0))).max(axis=2)
    middles = mesh_of("carla")[[159, 145]].mean(axis=0), mesh_of("carla")[[386, 374]].mean(axis=0)
    assert at(moved, np.array(middles)).max() < 1.0


def test_gains_make_parts_stronger() -> None:
    signs = SIGNS[Substance.ALCOHOL]
    once, twice = (np.median(change("ben", signs, gains=Gains(tone=gain))[120:150, 90:110, 1]) for gain in (1, 2))
    assert twice > once + 1


def test_dark_skin_loses_less_light_and_shows_more_relief() -> None:
    light, dark = (canvas(name) for name in ("anna", "farid"))
    assert 1 >= light.by_paleness(LEAST_DARKENED) >= dark.by_paleness(LEAST_DARKENED) >= LEAST_DARKENED
    assert 1 <= light.by_paleness(MOST_SHADED) <= dark.by_paleness(MOST_SHADED) <= MOST_SHADED


def test_crepe_is_texture_and_no_tint() -> None:
    cheeks = np.s_[120:160, 70:185]
    moved = change("anna", Signs(crepe=2.0))[cheeks]
    assert moved[..., 0].std() > 0.5
    assert np.abs(np.median(moved, axis=(0, 1))).max() < 1
