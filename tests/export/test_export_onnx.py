import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from mien_export import onnx as mien_onnx
from mien_export.networks.face_vae import ConvBlock, ResidualBlock
from mien_export.onnx import (
    ParityError,
    Tensor,
    export,
    file_sha256,
    pack_bytes,
    pack_half,
    parity,
    read_initializers,
    update_manifest,
)
from mien_service.engine.manifest import WeightEntry, WeightsError, load_manifest
from mien_service.engine.sessions import NetworkSession, SessionOptions

IMAGE = Tensor("image", (3, 8, 8), "a picture", (0.0, 1.0))
SCORES = Tensor("scores", (5,), "five numbers")

# torch 2.x's exporter asks its own deprecated question while it copies tree specs.
EXPORTER_WARNS = r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning"


class _Small(nn.Module):
    """The parts of our networks in small: folded norms, a residual block, a linear head."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(ConvBlock(3, 8), ResidualBlock(8))
        self.head = nn.Linear(8, 5)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(image).mean(dim=(2, 3)))


class _TwoByTwo(nn.Module):
    """Two inputs, two outputs."""

    def forward(self, one: torch.Tensor, other: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return one + other, one * other


@pytest.fixture(scope="module")
def small() -> nn.Module:
    """A network whose weights, norms and running averages are all different from those of a fresh one."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        module = _Small()
        with torch.no_grad():
            for name, tensor in module.state_dict().items():
                if tensor.is_floating_point():
                    tensor.copy_(0.5 + torch.rand_like(tensor) if "running" in name else 0.3 * torch.randn_like(tensor))
    return module.eval()


@pytest.fixture(scope="module")
def exported(small: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("onnx") / "small.onnx"
    export(small, [IMAGE], [SCORES], file)
    return file.read_bytes()


@pytest.fixture
def file(exported: bytes, tmp_path: Path) -> Path:
    made = tmp_path / "small.onnx"
    made.write_bytes(exported)
    return made


@pytest.fixture
def images() -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(size=(3, *IMAGE.shape)).astype(np.float32)


def session(file: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])


pytestmark = pytest.mark.filterwarnings(EXPORTER_WARNS)


def test_the_file_answers_as_the_network_does(small: nn.Module, file: Path, images: NDArray[np.float32]) -> None:
    assert parity(small, file, [images], 1e-4) < 1e-4


def test_names_are_those_asked_for_and_the_batch_is_free(file: Path) -> None:
    loaded = session(file)
    [takes], [gives] = loaded.get_inputs(), loaded.get_outputs()
    assert (takes.name, takes.shape) == ("image", ["batch", 3, 8, 8])
    assert (gives.name, gives.shape) == ("scores", ["batch", 5])


@pytest.mark.parametrize("n", [1, 2, 7])
def test_any_batch_can_be_run(n: int, file: Path, small: nn.Module) -> None:
    images = np.random.default_rng(n).uniform(size=(n, *IMAGE.shape)).astype(np.float32)
    [scores] = session(file).run(None, {"image": images})
    with torch.no_grad():
        np.testing.assert_allclose(scores, small(torch.from_numpy(images)).numpy(), rtol=1e-4, atol=1e-4)


# torch notes that the second input's batch has the name of the first one's: that is what is meant.
@pytest.mark.filterwarnings("ignore:# The axis name. batch will not be used:UserWarning")
def test_several_inputs_and_outputs_keep_their_order(tmp_path: Path, images: NDArray[np.float32]) -> None:
    file = tmp_path / "two.onnx"
    inputs = [Tensor("one", (3, 8, 8), "1"), Tensor("other", (3, 8, 8), "2")]
    outputs = [Tensor("sum", (3, 8, 8), "+"), Tensor("product", (3, 8, 8), "*")]
    export(_TwoByTwo(), inputs, outputs, file)
    assert parity(_TwoByTwo(), file, [images, images + 1], 1e-5) < 1e-5
    found = session(file).run(["product", "sum"], {"one": images, "other": images + 1})
    np.testing.assert_allclose(found, [images * (images + 1), images + images + 1], rtol=1e-5)


