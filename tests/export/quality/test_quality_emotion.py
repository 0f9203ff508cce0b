from dataclasses import replace
from pathlib import Path

import numpy as np
import people
import pytest
from finding import found

from mien_export.data.expressions import Expressions
from mien_export.quality.emotion import (
    VIEWS,
    Answered,
    accuracy_rows,
    answers,
    class_rows,
    confusion_rows,
    faces_sheet,
    inputs,
    smile_rows,
)
from mien_export.quality.expression_readers import ExpressionReader
from mien_export.quality.held_out import HeldOutFace
from mien_service.faces.align import align
from mien_service.faces.expression import EXPRESSIONS, INPUT_SIDE, ZOOMS

SEVEN = len(EXPRESSIONS)


@pytest.fixture(scope="module")
def reader(weights: Path) -> ExpressionReader:
    return ExpressionReader(weights / "emotion_net.onnx")


def answered(read: list[int], labels: list[int]) -> Answered:
    shares = np.full((len(read), SEVEN), 0.05)
    shares[np.arange(len(read)), read] = 0.7
    return Answered(dict.fromkeys(VIEWS, shares), np.array(labels))


def test_rows_tell_accuracy_with_its_interval() -> None:
    rows = accuracy_rows("ours", "test", answered([0, 1, 2, 3], [0, 1, 2, 4]))
    assert [row["seen"] for row in rows] == list(VIEWS)
    assert (rows[0]["n"], rows[0]["accuracy"]) == (4, 0.75)
    assert rows[0]["95 %"] == "0.301 to 0.954"
    assert rows[0]["calibration error"] == pytest.approx(0.05)


def test_each_expression_tells_what_is_found_and_what_is_right() -> None:
    happy, sad = EXPRESSIONS.index("happy"), EXPRESSIONS.index("sad")
    one = answered([happy, happy, happy, sad], [happy, happy, sad, sad])
    rows = {row[""]: row for row in class_rows({"ours": one})}
    assert (rows["happy"]["ours: found"], rows["happy"]["ours: right where read"]) == (1, pytest.approx(2 / 3))
    assert (rows["sad"]["ours: found"], rows["sad"]["ours: right where read"]) == (0.5, 1)
    assert (rows["fear"]["n"], rows["fear"]["ours: found"]) == (0, 0)
    confused = {row[""]: row for row in confusion_rows(one)}
    assert (confused["sad"]["happy"], confused["sad"]["sad"], confused["fear"]["fear"]) == (0.5, 0.5, 0)


def test_a_reader_reads_faces_in_batches_and_mirrored(reader: ExpressionReader) -> None:
    faces = np.random.default_rng(0).random((70, 1, INPUT_SIDE, INPUT_SIDE)).astype(np.float32)
    shares = reader(faces)
    assert shares.shape == (70, SEVEN)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(shares[65:], reader(faces[65:]), atol=1e-5)
    views = faces.reshape(35, 2, 1, INPUT_SIDE, INPUT_SIDE)
    served = reader.served(views)
    np.testing.assert_allclose(reader.served(views[..., ::-1]), served, atol=1e-6)
    each = (reader(faces) + reader(np.ascontiguousarray(faces[..., ::-1]))) / 2
    np.testing.assert_allclose(served, (each[::2] + each[1::2]) / 2, atol=1e-6)
    assert reader.milliseconds() > 0


def test_fer2013s_faces_are_seen_as_the_service_would_show_them(reader: ExpressionReader) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 48, 48)).astype(np.uint8)
    faces = Expressions(pixels, np.arange(3), np.ones(3, np.bool_), np.zeros((3, 10), np.float32), ("test",) * 3)
    told = answers(reader, faces)
    mirrored = answers(reader, replace(faces, pixels=np.ascontiguousarray(pixels[:, :, ::-1])))
    np.testing.assert_allclose(told.shares[VIEWS[1]], mirrored.shares[VIEWS[1]], atol=1e-4)
    assert np.abs(told.shares[VIEWS[0]] - mirrored.shares[VIEWS[0]]).max() > 1e-4
    sheet = faces_sheet(faces, told.shares[VIEWS[1]])
    assert [len(row) for row in sheet] == [1, 1, 1]
    assert sheet[0][0][0].startswith("angry: ")


def test_smiles_are_told_from_stillness_by_group(reader: ExpressionReader) -> None:
    labels = {"anna": ("1", "0", "1"), "ben": ("0", "1", "1"), "emil": ("1", "1", "0"), "gina": ("0", "0", "1")}
    photos = [
        HeldOutFace(
            people.small_person(name),
            align(people.small_person(name), found(name)),
            {"Smiling": smiling, "Male": male, "Young": young},
        )
        for name, (smiling, male, young) in labels.items()
    ]
    assert inputs(photos).shape == (4, len(ZOOMS), 1, INPUT_SIDE, INPUT_SIDE)
    rows = {row[""]: row for row in smile_rows({"ours": reader}, photos)}
    assert (rows["all"]["n"], rows["all"]["smiling"], rows["men"]["n"], rows["older"]["n"]) == (4, 2, 2, 1)
    assert rows["all"]["ours"] == 1
    assert np.isnan(float(rows["older"]["ours"]))
