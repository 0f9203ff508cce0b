from collections.abc import Mapping

import numpy as np
import pytest
import torch
from flatbuffers import flexbuffers
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tflite_files import ADD, MULTIPLY, Setting, Use, tflite_file

from mien_export.teachers.tflite import OPERATORS, NotTflite, TfliteFile
from mien_export.teachers.tflite_network import VARIABLES, WORK, TfliteNetwork

NUMBERS = {name: number for number, name in OPERATORS.items()}

Array = NDArray[np.float32]

Settings = Mapping[int, Setting]


def array(*values: object) -> Array:
    return np.array(values, np.float32)


def integers(*values: object) -> NDArray[np.int32]:
    return np.array(values, np.int32)


def worked(
    name: str, x: Array, *constants: NDArray[np.generic], settings: Settings | None = None, custom: bytes = b""
) -> Array:
    """Return what a network of one operator makes of x and constants."""
    operator = NUMBERS.get(name, name)
    places = range(len(constants) + 1)
    use = Use(operator, list(places), [len(places)], settings or {}, custom)
    content = tflite_file([x.shape, *constants, [1]], [use], [0], [len(places)])
    return TfliteNetwork(TfliteFile(content))(torch.from_numpy(x)).numpy()


def line(*values: float) -> Array:
    """Return a picture of one row and one channel."""
    return array(*values).reshape(1, 1, -1, 1)


def strides(stride: int, padding: int = 0) -> dict[int, Setting]:
    return {0: np.int8(padding), 1: np.int32(stride), 2: np.int32(stride)}


KERNEL = array(1, 10, 100)


@pytest.mark.parametrize(
    ("stride", "padding", "wanted"),
    [
        (1, 0, [210, 321, 432, 43]),
        (2, 0, [321, 43]),
        (1, 1, [321, 432]),
        (2, 1, [321]),
    ],
)
def test_convolutions_pad_as_tensorflow_does(stride: int, padding: int, wanted: list[float]) -> None:
    x, bias = line(1, 2, 3, 4), array(0)
    settings = strides(stride, padding)
    for name, weight in (("CONV_2D", KERNEL.reshape(1, 1, 3, 1)), ("DEPTHWISE_CONV_2D", KERNEL.reshape(1, 1, 3, 1))):
        np.testing.assert_allclose(worked(name, x, weight, bias, settings=settings).ravel(), wanted)


def test_a_convolution_mixes_channels_and_adds_its_bias() -> None:
    x = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
    weight = array([1, 0], [0, 1], [1, 1]).reshape(3, 1, 1, 2)
    found = worked("CONV_2D", x, weight, array(0, 0, 10), settings=strides(1))
    np.testing.assert_allclose(found[..., :2], x)
    np.testing.assert_allclose(found[..., 2], x.sum(axis=3) + 10)


def test_a_convolution_of_groups_keeps_them_apart() -> None:
    x = array(1, 2, 3, 4).reshape(1, 1, 1, 4)
    weight = array([1, 1], [10, 10]).reshape(2, 1, 1, 2)
    np.testing.assert_allclose(worked("CONV_2D", x, weight, settings=strides(1)).ravel(), [3, 70])


def test_a_depthwise_convolution_has_a_kernel_a_channel() -> None:
    x = np.stack([line(1, 2, 3)[..., 0], line(4, 5, 6)[..., 0]], axis=3)
    weight = np.stack([array(1, 0, 0), array(0, 0, 1)], axis=1).reshape(1, 1, 3, 2)
    found = worked("DEPTHWISE_CONV_2D", x, weight, array(0, 0), settings=strides(1))
    np.testing.assert_allclose(found[0, 0], [[0, 5], [1, 6], [2, 0]])


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4]))
def test_pictures_of_every_nth_pixel_dilate_a_convolution(seed: int, apart: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1, 8, 8, 3)).astype(np.float32)
    weight, bias = rng.normal(size=(1, 3, 3, 3)).astype(np.float32), np.zeros(3, np.float32)
    dilated = worked(
        "DEPTHWISE_CONV_2D", x, weight, bias, settings={**strides(1), 5: np.int32(apart), 6: np.int32(apart)}
    )
    block, rims = integers(apart, apart), integers([apart, apart], [apart, apart])
    apart_pictures = worked("SPACE_TO_BATCH_ND", x, block, rims)
    assert len(apart_pictures) == apart**2
    convolved = worked("DEPTHWISE_CONV_2D", apart_pictures, weight, bias, settings=strides(1, padding=1))
    joined = worked("BATCH_TO_SPACE_ND", convolved, block, integers([0, 0], [0, 0]))
    np.testing.assert_allclose(joined, dilated, atol=1e-5)


