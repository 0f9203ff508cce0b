from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from media_samples import FACE, GRADIENT, cmyk_profile, exif_block, grey_profile, opened, saved, srgb_profile
from PIL import Image, JpegImagePlugin

from mien_service.media.decode import DecodeLimits, decode
from mien_service.media.encode import encode, encode_plane, on_white
from mien_service.media.errors import UnencodableImage
from mien_service.media.photo import ImageFormat, JpegSampling, Photo
from mien_service.media.provenance import DIGITAL_SOURCE_TYPE, digital_source_type

LIMITS = DecodeLimits()
PLAIN = Photo(FACE, ImageFormat.PNG)
FORMATS = list(ImageFormat)
GREY = np.dstack([GRADIENT] * 3)


def error(one: Any, other: Any) -> float:
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


def test_png_round_trip_is_exact() -> None:
    assert np.array_equal(decode(encode(FACE, ImageFormat.PNG, PLAIN), LIMITS).pixels, FACE)


@pytest.mark.parametrize("image_format", FORMATS)
def test_round_trip_is_close_and_in_the_right_channel_order(image_format: ImageFormat) -> None:
    body = encode(FACE, image_format, PLAIN)
    assert opened(body).format == image_format.name
    assert error(opened(body).convert("RGB"), FACE) < 3
    assert decode(body, LIMITS).format is image_format


@pytest.mark.parametrize("image_format", [ImageFormat.JPEG, ImageFormat.WEBP])
def test_quality_counts(image_format: ImageFormat) -> None:
    small, default, large = (encode(FACE, image_format, PLAIN, quality=quality) for quality in (50, 92, 99))
    assert len(small) < len(default) < len(large)
    assert default == encode(FACE, image_format, PLAIN)


@pytest.mark.parametrize("image_format", FORMATS)
def test_mark_is_written_and_read_again(image_format: ImageFormat) -> None:
    body = encode(FACE, image_format, PLAIN)
    assert digital_source_type(body) == DIGITAL_SOURCE_TYPE
    assert DIGITAL_SOURCE_TYPE.endswith("digitalsourcetype/compositeWithTrainedAlgorithmicMedia")
    assert digital_source_type(encode(FACE, image_format, PLAIN, ai_edited=False)) is None