class _Halved(nn.Module):
    """Takes pictures of any size: means of four pixels, and all of them in a row."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = ConvBlock(3, 8)
        self.pool = nn.AvgPool2d(2)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        small = self.pool(self.conv(image))
        return small, small.flatten(2)


@pytest.fixture(scope="module")
def halved(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path]:
    file = tmp_path_factory.mktemp("onnx") / "halved.onnx"
    module = _Halved()
    outputs = [Tensor("small", (8, "rows", "columns"), "half as large"), Tensor("row", (8, "cells"), "in a row")]
    export(module, [Tensor("image", (3, "height", "width"), "a picture of any size")], outputs, file)
    return module, file


@pytest.mark.parametrize("size", [(32, 32), (96, 128), (64, 320), (320, 32)])
@pytest.mark.parametrize("n", [2, 5])
def test_named_axes_take_any_length(n: int, size: tuple[int, int], halved: tuple[nn.Module, Path]) -> None:
    pictures = np.random.default_rng(0).uniform(size=(n, 3, *size)).astype(np.float32)
    module, file = halved
    assert parity(module, file, [pictures], 1e-4) < 1e-4


def test_height_and_width_are_axes_of_their_own(halved: tuple[nn.Module, Path]) -> None:
    [takes] = session(halved[1]).get_inputs()
    batch, channels, height, width = takes.shape
    assert channels == 3
    assert len({batch, height, width}) == 3
    assert all(isinstance(axis, str) for axis in (batch, height, width))


def test_an_entry_names_the_axes_of_any_length() -> None:
    assert Tensor("image", (3, "height", "width"), "x").entry().shape == ("batch", 3, "height", "width")


def spoil(file: Path, name: str, amount: float) -> None:
    """Add `amount` to one weight of the file."""
    model = onnx.load(file)
    [initializer] = [one for one in model.graph.initializer if one.name == name]
    values = onnx.numpy_helper.to_array(initializer).copy()
    values.flat[0] += amount
    initializer.CopyFrom(onnx.numpy_helper.from_array(values, name))
    onnx.save(model, file)


@pytest.mark.parametrize("amount", [0.1, -0.1, np.inf, np.nan])
def test_a_file_that_answers_otherwise_is_refused(
    amount: float, small: nn.Module, file: Path, images: NDArray[np.float32]
) -> None:
    spoil(file, "head.bias", amount)
    with pytest.raises(ParityError, match=r"small\.onnx differs by"):
        parity(small, file, [images], 0.05)


def test_the_bound_is_what_is_enforced(small: nn.Module, file: Path, images: NDArray[np.float32]) -> None:
    spoil(file, "head.bias", 0.1)
    assert parity(small, file, [images], 0.11) == pytest.approx(0.1, abs=1e-3)


class _FirstOfBatch(nn.Module):
    """Looks at one item for all of them: right alone, wrong in a batch."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image[:1].expand(image.shape[0], -1, -1, -1) * 1.0


def test_items_are_compared_alone_as_well(tmp_path: Path, images: NDArray[np.float32]) -> None:
    file = tmp_path / "first.onnx"
    export(_FirstOfBatch(), [IMAGE], [Tensor("firsts", IMAGE.shape, "the first picture")], file)
    with pytest.raises(ParityError):
        parity(_FirstOfBatch(), file, [images], 0.05)


def test_packing_halves_the_weights_and_hardly_changes_the_answer(
    small: nn.Module, file: Path, images: NDArray[np.float32]
) -> None:
    exact = parity(small, file, [images], 1e-4)
    pack_half(file)
    assert exact < parity(small, file, [images], 0.02)
    kinds = {one.name: one.data_type for one in onnx.load(file).graph.initializer}
    assert kinds["body.0.0.weight.half"] == onnx.TensorProto.FLOAT16
    assert kinds["head.weight"] == onnx.TensorProto.FLOAT, "40 numbers are too few to be worth a cast"


def test_a_packed_file_is_about_half_as_large(tmp_path: Path) -> None:
    file = tmp_path / "wide.onnx"
    export(nn.Sequential(nn.Flatten(), nn.Linear(192, 300)), [IMAGE], [Tensor("out", (300,), "x")], file)
    before = file.stat().st_size
    pack_half(file)
    assert 0.45 < file.stat().st_size / before < 0.55


@pytest.mark.parametrize("packed", [False, True])
def test_training_can_go_on_from_the_file(packed: bool, small: nn.Module, file: Path) -> None:
    if packed:
        pack_half(file)
    found = read_initializers(file)
    wanted = {name: value for name, value in small.state_dict().items() if not name.endswith("num_batches_tracked")}
    assert wanted.keys() <= found.keys()
    for name, value in wanted.items():
        assert found[name].dtype == torch.float32
        torch.testing.assert_close(found[name], value, rtol=1e-3 if packed else 0, atol=1e-3 if packed else 0)
    fresh = _Small()
    missing, unexpected = fresh.load_state_dict(found, strict=False)
    assert not unexpected
    assert all(name.endswith("num_batches_tracked") for name in missing)