def test_joined_pictures_are_cropped() -> None:
    x = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    block = integers(2, 2)
    pictures = worked("SPACE_TO_BATCH_ND", x, block, integers([0, 0], [0, 0]))
    np.testing.assert_array_equal(pictures[1].ravel(), [1, 3, 9, 11])
    joined = worked("BATCH_TO_SPACE_ND", pictures, block, integers([1, 0], [0, 2]))
    np.testing.assert_array_equal(joined, x[:, 1:, :2])


def test_normalisation_is_by_the_pictures_own_statistics() -> None:
    x = np.random.default_rng(0).normal(3, 2, (1, 5, 7, 2)).astype(np.float32)
    custom = bytes(flexbuffers.Dumps({"epsilon": 0.25, "is_training": True}))
    found = worked("FusedBatchNormV3", x, array(2, 3), array(5, -1), array(9, 9), array(9, 9), custom=custom)
    wanted = (x - x.mean(axis=(0, 1, 2))) / np.sqrt(x.var(axis=(0, 1, 2)) + 0.25) * [2, 3] + [5, -1]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_normalisation_by_running_means_is_refused() -> None:
    custom = bytes(flexbuffers.Dumps({"epsilon": 0.25, "is_training": False}))
    with pytest.raises(NotTflite, match="running"):
        worked("FusedBatchNormV3", line(1, 2), array(1), array(0), custom=custom)


def test_a_fully_connected_layer_flattens_what_comes() -> None:
    weight, bias = array([1, 2], [3, 4], [5, 6]), array(0, 0, 100)
    found = worked("FULLY_CONNECTED", array([1, 10]).reshape(1, 1, 2), weight, bias)
    np.testing.assert_allclose(found, [[21, 43, 165]])


@pytest.mark.parametrize(
    ("name", "constants", "settings", "wanted"),
    [
        ("ADD", [array(10)], {}, [8, 10, 18]),
        ("MUL", [array(3)], {}, [-6, 0, 24]),
        ("RELU6", [], {}, [0, 0, 6]),
        ("LEAKY_RELU", [], {0: np.float32(0.25)}, [-0.5, 0, 8]),
        ("TANH", [], {}, np.tanh([-2, 0, 8])),
        ("RESHAPE", [integers(3, 1)], {}, [[-2], [0], [8]]),
        ("PAD", [integers([1, 2])], {}, [0, -2, 0, 8, 0, 0]),
        ("TILE", [integers(2)], {}, [-2, 0, 8, -2, 0, 8]),
        ("SHAPE", [], {}, [3]),
        ("CONCATENATION", [array(1)], {0: np.int32(-1)}, [-2, 0, 8, 1]),
        ("PACK", [array(1, 2, 3)], {1: np.int32(1)}, [[-2, 1], [0, 2], [8, 3]]),
        ("SLICE", [integers(1), integers(-1)], {}, [0, 8]),
        ("SLICE", [integers(0), integers(2)], {}, [-2, 0]),
        ("STRIDED_SLICE", [integers(1), integers(3), integers(1)], {}, [0, 8]),
        ("STRIDED_SLICE", [integers(0), integers(3), integers(2)], {}, [-2, 8]),
        ("STRIDED_SLICE", [integers(1), integers(0), integers(1)], {1: np.int32(1)}, [0, 8]),
        ("STRIDED_SLICE", [integers(2), integers(2), integers(1)], {0: np.int32(1)}, [-2, 0]),
        ("STRIDED_SLICE", [integers(2), integers(3), integers(1)], {4: np.int32(1)}, 8),
    ],
)
def test_operators_on_a_row(
    name: str, constants: list[NDArray[np.generic]], settings: Settings, wanted: object
) -> None:
    found = worked(name, array(-2, 0, 8), *constants, settings=settings)
    np.testing.assert_allclose(found, np.array(wanted), rtol=1e-6)