@pytest.mark.parametrize("image_format", FORMATS)
def test_mark_is_a_valid_packet(image_format: ImageFormat) -> None:
    from xml.etree import ElementTree

    packet = opened(encode(FACE, image_format, PLAIN)).info["xmp"]
    root = ElementTree.fromstring(packet)  # noqa: S314
    value = root.find(".//{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    assert value is not None
    assert value.text == DIGITAL_SOURCE_TYPE


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize("size", [0, 65_519, 65_520, 300_000])
def test_profile_and_exif_travel(image_format: ImageFormat, size: int) -> None:
    profile = srgb_profile(size)
    body = saved(FACE, "JPEG", icc_profile=profile, exif=b"Exif\0\0" + exif_block(6))
    photo = decode(body, LIMITS)
    result = opened(encode(photo.pixels, image_format, photo))
    assert result.info["icc_profile"] == profile
    assert result.size == (128, 160)
    tags = result.getexif()
    assert (tags[0x0112], tags[0x010F]) == (1, "Maker")
    assert not tags.get_ifd(0x8825)
    assert 0x9003 in tags.get_ifd(0x8769)
    assert decode(encode(photo.pixels, image_format, photo), LIMITS).icc_profile == profile


@pytest.mark.parametrize("image_format", FORMATS)
def test_without_metadata_nothing_is_written(image_format: ImageFormat) -> None:
    info = opened(encode(FACE, image_format, PLAIN, ai_edited=False)).info
    assert not {"icc_profile", "exif", "xmp"} & {key for key, value in info.items() if value}


def test_exif_too_long_for_jpeg_is_left_out_there() -> None:
    photo = replace(PLAIN, exif=exif_block() + bytes(70_000))
    assert "exif" not in opened(encode(FACE, ImageFormat.JPEG, photo)).info
    assert "exif" in opened(encode(FACE, ImageFormat.PNG, photo)).info


@pytest.mark.parametrize("sampling", JpegSampling)
def test_chroma_subsampling_is_kept(sampling: JpegSampling) -> None:
    body = encode(FACE, ImageFormat.JPEG, replace(PLAIN, jpeg_sampling=sampling))
    assert decode(body, LIMITS).jpeg_sampling is sampling


@pytest.mark.parametrize("option", [0, 1, 2])
def test_chroma_subsampling_goes_through(option: int) -> None:
    photo = decode(saved(FACE, "JPEG", subsampling=option), LIMITS)
    result = opened(encode(photo.pixels, ImageFormat.JPEG, photo))
    assert JpegImagePlugin.get_sampling(result) == option


def test_chroma_subsampling_defaults_to_420() -> None:
    assert JpegImagePlugin.get_sampling(opened(encode(FACE, ImageFormat.JPEG, PLAIN))) == 2


@pytest.mark.parametrize("image_format", [ImageFormat.PNG, ImageFormat.WEBP])
def test_alpha_is_kept_exactly(image_format: ImageFormat) -> None:
    source = replace(PLAIN, alpha=GRADIENT)
    for body in (encode(FACE, image_format, source), encode(FACE, image_format, PLAIN, alpha=GRADIENT)):
        alpha = decode(body, LIMITS).alpha
        assert alpha is not None
        assert np.array_equal(alpha, GRADIENT)


def test_given_alpha_wins_and_a_source_of_another_size_has_none() -> None:
    source = replace(PLAIN, alpha=GRADIENT)
    given = decode(encode(FACE, ImageFormat.PNG, source, alpha=255 - GRADIENT), LIMITS).alpha
    assert given is not None
    assert np.array_equal(given, 255 - GRADIENT)
    assert decode(encode(FACE[:100], ImageFormat.PNG, source), LIMITS).alpha is None


def test_jpeg_is_flattened_onto_white() -> None:
    alpha = np.zeros_like(GRADIENT)
    alpha[:, 80:] = 255
    result = np.asarray(opened(encode(FACE, ImageFormat.JPEG, replace(PLAIN, alpha=alpha))))
    assert error(result[:, :64], 255) < 1
    assert error(result[:, 96:], FACE[:, 96:]) < 3


def test_on_white_blends_by_alpha() -> None:
    expected = FACE * (GRADIENT[..., None] / 255) + (255.0 - GRADIENT[..., None])
    assert np.abs(on_white(FACE, GRADIENT) - expected).max() <= 0.51


@pytest.mark.parametrize("image_format", [ImageFormat.JPEG, ImageFormat.PNG])
def test_grey_stays_single_channel_with_its_profile(image_format: ImageFormat) -> None:
    photo = decode(saved(GRADIENT, "PNG", icc_profile=grey_profile()), LIMITS)
    result = opened(encode(photo.pixels, image_format, photo))
    assert (result.mode, result.info["icc_profile"]) == ("L", grey_profile())
    assert error(result, GRADIENT) < 1


@pytest.mark.parametrize("image_format", FORMATS)
def test_coloured_pixels_of_a_grey_source_lose_the_grey_profile(image_format: ImageFormat) -> None:
    photo = decode(saved(GRADIENT, "PNG", icc_profile=grey_profile()), LIMITS)
    coloured = photo.pixels.copy()
    coloured[40:60, 40:60, 2] = 200
    result = opened(encode(coloured, image_format, photo))
    assert result.mode == "RGB"
    assert not result.info.get("icc_profile")
    assert error(result, coloured) < 4


def test_grey_with_alpha_becomes_rgba_and_loses_its_profile() -> None:
    photo = decode(saved(np.dstack([GRADIENT, GRADIENT]), "PNG", icc_profile=grey_profile()), LIMITS)
    assert photo.icc_profile == grey_profile()
    result = opened(encode(photo.pixels, ImageFormat.PNG, photo))
    assert result.mode == "RGBA"
    assert "icc_profile" not in result.info
    assert np.array_equal(np.asarray(result), np.dstack([GREY, GRADIENT]))


def test_grey_pixels_of_a_colour_source_keep_the_colour_profile() -> None:
    photo = replace(PLAIN, icc_profile=srgb_profile())
    result = opened(encode(GREY, ImageFormat.PNG, photo))
    assert (result.mode, result.info["icc_profile"]) == ("RGB", srgb_profile())


def test_cmyk_profile_never_travels() -> None:
    photo = decode(saved(Image.fromarray(FACE).convert("CMYK"), "JPEG", icc_profile=cmyk_profile()), LIMITS)
    for source in (photo, replace(PLAIN, icc_profile=cmyk_profile())):
        for image_format in FORMATS:
            assert not opened(encode(FACE, image_format, source)).info.get("icc_profile")


@pytest.mark.parametrize(("image_format", "limit"), [(ImageFormat.JPEG, 65_500), (ImageFormat.WEBP, 16_383)])
def test_side_too_long_for_the_format(image_format: ImageFormat, limit: int) -> None:
    row = np.full((1, limit + 1, 3), 9, np.uint8)
    assert opened(encode(row[:, :-1], image_format, PLAIN)).size == (limit, 1)
    with pytest.raises(UnencodableImage) as caught:
        encode(row, image_format, PLAIN)
    assert (caught.value.limit, caught.value.found) == (limit, limit + 1)


def test_strided_pixels_are_encoded_as_they_look() -> None:
    flipped = FACE[:, ::-1]
    assert np.array_equal(np.asarray(opened(encode(flipped, ImageFormat.PNG, PLAIN))), flipped)


def test_decode_and_encode_leave_their_arguments_alone() -> None:
    pixels, alpha = FACE.copy(), GRADIENT.copy()
    for image_format in FORMATS:
        encode(pixels, image_format, PLAIN, alpha=alpha)
    assert np.array_equal(pixels, FACE)
    assert np.array_equal(alpha, GRADIENT)


def test_one_plane_is_a_grey_png() -> None:
    plane = np.zeros((70, 90), np.uint8)
    plane[10:20, 30:40] = 255
    photo = decode(encode_plane(plane), LIMITS)
    assert photo.format is ImageFormat.PNG
    assert photo.is_grey
    np.testing.assert_array_equal(photo.pixels[..., 0], plane)
