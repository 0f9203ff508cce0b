from dataclasses import fields as fields_of
from dataclasses import replace

import people
import pytest
import torch
from torch import nn

from mien_export.data.edit_pairs import Batch, pairs_batch
from mien_export.networks.edit_net import Fields
from mien_export.networks.lite0 import Lite0
from mien_export.recipes.edit_compose import composed
from mien_export.recipes.edit_losses import EditLosses, LossWeights

SIDE = 64
NONE = LossWeights(**{one.name: 0.0 for one in fields_of(LossWeights)})


@pytest.fixture(scope="module")
def lite0() -> Lite0:
    return Lite0()


@pytest.fixture
def batch() -> Batch:
    """Two faces with a brighter square in the middle."""
    pixels = [torch.from_numpy(people.small_person(name, SIDE).copy()) for name in ("anna", "emil")]
    source = torch.stack(pixels).permute(0, 3, 1, 2).float() / 255 * 0.7
    target = source.clone()
    target[:, :, 24:40, 24:40] += 0.2
    return pairs_batch(source, target)


def no_fields(n: int = 2, alpha: float = 0.0) -> Fields:
    nothing = torch.zeros(n, 3, SIDE, SIDE)
    return Fields(nothing[:, :2], nothing, nothing[:, :1] + alpha)


def term(name: str, output: torch.Tensor, batch: Batch, fields: Fields | None = None) -> float:
    losses = EditLosses(replace(NONE, **{name: 1.0}))
    return losses.terms(output, fields or no_fields(), batch)[name].item()


def test_the_target_inside_is_what_is_wanted(batch: Batch) -> None:
    assert term("changed", batch.target, batch) == 0
    assert term("unchanged", batch.target, batch) == pytest.approx(0, abs=1e-3)
    inside = (batch.region * (batch.target - batch.source)).abs().mean(dim=1).sum() / batch.region.sum()
    assert term("changed", batch.source, batch) == pytest.approx(inside.item(), rel=1e-4)
    assert term("unchanged", batch.source, batch) == 0


def test_a_change_elsewhere_costs_only_where_it_is(batch: Batch) -> None:
    output = batch.target.clone()
    output[:, :, :8] += 0.5
    assert term("changed", output, batch) == 0
    assert term("unchanged", output, batch) > 0.05


def test_the_changed_term_is_a_mean_over_the_region_however_small(batch: Batch) -> None:
    small = torch.zeros_like(batch.region)
    small[:, :, 30:34, 30:34] = 1
    found = term("changed", batch.source, replace(batch, region=small))
    assert found == pytest.approx(0.2, abs=1e-4)


def test_small_differences_can_count_by_their_square(batch: Batch) -> None:
    everywhere = replace(batch, region=torch.ones_like(batch.region))
    costs = {}
    for difference in (0.02, 0.04, 0.2, 0.4):
        losses = EditLosses(replace(NONE, changed=1.0, bend=0.1))
        costs[difference] = losses.terms(batch.target + difference, no_fields(), everywhere)["changed"].item()
    assert costs[0.04] == pytest.approx(4 * costs[0.02], rel=1e-3)
    assert costs[0.4] - costs[0.2] == pytest.approx(2 * 0.2, rel=1e-3)


def test_where_a_change_is_not_sure_only_squares_ask_for_some_of_it() -> None:
    """One of three faces shows the change: the best answer to all is none, or a third."""
    amounts = torch.linspace(0, 0.06, 13)
    for bend, best in ((0.0, 0.0), (0.1, 0.02)):
        losses = EditLosses(replace(NONE, changed=1.0, bend=bend))
        dark = torch.zeros(3, 3, SIDE, SIDE)
        target = dark.clone()
        target[0] = 0.06
        wanted = pairs_batch(dark, target, region=torch.ones(3, 1, SIDE, SIDE))
        costs = [losses.terms(dark + amount, no_fields(3), wanted)["changed"] for amount in amounts]
        assert amounts[int(torch.stack(costs).argmin())].item() == pytest.approx(best, abs=1e-3)


def test_alpha_is_pressed_down_outside_the_region_only(batch: Batch) -> None:
    inside = no_fields()
    inside.alpha[batch.region == 1] = 1
    assert term("alpha", batch.source, batch, inside) == 0
    assert term("alpha", batch.source, batch, no_fields(alpha=0.5)) == pytest.approx(0.5)
    painted = replace(no_fields(), paint=torch.ones(2, 4, SIDE, SIDE))
    assert term("alpha", batch.source, batch, painted) == pytest.approx(1)
    assert term("paint", batch.source, batch, painted) == pytest.approx(1)
    assert term("paint", batch.source, batch, replace(painted, paint=torch.zeros(2, 4, SIDE, SIDE))) == 0


def test_islands_cost_more_than_one_patch(batch: Batch) -> None:
    one, islands = no_fields(), no_fields()
    one.alpha[:, :, 16:32, 16:48] = 1
    islands.alpha[:, :, ::8, ::2] = 1
    assert one.alpha.mean() < 2.1 * islands.alpha.mean()
    assert term("alpha_smooth", batch.source, batch, one) < term("alpha_smooth", batch.source, batch, islands)
    assert term("alpha_smooth", batch.source, batch, no_fields(alpha=1)) == 0


@pytest.mark.parametrize("scale", [1, 2])
def test_roughness_of_a_flow_does_not_depend_on_the_side(batch: Batch, scale: int) -> None:
    side = SIDE * scale
    slope = (torch.arange(side) * 0.1).view(1, 1, 1, side).expand(2, 2, side, side)
    fields = Fields(slope, torch.zeros(2, 3, side, side), torch.zeros(2, 1, side, side))
    losses = EditLosses(replace(NONE, flow_smooth=1.0))
    large = pairs_batch(*(torch.nn.functional.interpolate(one, side) for one in (batch.source, batch.target)))
    assert losses.terms(large.source, fields, large)["flow_smooth"].item() == pytest.approx(0.01, rel=1e-3)