def test_masks_are_by_axis() -> None:
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    begins, ends, steps = integers(1, 1), integers(2, 2), integers(1, 1)
    masks = {0: np.int32(2), 1: np.int32(1), 4: np.int32(0)}
    np.testing.assert_array_equal(worked("STRIDED_SLICE", x, begins, ends, steps, settings=masks), x[1:, :2])


def test_pads_are_by_axis() -> None:
    x = np.ones((1, 2, 2, 1), np.float32)
    found = worked("PAD", x, integers([0, 0], [0, 1], [2, 0], [0, 0]))
    np.testing.assert_array_equal(found, np.pad(x, [(0, 0), (0, 1), (2, 0), (0, 0)]))


def test_axes_are_transposed() -> None:
    x = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    np.testing.assert_array_equal(worked("TRANSPOSE", x, integers(2, 0, 1)), x.transpose(2, 0, 1))


def test_pictures_are_enlarged() -> None:
    size, half_pixels = integers(1, 4), np.int8(1)
    smooth = worked("RESIZE_BILINEAR", line(0, 1), size, settings={3: half_pixels})
    np.testing.assert_allclose(smooth.ravel(), [0, 0.25, 0.75, 1])
    coarse = worked("RESIZE_NEAREST_NEIGHBOR", line(0, 1), size, settings={1: half_pixels})
    np.testing.assert_allclose(coarse.ravel(), [0, 0, 1, 1])


def test_noise_is_left_at_its_mean() -> None:
    tensors = [[2, 3], integers(2, 3), [2, 3], [2, 3]]
    uses = [Use(NUMBERS["RANDOM_STANDARD_NORMAL"], [1], [2]), Use(ADD, [0, 2], [3])]
    x = torch.rand(2, 3)
    torch.testing.assert_close(TfliteNetwork(TfliteFile(tflite_file(tensors, uses, [0], [3])))(x), x)


def test_what_a_later_node_needs_is_kept() -> None:
    """2 x, then 2 x + x, then (2 x + x) 2 x; variables are set on the way, and nothing comes of it."""
    tensors = [[2], array(2), [2], [2], [2], [1]]
    uses = [
        Use(NUMBERS["VAR_HANDLE"], [], [5]),
        Use(MULTIPLY, [0, 1], [2]),
        Use(NUMBERS["ASSIGN_VARIABLE"], [5, 2], []),
        Use(ADD, [2, 0], [3]),
        Use(MULTIPLY, [3, 2], [4]),
    ]
    network = TfliteNetwork(TfliteFile(tflite_file(tensors, uses, [0], [4])))
    for x in (array(1, 2), array(-3, 0)):
        np.testing.assert_allclose(network(torch.from_numpy(x)), 6 * x**2)


def test_every_operator_that_is_read_is_known() -> None:
    assert set(OPERATORS.values()) <= WORK.keys() | set(VARIABLES)


@pytest.mark.parametrize(
    ("name", "constants", "settings"),
    [
        ("ADD", [array(1)], {0: np.int8(1)}),
        ("MUL", [array(1)], {0: np.int8(3)}),
        ("CONV_2D", [KERNEL.reshape(1, 1, 3, 1)], {**strides(1), 3: np.int8(1)}),
        ("DEPTHWISE_CONV_2D", [KERNEL.reshape(1, 1, 3, 1)], {**strides(1), 4: np.int8(1)}),
        ("FULLY_CONNECTED", [array([1])], {2: np.int8(1)}),
        ("CONCATENATION", [line(1)], {0: np.int32(2), 1: np.int8(1)}),
        ("RESIZE_BILINEAR", [integers(1, 4)], {}),
        ("RESIZE_BILINEAR", [integers(1, 4)], {2: np.int8(1), 3: np.int8(1)}),
        ("RESIZE_NEAREST_NEIGHBOR", [integers(1, 4)], {}),
        ("STRIDED_SLICE", [integers(0), integers(1), integers(1)], {2: np.int32(1)}),
    ],
)
def test_settings_that_are_not_heeded_are_refused(
    name: str, constants: list[NDArray[np.generic]], settings: Settings
) -> None:
    with pytest.raises(NotTflite, match=name):
        worked(name, line(1, 2, 3), *constants, settings=settings)


def test_a_custom_operator_that_is_not_known_is_refused() -> None:
    with pytest.raises(NotTflite, match="Mystery"):
        worked("Mystery", line(1))
