from dataclasses import dataclass

import numpy as np
import pytest
import torch
from cropped import crops_of
from numpy.typing import NDArray

from mien_export.data.crops import Crops
from mien_export.networks.face_vae import IMAGE_SIZE, LATENT_SIZE, FaceVae
from mien_export.recipes import attribute_vectors as recipe
from mien_export.recipes.attribute_vectors import CONTROLS, SOURCES, encode_crops, partial_effect, versions
from mien_service.tasks.attributes import Attribute

SIZE = 24
EFFECT = 1.5
"""How far the attribute moves the latent numbers along its true direction."""


@dataclass(frozen=True, eq=False)
class _Crowd:
    """People whose latent numbers are known to be noise plus an effect of each label."""

    latents: NDArray[np.float32]
    crops: Crops
    truth: dict[str, NDArray[np.float64]]
    """The direction of each label."""


def crowd(n: int = 3000, **given: NDArray[np.bool_]) -> _Crowd:
    """Return n people with random labels, but for the given ones."""
    random = np.random.default_rng(7)
    columns = {name: random.random(n) < 0.4 for name in (*CONTROLS, "Mustache")} | given
    directions, _ = np.linalg.qr(random.normal(size=(SIZE, len(columns))))
    truth = dict(zip(columns, directions.T, strict=True))
    latents = random.normal(0, 0.5, (n, SIZE))
    for name, present in columns.items():
        latents += EFFECT * np.outer(present, truth[name])
    rows = [{name: str(int(present[i])) for name, present in columns.items()} for i in range(n)]
    return _Crowd(latents.astype(np.float32), crops_of(np.zeros((n, 1, 1, 3), np.uint8), rows), truth)


def smiling_women() -> _Crowd:
    """Return people of whom three in four women smile, and one man in four: smile and sex come together."""
    random = np.random.default_rng(3)
    male = random.random(3000) < 0.5
    return crowd(Male=male, Smiling=random.random(3000) < np.where(male, 0.25, 0.75))


def cosine(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


@pytest.fixture
def anchors() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(0.5, 0.5, (4, SIZE)).astype(np.float32)


def test_orthogonal_vectors_leave_out_what_comes_along(anchors: NDArray[np.float32]) -> None:
    people = smiling_women()
    both = versions(people.latents, people.crops, Attribute.SMILING, anchors)
    plain, orthogonal = (found.mean(axis=0) for found in both)
    smile, male = people.truth["Smiling"], people.truth["Male"]
    assert cosine(plain, male) < -0.2
    assert abs(cosine(orthogonal, male)) < 0.08
    assert cosine(orthogonal, smile) > cosine(plain, smile) + 0.01
    assert cosine(orthogonal, smile) > 0.97


@pytest.mark.parametrize("attribute", [Attribute.YOUNG, Attribute.MALE])
def test_where_nothing_comes_along_both_kinds_find_the_direction(
    attribute: Attribute, anchors: NDArray[np.float32]
) -> None:
    people = crowd()
    for found in versions(people.latents, people.crops, attribute, anchors):
        assert found.shape == (4, SIZE)
        assert cosine(found.mean(axis=0), people.truth[SOURCES[attribute].column]) > 0.95


def test_everyone_near_an_anchor_makes_its_version(
    anchors: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "NEIGHBOURS", 200)
    people = crowd()
    for found in versions(people.latents, people.crops, Attribute.SMILING, anchors):
        for i in range(3):
            assert 0.2 < cosine(found[i], found[3]) < 0.999


def test_the_same_anchor_gives_the_same_version(anchors: NDArray[np.float32]) -> None:
    people = crowd()
    twice = versions(people.latents, people.crops, Attribute.SMILING, anchors[[0, 0]])
    for found in twice:
        np.testing.assert_array_equal(found[0], found[1])


def test_for_a_mustache_only_men_are_compared(anchors: NDArray[np.float32]) -> None:
    assert SOURCES[Attribute.MUSTACHE].men_only
    people = crowd()
    before = versions(people.latents, people.crops, Attribute.MUSTACHE, anchors)
    women = np.array([row["Male"] == "0" for row in people.crops.rows])
    people.latents[women] += np.random.default_rng(5).normal(size=(int(women.sum()), SIZE)).astype(np.float32)
    after = versions(people.latents, people.crops, Attribute.MUSTACHE, anchors)
    np.testing.assert_array_equal(before, after)
    assert cosine(before[1].mean(axis=0), people.truth["Mustache"]) > 0.95


def test_for_a_smile_everyone_is(anchors: NDArray[np.float32]) -> None:
    people = crowd()
    before = versions(people.latents, people.crops, Attribute.SMILING, anchors)
    people.latents[[row["Male"] == "0" for row in people.crops.rows]] += 1
    after = versions(people.latents, people.crops, Attribute.SMILING, anchors)
    assert np.abs(before[1] - after[1]).max() > 0.05


def test_a_negated_source_turns_the_vector_round(anchors: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch) -> None:
    people = crowd()
    found = versions(people.latents, people.crops, Attribute.YOUNG, anchors)
    monkeypatch.setitem(recipe.SOURCES, Attribute.YOUNG, recipe.Source("Young", negated=True))
    turned = versions(people.latents, people.crops, Attribute.YOUNG, anchors)
    np.testing.assert_allclose(turned, -np.array(found), atol=1e-5)


def test_a_partial_effect_is_the_one_that_was_put_in() -> None:
    random = np.random.default_rng(2)
    wanted, other = random.random((2, 1000)) < 0.5
    effects = random.normal(size=(2, SIZE))
    latents = (np.outer(wanted, effects[0]) + np.outer(other, effects[1]) + 3).astype(np.float32)
    found = partial_effect(latents, wanted, other[:, None].astype(np.float32))
    np.testing.assert_allclose(found, effects[0], atol=0.1)
    assert np.linalg.norm(found) < np.linalg.norm(effects[0]), "the ridge shrinks, and never inflates"


@pytest.mark.parametrize("constant", [0.0, 1.0])
def test_a_control_that_nobody_or_everybody_has_changes_nothing(constant: float) -> None:
    random = np.random.default_rng(2)
    wanted = random.random(500) < 0.5
    latents = random.normal(size=(500, SIZE)).astype(np.float32)
    nuisance = random.integers(0, 2, (500, 1)).astype(np.float32)
    with_constant = np.hstack([nuisance, np.full((500, 1), constant, np.float32)])
    np.testing.assert_allclose(
        partial_effect(latents, wanted, with_constant), partial_effect(latents, wanted, nuisance), atol=1e-6
    )


def test_an_attribute_that_always_comes_with_a_control_does_not_blow_up() -> None:
    random = np.random.default_rng(2)
    wanted = random.random(500) < 0.5
    latents = (random.normal(size=(500, SIZE)) + wanted[:, None]).astype(np.float32)
    found = partial_effect(latents, wanted, wanted[:, None].astype(np.float32))
    np.testing.assert_allclose(found, 0.5, atol=0.3)


def test_nearest_are_the_least_distant_of_those_who_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "NEIGHBOURS", 2)
    distance = np.array([5, 1, 4, 2, 3], np.float32)
    eligible = np.array([True, False, True, True, True])
    assert recipe.nearest(distance, eligible).tolist() == [3, 4]
    assert recipe.nearest(distance, np.array([True] + 4 * [False])).tolist() == [0]


