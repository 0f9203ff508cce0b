import numpy as np
import pytest
from flatbuffers import flexbuffers
from tflite_files import ADD, CONVOLUTION, MULTIPLY, Use, tflite_file

from mien_export.teachers.tflite import NotTflite, TfliteFile

WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)
SIZES = np.array([5, -7], np.int32)


def content() -> bytes:
    custom = bytes(flexbuffers.Dumps({"epsilon": 0.5, "is_training": True}))
    uses = [
        Use(MULTIPLY, [0, 1], [3], {0: np.int8(1)}),
        Use("FusedBatchNormV3", [3, 2], [4, 5], custom=custom),
        Use(146, [2, -1], [6], {1: np.int32(40), 2: np.float32(0.25)}),
    ]
    return tflite_file([[2, 3], WEIGHT, SIZES, [2, 3], [2, 3], [3], [1]], uses, [0], [6])


def test_nodes_are_named_and_in_order() -> None:
    file = TfliteFile(content())
    assert [node.operator for node in file.nodes] == ["MUL", "FusedBatchNormV3", "RANDOM_STANDARD_NORMAL"]
    assert [(node.inputs, node.outputs) for node in file.nodes] == [((0, 1), (3,)), ((3, 2), (4, 5)), ((2, -1), (6,))]
    assert (file.inputs, file.outputs) == ((0,), (6,))


def test_constants_have_their_shape_and_kind() -> None:
    constants = TfliteFile(content()).constants
    assert sorted(constants) == [1, 2]
    np.testing.assert_array_equal(constants[1], WEIGHT)
    np.testing.assert_array_equal(constants[2], SIZES)
    assert [constants[i].dtype for i in (1, 2)] == [np.float32, np.int32]


def test_settings_are_read_by_their_field() -> None:
    first, second, third = TfliteFile(content()).nodes
    assert first.options is not None
    assert third.options is not None
    assert (first.options.byte(0), first.options.byte(3)) == (1, 0)
    assert (third.options.integer(1), third.options.integer(5, 9), third.options.real(2)) == (40, 9, 0.25)
    assert second.options is None
    assert second.custom == {"epsilon": 0.5, "is_training": True}
    assert first.custom == {}


def test_other_content_is_refused() -> None:
    with pytest.raises(NotTflite, match="begin"):
        TfliteFile(b"PK\x03\x04 something else")


def test_an_operator_that_is_not_known_is_refused() -> None:
    with pytest.raises(NotTflite, match="operator 77777"):
        TfliteFile(tflite_file([[1], [1]], [Use(77777, [0], [1])], [0], [1]))


def test_a_constant_that_is_not_read_is_refused() -> None:
    with pytest.raises(NotTflite, match="kind 4"):
        TfliteFile(tflite_file([[1], np.ones(1, np.int64), [1]], [Use(ADD, [0, 1], [2])], [0], [2]))


def test_a_file_without_constants_has_none() -> None:
    assert TfliteFile(tflite_file([[1], [1]], [Use(CONVOLUTION, [0, 0], [1])], [0], [1])).constants == {}
