from pathlib import Path

import numpy as np
import pytest

from mien_export.teachers.openvino_ir import IrFile

XML = """<?xml version="1.0"?>
<net name="small" version="10">
  <layers>
    <layer id="0" name="x" type="Parameter" version="opset1"><data shape="1, 2" element_type="f32"/></layer>
    <layer id="1" name="weight" type="Const" version="opset1">
      <data element_type="f32" shape="2, 2" offset="0" size="16"/></layer>
    <layer id="2" name="product" type="MatMul" version="opset1"/>
    <layer id="3" name="bias" type="Const" version="opset1">
      <data element_type="i64" shape="" offset="16" size="8"/></layer>
    <layer id="4" name="sum" type="Add" version="opset1"/>
    <layer id="5" name="bad" type="Const" version="opset1"/>
    <layer id="6" name="again" type="Add" version="opset1"/>
  </layers>
  <edges>
    <edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>
    <edge from-layer="1" from-port="0" to-layer="2" to-port="1"/>
    <edge from-layer="3" from-port="0" to-layer="4" to-port="1"/>
    <edge from-layer="2" from-port="2" to-layer="4" to-port="0"/>
    <edge from-layer="4" from-port="2" to-layer="6" to-port="0"/>
    <edge from-layer="1" from-port="0" to-layer="6" to-port="1"/>
  </edges>
</net>
"""


@pytest.fixture
def file(tmp_path: Path) -> IrFile:
    weight = np.array([[1, 2], [3, 4]], np.float32)
    (tmp_path / "small.xml").write_text(XML)
    (tmp_path / "small.bin").write_bytes(weight.tobytes() + np.int64(7).tobytes())
    return IrFile(tmp_path / "small.xml")


def test_a_constant_is_found_by_name(file: IrFile) -> None:
    np.testing.assert_array_equal(file.named("weight"), [[1, 2], [3, 4]])
    assert (file.named("bias").shape, file.named("bias").dtype, int(file.named("bias"))) == ((), np.int64, 7)


def test_operands_come_in_the_order_of_the_graph(file: IrFile) -> None:
    [weight] = file.operands("MatMul")
    np.testing.assert_array_equal(weight, [[1, 2], [3, 4]])
    assert [operand.size for operand in file.operands("Add")] == [1, 4]
    assert file.operands("Convolution") == []


def test_what_computes_is_no_constant(file: IrFile) -> None:
    for name in ("product", "x", "nothing"):
        with pytest.raises(KeyError):
            file.named(name)


def test_a_constant_without_data_is_an_error(file: IrFile) -> None:
    with pytest.raises(ValueError, match="bad"):
        file.named("bad")