def test_the_perceptual_term_looks_mostly_inside(lite0: Lite0, batch: Batch) -> None:
    losses = EditLosses(replace(NONE, perceptual=1.0), lite0)
    found: list[float] = []
    for top in (24, 0):
        output = batch.target.clone()
        output[:, :, top : top + 16, 24:40] = torch.rand(2, 3, 16, 16)
        found.append(losses.terms(output, no_fields(), batch)["perceptual"].item())
    assert losses.terms(batch.wanted(), no_fields(), batch)["perceptual"].item() == pytest.approx(0, abs=1e-6)
    assert found[0] > 2 * found[1] > 0


def test_the_perceptual_term_is_that_of_as_many_pictures_as_it_may_look_at(lite0: Lite0, batch: Batch) -> None:
    output = batch.wanted()
    output[1] = torch.rand(3, SIDE, SIDE)
    first = EditLosses(replace(NONE, perceptual=1.0), lite0, looked_at=1)
    assert first.terms(output, no_fields(), batch)["perceptual"].item() == pytest.approx(0, abs=1e-6)


def test_what_lies_outside_the_window_is_not_looked_at(lite0: Lite0, batch: Batch) -> None:
    small = replace(batch, region=torch.zeros_like(batch.region))
    small.region[:, :, 4:12, 4:12] = 1
    output = small.wanted()
    output[:, :, 40:, 40:] = 0
    terms = [EditLosses(replace(NONE, perceptual=1.0), lite0, window=share) for share in (1.0, 0.5)]
    whole, part = (losses.terms(output, no_fields(), small)["perceptual"].item() for losses in terms)
    assert whole > 0.001
    assert part == pytest.approx(0, abs=1e-6)


class _MeanColour(nn.Module):
    """Describes a face by its colour: enough to see what is compared with what."""

    def forward(self, squares: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(squares.mean(dim=(2, 3)) - 0.2, dim=1)


def test_identity_is_that_of_the_source(batch: Batch) -> None:
    losses = EditLosses(replace(NONE, identity=1.0), descriptor=_MeanColour())  # pyright: ignore[reportArgumentType]
    assert losses.terms(batch.source, no_fields(), batch)["identity"].item() == pytest.approx(0, abs=1e-5)
    turned = batch.source.roll(1, dims=1)
    assert losses.terms(turned, no_fields(), batch)["identity"].item() > 0.005
    output = turned.requires_grad_()
    losses.terms(output, no_fields(), batch)["identity"].backward()
    assert output.grad is not None
    assert output.grad.abs().sum() > 0


def test_whoever_is_to_be_shown_is_compared_with_of_the_last_pictures(batch: Batch) -> None:
    person = batch.source.roll(1, dims=1)
    losses = EditLosses(replace(NONE, identity=1.0), descriptor=_MeanColour(), recognised=1)  # pyright: ignore[reportArgumentType]
    output = torch.cat([batch.source[:1], person[1:]])
    shown = replace(batch, person=person)
    assert losses.terms(output, no_fields(), shown)["identity"].item() == pytest.approx(0, abs=1e-5)
    assert losses.terms(batch.source, no_fields(), shown)["identity"].item() > 0.005


@pytest.mark.parametrize("name", ["perceptual", "identity"])
def test_a_term_without_its_network_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="needs"):
        EditLosses(replace(NONE, **{name: 0.5}))


def test_a_pair_without_a_change_asks_for_nothing(lite0: Lite0, batch: Batch) -> None:
    still = pairs_batch(batch.source, batch.source)
    assert not still.region.any()
    terms = EditLosses(LossWeights(adversarial=0.0), lite0).terms(batch.source, no_fields(), still)
    assert all(value.item() == pytest.approx(0, abs=1e-6) for value in terms.values())


def test_each_term_is_multiplied_by_its_weight(lite0: Lite0, batch: Batch) -> None:
    output = torch.rand(2, 3, SIDE, SIDE)
    fields = Fields(*(torch.rand(2, c, SIDE, SIDE) for c in (2, 3, 1, 4)))
    weights = LossWeights(residual=0.1)
    once = EditLosses(weights, lite0).terms(output, fields, batch)
    thrice = {one.name: 3 * getattr(weights, one.name) for one in fields_of(LossWeights)}
    found = EditLosses(LossWeights(**thrice), lite0).terms(output, fields, batch)
    smooth = {"alpha_smooth", "flow_smooth"}
    assert once.keys() == {"changed", "unchanged", "perceptual", "alpha", "residual", "paint"} | smooth
    for name, value in once.items():
        assert value.item() > 0
        assert found[name].item() == pytest.approx(3 * value.item(), rel=1e-4)


def test_going_down_the_terms_makes_the_target(lite0: Lite0, batch: Batch) -> None:
    """Fields fitted by hand, without a network: the terms together want the target."""
    raw = [torch.zeros(2, c, SIDE, SIDE).requires_grad_() for c in (2, 3, 1)]
    optimizer = torch.optim.Adam(raw, lr=0.05)
    losses = EditLosses(LossWeights(), lite0)

    def fields() -> Fields:
        return Fields(raw[0], torch.tanh(raw[1]), torch.sigmoid(raw[2]))

    for _ in range(60):
        made = fields()
        total = torch.stack(list(losses.terms(composed(batch.source, made), made, batch).values())).sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    with torch.no_grad():
        output = composed(batch.source, fields())
    assert term("changed", output, batch) < 0.25 * term("changed", batch.source, batch)
    assert term("unchanged", output, batch) < 0.01
