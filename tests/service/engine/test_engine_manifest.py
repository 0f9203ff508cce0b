import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from networks import described, doubling, folder_of

from mien_service.engine.manifest import WeightsError, load_manifest

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    doubling(tmp_path / "tiny.onnx")
    return folder_of(tmp_path, described(tmp_path / "tiny.onnx"))


def test_a_folder_as_its_manifest_says(folder: Path) -> None:
    manifest = load_manifest(folder)
    entry = manifest.entry("tiny")
    assert entry.file == "tiny.onnx"
    assert entry.inputs[0].shape == ("batch", 4)
    with pytest.raises(WeightsError, match="other"):
        manifest.entry("other")


def rewrite(folder: Path, change: Change) -> None:
    document = json.loads((folder / "manifest.json").read_text())
    change(document["weights"][0])
    (folder / "manifest.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("sha256", "0" * 64),
        ("file", "missing.onnx"),
        ("card", "missing.md"),
        ("kind", "pickle"),
        ("licence", None),
        ("commercial_use", "perhaps"),
        ("surplus", 1),
    ],
)
def test_an_entry_that_is_wrong(folder: Path, member: str, value: object) -> None:
    rewrite(folder, lambda entry: entry.update({member: value}))
    with pytest.raises(WeightsError):
        load_manifest(folder)


@pytest.mark.parametrize("member", ["sha256", "licence", "version", "outputs", "card"])
def test_an_entry_that_lacks_something(folder: Path, member: str) -> None:
    rewrite(folder, lambda entry: entry.pop(member))
    with pytest.raises(WeightsError):
        load_manifest(folder)


def test_one_flipped_bit(folder: Path) -> None:
    file = folder / "tiny.onnx"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(WeightsError, match="sha256"):
        load_manifest(folder)


def test_a_name_given_twice(tmp_path: Path) -> None:
    doubling(tmp_path / "tiny.onnx")
    entry = described(tmp_path / "tiny.onnx")
    folder_of(tmp_path, entry, entry)
    with pytest.raises(WeightsError, match="twice"):
        load_manifest(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_no_manifest_at_all(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(WeightsError):
        load_manifest(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(WeightsError):
        load_manifest(folder)
