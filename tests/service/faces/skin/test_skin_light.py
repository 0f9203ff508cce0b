import numpy as np
import pytest
from canvases import canvas, mesh_of, model
from hypothesis import given, settings
from hypothesis import strategies as st

from mien_service.faces.raster import rasterised
from mien_service.faces.skin.light import PRIOR, STRONGEST, light_on
from mien_service.faces.skin.surface import vertex_normals


def lit(towards: tuple[float, float]) -> np.ndarray:
    """Return an aligned square with a grey face that light from a direction falls on."""
    mesh, triangles = mesh_of("carla"), model().triangles
    normals = vertex_normals(mesh, triangles)
    shade = normals[:, 0] * towards[0] + normals[:, 1] * towards[1] - normals[:, 2]
    grey = np.clip(0.35 * shade, 0.02, 1) ** (1 / 2.2)
    drawn = rasterised(mesh, triangles, 256).between(grey[:, None].astype(np.float32))
    return np.rint(np.repeat(drawn, 3, axis=2) * 255).clip(0, 255).astype(np.uint8)


@settings(max_examples=15)
@given(st.floats(0.2, 0.9), st.floats(0, 2 * np.pi))
def test_light_is_found_where_it_comes_from(strength: float, angle: float) -> None:
    wanted = (strength * np.cos(angle), strength * np.sin(angle))
    found = light_on(lit(wanted), mesh_of("carla"), vertex_normals(mesh_of("carla"), model().triangles))
    cosine = float(found @ wanted) / (float(np.hypot(*found)) * strength)
    assert cosine > 0.8


def test_light_is_never_steeper_than_can_be_read() -> None:
    for name in ("anna", "ben", "carla", "farid"):
        assert float(np.hypot(*canvas(name).light)) <= STRONGEST + 1e-5


def test_of_a_face_that_is_not_seen_light_comes_from_above() -> None:
    away = np.tile(np.array([0, 0, 1], np.float32), (468, 1))
    assert light_on(np.zeros((256, 256, 3), np.uint8), mesh_of("carla"), away) == pytest.approx(PRIOR)