@pytest.fixture(scope="module")
def model() -> FaceVae:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return FaceVae().eval()


def made_crops(n: int) -> NDArray[np.uint8]:
    return np.random.default_rng(n).integers(0, 256, (n, 144, 144, 3)).astype(np.uint8)


def test_crops_are_encoded_at_their_middle_batch_by_batch(model: FaceVae, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "ENCODE_BATCH", 2)
    pixels = made_crops(3)
    found = encode_crops(model, crops_of(pixels, [{}] * 3))
    middle = torch.from_numpy(pixels[:, 8:-8, 8:-8].transpose(0, 3, 1, 2).astype(np.float32) / 255)
    with torch.no_grad():
        wanted = model.encoder(middle)[0].numpy()
    assert found.shape == (3, LATENT_SIZE)
    np.testing.assert_allclose(found, wanted, atol=1e-3 * np.abs(wanted).max())


def test_the_table_is_made_from_training_people_alone(model: FaceVae, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {*CONTROLS, *(source.column for source in SOURCES.values())}
    labels = np.random.default_rng(0).integers(0, 2, (60, len(columns)))
    rows = [
        {"split": "validation" if i % 3 == 0 else "train"} | dict(zip(columns, map(str, row), strict=True))
        for i, row in enumerate(labels)
    ]
    everyone = crops_of(np.zeros((60, 1, 1, 3), np.uint8), rows)
    asked: list[tuple[str, int]] = []
    encoded: list[Crops] = []

    def load(pack: str, size: int) -> Crops:
        asked.append((pack, size))
        return everyone

    def encode(_: FaceVae, crops: Crops) -> NDArray[np.float32]:
        encoded.append(crops)
        return np.random.default_rng(0).normal(size=(len(crops.rows), LATENT_SIZE)).astype(np.float32)

    monkeypatch.setattr(recipe, "load_crops", load)
    monkeypatch.setattr(recipe, "encode_crops", encode)
    table = recipe.attribute_vectors(model)
    assert asked == [("celeba", IMAGE_SIZE)]
    assert {row["split"] for row in encoded[0].rows} == {"train"}
    assert table["attributes"].tolist() == [attribute.value for attribute in SOURCES]
    for kind in ("plain", "orthogonal"):
        assert (table[kind].shape, table[kind].dtype) == ((len(SOURCES), 25, LATENT_SIZE), np.float16)
        assert np.isfinite(table[kind]).all()


def test_every_attribute_offered_has_a_source() -> None:
    assert set(SOURCES) == set(Attribute)