@pytest.fixture
def wide(tmp_path: Path) -> tuple[nn.Module, Path]:
    """A network with one large weight, packed."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        module = nn.Sequential(nn.Flatten(), nn.Linear(192, 300))
    file = tmp_path / "wide.onnx"
    export(module, [IMAGE], [Tensor("out", (300,), "x")], file)
    pack_half(file)
    return module, file


def test_bytes_halve_a_packed_file_and_hardly_change_the_answer(
    wide: tuple[nn.Module, Path], images: NDArray[np.float32]
) -> None:
    module, file = wide
    half, before = parity(module, file, [images], 0.02), file.stat().st_size
    pack_bytes(file)
    assert 0.45 < file.stat().st_size / before < 0.6
    assert half < parity(module, file, [images], 0.02)
    kinds = {one.name: one.data_type for one in onnx.load(file).graph.initializer}
    assert kinds["1.weight.byte"] == onnx.TensorProto.INT8
    assert kinds["1.bias.half"] == onnx.TensorProto.FLOAT16, "300 numbers are too few"


def test_training_can_go_on_from_bytes(wide: tuple[nn.Module, Path]) -> None:
    module, file = wide
    pack_bytes(file)
    found = read_initializers(file)
    for name, value in module.state_dict().items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=float(value.abs().max()) / 127)


def test_bytes_of_bytes_change_nothing_more(wide: tuple[nn.Module, Path]) -> None:
    _, file = wide
    pack_bytes(file)
    once = file.read_bytes()
    pack_bytes(file)
    assert file.read_bytes() == once


def test_packing_twice_changes_nothing_more(file: Path) -> None:
    pack_half(file)
    once = file.read_bytes()
    pack_half(file)
    assert file.read_bytes() == once


def test_a_file_over_the_limit_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mien_onnx, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match=r"small\.onnx has \d+ bytes; the limit is 1000"):
        pack_half(file)


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert file_sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def entry(name: str, file: Path, version: str = "1.0.0") -> WeightEntry:
    return WeightEntry(
        name=name,
        kind="network",
        file=file.name,
        sha256=file_sha256(file),
        task="/edit-attribute",
        version=version,
        inputs=(IMAGE.entry(),),
        outputs=(SCORES.entry(),),
        card="card.md",
        licence="none",
        commercial_use=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "card.md").write_text("a card")
    return tmp_path


def test_a_manifest_is_made_and_loads_in_the_service(
    folder: Path, file: Path, small: nn.Module, images: NDArray[np.float32]
) -> None:
    update_manifest(folder, entry("small", file))
    found = load_manifest(folder).entry("small")
    assert found == entry("small", file)
    assert found.inputs[0].shape == ("batch", 3, 8, 8)
    served = NetworkSession(found, folder / found.file, SessionOptions())
    assert served.check({"image": images}) == 3
    with torch.no_grad():
        wanted = small(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(served.run({"image": images})["scores"], wanted, rtol=1e-4, atol=1e-4)


def test_a_new_entry_replaces_only_its_namesake(folder: Path, file: Path) -> None:
    for name in ("b", "c", "a"):
        update_manifest(folder, entry(name, file))
    update_manifest(folder, entry("b", file, version="2.0.0"))
    found = load_manifest(folder).weights
    assert [one.name for one in found] == ["a", "b", "c"]
    assert [one.version for one in found] == ["1.0.0", "2.0.0", "1.0.0"]
    assert found[0] == entry("a", file)


def test_a_file_changed_after_its_entry_is_noticed(folder: Path, file: Path) -> None:
    update_manifest(folder, entry("small", file))
    pack_half(file)
    with pytest.raises(WeightsError, match="is not the file of the manifest"):
        load_manifest(folder)
    update_manifest(folder, entry("small", file))
    load_manifest(folder)


def test_a_manifest_of_another_form_is_not_written_over(folder: Path, file: Path) -> None:
    (folder / "manifest.json").write_text(json.dumps({"weights": [{"name": "odd"}]}))
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(ValueError, match="validation error"):
        update_manifest(folder, entry("small", file))
    assert (folder / "manifest.json").read_bytes() == before


def test_a_convolution_without_a_bias_is_joined_with_what_follows_it(tmp_path: Path) -> None:
    """ONNX Runtime leaves neither the normalisation nor what the exporter makes of a lacking bias."""
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU6()).eval()
    with torch.no_grad():
        body[1].running_mean.fill_(0.3)
    file = tmp_path / "joined.onnx"
    export(body, [IMAGE], [Tensor("features", (8, 8, 8), "features")], file)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    kinds = {node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node}
    assert "Conv" in kinds
    assert not kinds & {"BatchNormalization", "Expand", "CastLike"}
    picture = torch.rand(2, 3, 8, 8)
    [answer] = session.run(None, {"image": picture.numpy()})
    np.testing.assert_allclose(answer, body(picture).detach().numpy(), atol=1e-5)


def test_a_bias_that_is_not_zero_stays(tmp_path: Path) -> None:
    body = nn.Conv2d(3, 8, 3, padding=1)
    nn.init.constant_(body.bias, 2.0)
    file = tmp_path / "biased.onnx"
    export(body, [IMAGE], [Tensor("features", (8, 8, 8), "features")], file)
    [answer] = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]).run(
        None, {"image": np.zeros((1, 3, 8, 8), np.float32)}
    )
    np.testing.assert_allclose(answer, 2.0)
