"""The constants of a network in OpenVINO's intermediate representation (an .xml graph beside a .bin of weights)."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DTYPES = {"f32": np.float32, "f16": np.float16, "i64": np.int64, "i32": np.int32}


class IrFile:
    """What a graph is computed with; what it computes is for the reader to know.

    The format: https://docs.openvino.ai (IR version 10).
    """

    def __init__(self, xml: Path) -> None:
        # The file comes with a package whose hash is locked.
        root = ET.parse(xml).getroot()  # noqa: S314
        self._weights = xml.with_suffix(".bin").read_bytes()
        self._layers = {layer.attrib["id"]: layer for layer in root.iterfind("layers/layer")}
        self._inputs: dict[str, list[str]] = {}
        for edge in sorted(root.iterfind("edges/edge"), key=lambda edge: int(edge.attrib["to-port"])):
            self._inputs.setdefault(edge.attrib["to-layer"], []).append(edge.attrib["from-layer"])

    def named(self, name: str) -> Array:
        """Return the constant of a name. Raises KeyError if there is none."""
        for layer in self._layers.values():
            if layer.attrib["name"] == name and layer.attrib["type"] == "Const":
                return self._constant(layer)
        raise KeyError(name)

    def operands(self, kind: str) -> list[Array]:
        """Return the constants that layers of a kind (`Convolution`, `Add`) take, in the order of the graph."""
        found: list[Array] = []
        for index, layer in self._layers.items():
            if layer.attrib["type"] == kind:
                sources = (self._layers[source] for source in self._inputs.get(index, []))
                found += [self._constant(source) for source in sources if source.attrib["type"] == "Const"]
        return found

    def _constant(self, layer: ET.Element) -> Array:
        data = layer.find("data")
        if data is None:
            raise ValueError(f"constant {layer.attrib['name']} has no data")
        start, size = int(data.attrib["offset"]), int(data.attrib["size"])
        shape = [int(part) for part in data.attrib.get("shape", "").split(",") if part.strip()]
        values = np.frombuffer(self._weights[start : start + size], DTYPES[data.attrib["element_type"]])
        return values.reshape(shape)
