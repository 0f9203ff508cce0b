from collections.abc import Callable

import cv2
import numpy as np
import pytest

from mien_export.data.expressions import (
    VOTED,
    Expressions,
    fingerprints,
    load_expressions,
    repeated_share,
    soft_labels,
    training_faces,
)
from mien_service.faces.expression import EXPRESSIONS


def blotchy(seed: int) -> np.ndarray:
    """Return a grey picture (48, 48) of a few large patches."""
    patches = np.random.default_rng(seed).integers(0, 256, (6, 6)).astype(np.uint8)
    return np.asarray(cv2.resize(patches, (48, 48), interpolation=cv2.INTER_CUBIC), np.uint8)


def votes(**counts: int) -> list[float]:
    return [float(counts.get(name, 0)) for name in VOTED]


def faces(pixels: list[np.ndarray], splits: list[str]) -> Expressions:
    count = len(pixels)
    return Expressions(
        np.stack(pixels),
        np.zeros(count, np.int64),
        np.ones(count, np.bool_),
        np.tile(np.array(votes(neutral=10), np.float32), (count, 1)),
        tuple(splits),
    )


def test_the_pack_is_read_with_labels_and_votes(
    make_pack: Callable[..., None], webp: Callable[[np.ndarray], bytes]
) -> None:
    labels = [("a.webp", "train", "happy", "1"), ("b.webp", "test", "disgust", "0")]
    rows = [
        {
            "file": file,
            "split": split,
            "label": label,
            "agrees": agrees,
            **{name: str(i) for i, name in enumerate(VOTED)},
        }
        for file, split, label, agrees in labels
    ]
    pictures = {row["file"]: blotchy(i) for i, row in enumerate(rows)}
    make_pack("fer2013", rows, {name: webp(np.repeat(one[..., None], 3, axis=2)) for name, one in pictures.items()})
    read = load_expressions()
    assert [EXPRESSIONS[label] for label in read.labels] == ["happy", "disgust"]
    assert read.is_certain.tolist() == [True, False]
    assert read.votes.tolist() == [list(range(10))] * 2
    test = read.split("test")
    assert (test.splits, test.labels.tolist()) == (("test",), [1])
    np.testing.assert_allclose(test.pixels[0], pictures["b.webp"], atol=2)


def test_what_is_also_held_out_is_not_trained_on() -> None:
    brighter = np.asarray(blotchy(1) * 0.7 + 40, np.uint8)
    everything = faces(
        [blotchy(1), blotchy(2), blotchy(3), brighter, blotchy(4), blotchy(3)],
        ["train", "train", "train", "valid", "test", "test"],
    )
    kept = training_faces(everything)
    np.testing.assert_array_equal(kept.pixels, [blotchy(2)])
    assert repeated_share(everything) == 0.5


def test_copies_have_one_fingerprint_and_others_have_others() -> None:
    copy = cv2.imdecode(cv2.imencode(".webp", blotchy(0), [cv2.IMWRITE_WEBP_QUALITY, 90])[1], cv2.IMREAD_GRAYSCALE)
    prints = fingerprints(np.stack([blotchy(0), copy, *(blotchy(seed) for seed in range(1, 30))]))
    assert prints[0] == prints[1]
    assert len(set(prints)) == 30


def test_votes_are_translated_into_labels() -> None:
    """Of faces voted `fear` half are filed under surprise: a vote for fear is worth half a surprise."""
    fear, surprise, happy = (EXPRESSIONS.index(name) for name in ("fear", "surprise", "happy"))
    count = 400
    labels = np.array([fear, surprise] * count + [happy] * count)
    cast = np.array([votes(fear=10)] * 2 * count + [votes(happiness=10)] * count, np.float32)
    known = Expressions(
        np.zeros((len(labels), 48, 48), np.uint8),
        labels,
        np.ones(len(labels), np.bool_),
        cast,
        ("train",) * len(labels),
    )
    soft = soft_labels(known, 0.4)
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-5)
    assert soft[0, fear] == pytest.approx(0.6 + 0.2, abs=0.01)
    assert soft[0, surprise] == pytest.approx(0.2, abs=0.01)
    assert soft[-1, happy] == pytest.approx(1, abs=0.01)


def test_where_the_label_is_not_certain_the_votes_decide() -> None:
    happy, sad = EXPRESSIONS.index("happy"), EXPRESSIONS.index("sad")
    labels = np.array([happy] * 50 + [sad] * 50 + [sad])
    cast = np.array([votes(happiness=9)] * 50 + [votes(sadness=8)] * 50 + [votes(happiness=10)], np.float32)
    certain = np.array([True] * 100 + [False])
    known = Expressions(np.zeros((101, 48, 48), np.uint8), labels, certain, cast, ("train",) * 101)
    soft = soft_labels(known, 0.3)
    assert soft[-1].argmax() == happy
    assert soft[-1, sad] < 0.05
