import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_samples import FACE, exif_block, exif_with_thumbnail, opened, saved
from PIL import Image

from mien_service.media import exif
from mien_service.media.decode import DecodeLimits, decode


def read(block: bytes) -> Image.Exif:
    tags = Image.Exif()
    tags.load(block)
    return tags


@pytest.mark.parametrize("value", range(1, 9))
def test_orientation(value: int) -> None:
    assert exif.orientation(exif_block(value)) == value
    assert exif.orientation(b"Exif\0\0" + exif_block(value)) == value


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientation_out_of_range_is_upright(value: int) -> None:
    assert exif.orientation(exif_block(value)) == 1


@pytest.mark.parametrize("block", [None, b"", b"MM\0*", exif_block()[:9], exif_with_thumbnail()])
def test_absent_orientation_is_upright(block: bytes | None) -> None:
    assert exif.orientation(block) == 1


def test_cleaned_keeps_the_camera_and_drops_what_tells_on_people() -> None:
    block = exif.cleaned(exif_block(6))
    assert block is not None
    tags = read(block)
    assert (tags[0x010F], tags[0x0112]) == ("Maker", 1)
    inner = tags.get_ifd(0x8769)
    assert set(inner) == {0x9003, 0x829A}
    assert (inner[0x9003], float(inner[0x829A])) == ("2024:05:01 10:00:00", 0.005)
    assert 0x8825 not in tags
    assert 0x0100 not in tags
    assert b"MAKER-NOTE" not in block


def test_cleaned_drops_the_thumbnail() -> None:
    before = exif_with_thumbnail()
    assert read(before).get_ifd(0x0201) is not None
    assert b"THUMBNAIL" in before
    block = exif.cleaned(before)
    assert block is not None
    assert dict(read(block)) == {0x010F: "Mak"}
    assert b"THUMBNAIL" not in block


def test_cleaned_is_stable() -> None:
    block = exif.cleaned(exif_block())
    assert exif.cleaned(block) == block


def test_interoperability_is_kept() -> None:
    tags = Image.Exif()
    tags.get_ifd(0x8769)[0xA005] = {1: "R03"}
    block = exif.cleaned(tags.tobytes())
    assert block is not None
    assert b"R03\0" in block
    assert read(block).get_ifd(0xA005)[1] == "R03"


@pytest.mark.parametrize("block", [None, b"", b"garbage", b"MM\0*\0\0\0\x08\0\0", b"II*\0\xff\xff\xff\xff\0\0"])
def test_nothing_left_is_none(block: bytes | None) -> None:
    assert exif.cleaned(block) is None


def test_entries_sharing_bytes_do_not_multiply() -> None:
    count = 4000
    entries = b"".join(struct.pack("<HHII", 0x9C9B + number, 1, 40_000, 8) for number in range(count))
    block = b"II*\0" + struct.pack("<IH", 8, count) + entries
    assert len(exif.cleaned(block) or b"") <= len(block) + 100


@given(st.binary(max_size=200), st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_garbage_gives_a_block_that_can_be_read_again_or_none(garbage: bytes, start: bytes) -> None:
    block = exif.cleaned(start + garbage)
    assert 1 <= exif.orientation(start + garbage) <= 8
    assert exif.cleaned(block) == block


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_decode_cleans_or_drops(image_format: str) -> None:
    body = saved(FACE, image_format, exif=b"Exif\0\0" + exif_block())
    assert opened(body).getexif().get_ifd(0x8825)
    assert decode(body, DecodeLimits()).exif == exif.cleaned(exif_block())
    assert decode(body, DecodeLimits(keep_exif=False)).exif is None
