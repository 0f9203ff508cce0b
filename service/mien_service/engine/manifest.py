"""weights/manifest.json: what every weight file is, checked before anything is loaded."""

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class WeightsError(RuntimeError):
    """The weights folder is not what its manifest says; the service must not start."""


class TensorEntry(BaseModel):
    """One input or output of a network, or one array of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    shape: tuple[int | str, ...] = Field(description="Sizes by axis; a name stands for an axis of any length.")
    range: tuple[float, float] | None = Field(default=None, description="Least and greatest value, where bounded.")
    meaning: str


class WeightEntry(BaseModel):
    """One weight file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Literal["network", "table"] = Field(description="An ONNX network, or a table of arrays (npz).")
    file: str
    sha256: str
    task: str = Field(description="Path of the task that it serves, such as /edit-attribute; * for all.")
    version: str
    inputs: tuple[TensorEntry, ...] = ()
    outputs: tuple[TensorEntry, ...]
    card: str = Field(description="The model card, relative to the weights folder.")
    licence: str
    commercial_use: bool


class Manifest(BaseModel):
    """All weight files that the service may load."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: tuple[WeightEntry, ...]

    def entry(self, name: str) -> WeightEntry:
        """Return the entry called `name`. Raises WeightsError if there is none."""
        for entry in self.weights:
            if entry.name == name:
                return entry
        raise WeightsError(f"the manifest has no weights called {name}")


def load_manifest(folder: Path) -> Manifest:
    """Return the manifest of `folder`, all its files checked. Raises WeightsError."""
    try:
        manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise WeightsError(f"{folder}: manifest.json is missing or wrong: {error}") from error
    names = [entry.name for entry in manifest.weights]
    if len(set(names)) != len(names):
        raise WeightsError(f"{folder}: the manifest names a weight file twice")
    for entry in manifest.weights:
        _check_file(folder, entry)
    return manifest


def _check_file(folder: Path, entry: WeightEntry) -> None:
    file = folder / entry.file
    if not file.is_file() or not (folder / entry.card).is_file():
        raise WeightsError(f"{entry.name}: {entry.file} or its card {entry.card} is missing")
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != entry.sha256:
        raise WeightsError(f"{entry.name}: {entry.file} is not the file of the manifest (sha256 {found})")
