import numpy as np
import pytest
import torch

from mien_export.data import head_batches
from mien_export.data.head_batches import Heads, plain_batch, random_placement, varied_batch
from mien_service.faces.head_maps import ROOM

SIDE = 64

RED, GREEN = (240, 20, 20), (20, 240, 20)


def heads(count: int = 6, side: int = 128, soft: bool = False) -> Heads:
    """Return red heads, a third of the picture wide, on green: half of each is hair, and all of a person is head.

    The aligned square is the whole picture.
    """
    y, x = np.mgrid[:side, :side]
    away = np.hypot(x - side / 2 + 0.5, y - side / 2 + 0.5)
    share = np.clip((side / 6 - away) / (side / 16 if soft else 1) + 0.5, 0, 1)
    pixels = share[..., None] * np.array(RED) + (1 - share[..., None]) * np.array(GREEN)
    upper = y < side / 2
    planes = np.dstack([pixels, 255 * np.dstack([share, share * ~upper, share * upper, share])])
    to_picture = torch.tensor([[side / 256, 0, side / 512 - 0.5], [0, side / 256, side / 512 - 0.5]])
    return Heads(
        torch.from_numpy(planes.round().astype(np.uint8)).repeat(count, 1, 1, 1), to_picture.repeat(count, 1, 1)
    )


def scenes(level: float = 0.5) -> torch.Tensor:
    return torch.full((3, 3, 40, 40), level)


def redness(images: torch.Tensor) -> torch.Tensor:
    return ((images[:, :1] - images[:, 1:2]) / (220 / 255) + 1) / 2


@pytest.fixture
def well_photographed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_batches, "badly_photographed", lambda images: images)


def test_a_plain_square_is_the_services_and_unknown_beyond_the_picture() -> None:
    batch = plain_batch(heads(2), SIDE)
    assert batch.images.shape == batch.maps.shape == (2, 3, SIDE, SIDE)
    assert batch.known.shape == (2, 1, SIDE, SIDE)
    rim = SIDE * (1 - 1 / ROOM) / 2
    known = batch.known[0, 0].nonzero()
    assert known.min().item() == pytest.approx(rim, abs=1)
    assert known.max().item() == pytest.approx(SIDE - 1 - rim, abs=1)
    wanted = np.pi * (SIDE / ROOM / 6) ** 2
    assert batch.maps[0, 0].sum().item() == pytest.approx(wanted, rel=0.1)
    assert batch.maps[0, 2, : SIDE // 2].sum() > 0.95 * batch.maps[0, 2].sum()
    assert ((redness(batch.images)[0, 0] > 0.5) == (batch.maps[0, 0] > 0.5)).float().mean() > 0.98


def test_halved_pictures_lie_where_they_did() -> None:
    one, other = (plain_batch(made, SIDE) for made in (heads(1), heads(1).halved()))
    assert heads(1).halved().planes.shape == (1, 64, 64, 7)
    assert (one.maps - other.maps).abs().mean() < 0.02
    assert (one.images - other.images).abs().mean() < 0.02


@pytest.mark.usefixtures("well_photographed")
def test_varied_maps_stay_on_their_heads() -> None:
    batch = varied_batch(heads(40), scenes(), SIDE)
    known = batch.known > 0.5
    red = redness(batch.images) > 0.75
    own = batch.maps[:, :1] > 0.5
    assert (own & known).any()
    assert (red[known & own]).float().mean() > 0.97
    assert batch.maps.max() <= 1
    assert set(batch.known.unique().tolist()) <= {0.0, 1.0}
    assert batch.known.mean() > plain_batch(heads(2), SIDE).known.mean(), "new backgrounds are known to be none"


@pytest.mark.usefixtures("well_photographed")
def test_neighbours_are_seen_and_are_not_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_batches, "REPLACED_SHARE", 1.0)
    shares: list[float] = []
    for share in (0.0, 1.0):
        monkeypatch.setattr(head_batches, "NEIGHBOUR_SHARE", share)
        batch = varied_batch(heads(40), scenes(), SIDE)
        others = (redness(batch.images) > 0.75) & (batch.maps[:, :1] < 0.1) & (batch.known > 0.5)
        shares.append(others.float().mean().item())
    assert shares[0] == 0
    assert shares[1] > 0.0005


@pytest.mark.usefixtures("well_photographed")
def test_a_replaced_background_leaves_no_fringe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_batches, "NEIGHBOUR_SHARE", 0.0)
    green: list[float] = []
    for share in (0.0, 1.0):
        monkeypatch.setattr(head_batches, "REPLACED_SHARE", share)
        batch = varied_batch(heads(20, soft=True), scenes(0.1), SIDE)
        half = (batch.maps[:, :1] > 0.2) & (batch.maps[:, :1] < 0.8) & (batch.known > 0.5)
        green.append(batch.images[:, 1:2][half].mean().item())
    assert green[1] < 0.2 < 0.35 < green[0]


def test_squares_are_mirrored_and_lie_loosely() -> None:
    placement = random_placement(2000, torch.device("cpu"))
    assert placement.flip.mean().abs() < 0.1
    assert placement.zoom.quantile(0.05) < 0.75
    assert placement.zoom.quantile(0.95) < 1.2
    assert placement.shift.abs().max() < 0.2
