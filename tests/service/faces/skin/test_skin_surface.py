import numpy as np
import pytest
from canvases import aligned, at, mesh_of, model

from mien_service.faces.head_model import placement
from mien_service.faces.skin.surface import CHART_SHAPE, surface_of

INNER = [4, 5, 6, 9, 50, 280, 151, 199, 205, 425, 117, 346]
"""Points of the mesh well inside the face."""


@pytest.mark.parametrize("side", [128, 320])
def test_points_of_the_mesh_lie_where_the_mean_face_has_them(side: int) -> None:
    surface = surface_of(mesh_of("carla"), model(), side)
    places = at(surface.places, mesh_of("carla")[INNER])
    np.testing.assert_allclose(places, model().mean[INNER, :2], atol=0.03)
    assert at(surface.shown, mesh_of("carla")[INNER]).min() > 0.6


def test_nothing_shows_beside_the_face() -> None:
    surface = surface_of(mesh_of("carla"), model(), 128)
    edge = np.concatenate([surface.shown[0], surface.shown[-1], surface.shown[:, 0], surface.shown[:, -1]])
    assert edge.max() == 0


def test_the_forehead_goes_on_above_the_mesh() -> None:
    surface = surface_of(mesh_of("ben"), model(), 128)
    top, brow = mesh_of("ben")[10], mesh_of("ben")[9]
    above = (top + 0.4 * (top - brow))[None]
    assert at(surface.shown, above)[0] > 0.3
    assert at(surface.places, above)[0, 1] < model().mean[10, 1]


def test_a_unit_is_the_distance_of_the_outer_corners() -> None:
    surface = surface_of(mesh_of("carla"), model(), 256)
    corners = mesh_of("carla")[[33, 263], :2]
    assert surface.unit == pytest.approx(float(np.hypot(*(corners[1] - corners[0]))), rel=0.06)


def test_the_flank_that_is_turned_away_shows_less() -> None:
    mean, placed = model().mean, placement(mesh_of("carla"), model())
    angle = np.radians(40)
    turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
    middle = np.array([127.5, 120.0, 0.0])
    surface = surface_of((placed.scale * mean @ turn.T + middle).astype(np.float32), model(), 128)
    left, right = (surface.shown[surface.places[..., 0] * side > 0.5].sum() for side in (-1, 1))
    assert max(left, right) > 3 * min(left, right)


def test_a_chart_lies_where_its_places_are() -> None:
    surface = surface_of(mesh_of("carla"), model(), 256)
    chart = np.zeros(CHART_SHAPE, np.float32)
    chart[:, CHART_SHAPE[1] // 2 :] = 1
    drawn = surface.chart(chart)
    cheeks = at(drawn, mesh_of("carla")[[205, 425]])
    np.testing.assert_allclose(cheeks, [0, 1], atol=0.01)
    assert aligned("carla").crop.shape == (256, 256, 3)
