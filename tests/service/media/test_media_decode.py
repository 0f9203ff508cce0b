import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from media_samples import (
    FACE,
    GRADIENT,
    Pixels,
    chunk,
    cmyk_profile,
    exif_block,
    grey_profile,
    opened,
    png,
    saved,
    segment,
    srgb_profile,
)
from PIL import Image

from mien_service.media.decode import DecodeLimits, decode
from mien_service.media.errors import (
    ImageTooLarge,
    ImageTooSmall,
    MediaError,
    UnreadableImage,
    UnsupportedMediaType,
)
from mien_service.media.photo import ImageFormat, JpegSampling, Photo

LIMITS = DecodeLimits()
RGBA = np.dstack([FACE, GRADIENT])
GREY = np.dstack([GRADIENT] * 3)
CMYK = Image.fromarray(FACE).convert("CMYK")
BODIES = {
    "jpeg": saved(FACE, "JPEG", quality=95),
    "progressive": saved(FACE, "JPEG", progressive=True),
    "grey-jpeg": saved(GRADIENT, "JPEG"),
    "cmyk": saved(CMYK, "JPEG"),
    "png": saved(FACE, "PNG"),
    "rgba-png": saved(RGBA, "PNG"),
    "webp": saved(FACE, "WEBP", quality=90),
    "lossless-webp": saved(FACE, "WEBP", lossless=True),
    "rgba-webp": saved(RGBA, "WEBP", quality=90),
    "animated-webp": saved(FACE, "WEBP", save_all=True, append_images=[Image.fromarray(255 - FACE)]),
}


def ours(body: bytes) -> Photo:
    return decode(body, LIMITS)


def farthest(one: Pixels, other: Pixels) -> int:
    assert one.shape == other.shape
    return int(np.abs(one.astype(int) - other.astype(int)).max())


@pytest.mark.parametrize("name", BODIES)
def test_decode_agrees_with_pillow(name: str) -> None:
    photo = ours(BODIES[name])
    assert photo.pixels.dtype == np.uint8
    # The two libraries' JPEG builds upsample chroma alike, but round YCbCr differently.
    assert farthest(photo.pixels, np.asarray(opened(BODIES[name]).convert("RGB"))) <= 2


def test_photo_tells_its_format_and_sampling() -> None:
    assert {name: ours(body).format.value for name, body in BODIES.items()} == {
        name: "jpeg" if name in ("progressive", "cmyk") else name.split("-")[-1] for name in BODIES
    }
    assert ours(BODIES["grey-jpeg"]).jpeg_sampling is None
    assert ours(BODIES["png"]).jpeg_sampling is None
    assert ImageFormat.WEBP.media_type == "image/webp"


@pytest.mark.parametrize(
    ("option", "sampling"), [(0, JpegSampling.S444), (1, JpegSampling.S422), (2, JpegSampling.S420)]
)
def test_jpeg_sampling(option: int, sampling: JpegSampling) -> None:
    assert ours(saved(FACE, "JPEG", subsampling=option)).jpeg_sampling is sampling


@pytest.mark.parametrize("interlace", [False, True])
def test_png_pixels_are_exact(interlace: bool) -> None:
    photo = ours(saved(FACE, "PNG", interlace=interlace))
    assert np.array_equal(photo.pixels, FACE)
    assert photo.alpha is None


def test_opaque_alpha_is_none() -> None:
    opaque = np.dstack([FACE, np.full(GRADIENT.shape, 255, np.uint8)])
    assert ours(saved(opaque, "PNG")).alpha is None


LEVEL = int(GRADIENT[3, 5])
PALETTE = np.random.default_rng(1).integers(0, 256, (256, 3), np.uint8)
OPACITY = np.random.default_rng(2).integers(0, 256, 256, np.uint8)
WIDE = GRADIENT.astype(np.uint16) * 257
MODES = {
    "grey": (png(GRADIENT, 0), GREY, None, True),
    "grey-alpha": (png(np.dstack([GRADIENT, FACE[..., 0]]), 4), GREY, FACE[..., 0], True),
    "grey-key": (
        png(GRADIENT, 0, extra=chunk(b"tRNS", struct.pack(">H", LEVEL))),
        GREY,
        np.where(GRADIENT == LEVEL, 0, 255).astype(np.uint8),
        True,
    ),
    "rgb-key": (
        png(FACE, 2, extra=chunk(b"tRNS", struct.pack(">3H", *map(int, FACE[0, 0])))),
        FACE,
        np.where((FACE[0, 0] == FACE).all(axis=2), 0, 255).astype(np.uint8),
        False,
    ),
    "rgba": (png(RGBA, 6), FACE, GRADIENT, False),
    "palette": (png(GRADIENT, 3, extra=chunk(b"PLTE", PALETTE.tobytes())), PALETTE[GRADIENT], None, False),
    "palette-alpha": (
        png(GRADIENT, 3, extra=chunk(b"PLTE", PALETTE.tobytes()) + chunk(b"tRNS", OPACITY.tobytes())),
        PALETTE[GRADIENT],
        OPACITY[GRADIENT],
        False,
    ),
    "bilevel": (saved(Image.fromarray(GRADIENT > 99), "PNG"), np.where(GREY > 99, 255, 0), None, True),
    "grey-16": (png(WIDE, 0, 16), GREY, None, True),
    "grey-16-key": (
        png(WIDE, 0, 16, chunk(b"tRNS", struct.pack(">H", LEVEL * 257))),
        GREY,
        np.where(GRADIENT == LEVEL, 0, 255).astype(np.uint8),
        True,
    ),
    "rgb-16": (png(FACE.astype(np.uint16) * 257, 2, 16), FACE, None, False),
    "rgba-16": (png(RGBA.astype(np.uint16) * 257, 6, 16), FACE, GRADIENT, False),
    "grey-alpha-16": (png(np.dstack([WIDE, WIDE]), 4, 16), GREY, GRADIENT, True),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_png_mode(mode: str) -> None:
    body, pixels, alpha, is_grey = MODES[mode]
    photo = ours(body)
    assert np.array_equal(photo.pixels, pixels)
    assert photo.is_grey is is_grey
    assert (photo.alpha is None) == (alpha is None)
    assert alpha is None or np.array_equal(photo.alpha, alpha)


def test_low_depth_grey_key() -> None:
    two_bits = np.tile(np.array([0b00011011], np.uint8), (64, 16))  # levels 0 1 2 3, 64 pixels a row
    body = png(two_bits, 0, 2, chunk(b"tRNS", struct.pack(">H", 2)))
    body = body.replace(body[8:33], chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 2, 0, 0, 0, 0)))
    photo = ours(body)
    assert photo.pixels[0, :4, 0].tolist() == [0, 85, 170, 255]
    assert photo.alpha is not None
    assert photo.alpha[0, :4].tolist() == [255, 255, 0, 255]


def test_webp_keeps_alpha() -> None:
    photo = ours(saved(RGBA, "WEBP", lossless=True, exact=True))
    assert np.array_equal(photo.pixels, FACE)
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, GRADIENT)


@pytest.mark.parametrize("image_format", ["PNG", "WEBP"])
def test_animation_gives_its_first_frame(image_format: str) -> None:
    others = [Image.fromarray(255 - FACE), Image.fromarray(FACE[::-1])]
    options = {"lossless": True} if image_format == "WEBP" else {}
    photo = ours(saved(FACE, image_format, save_all=True, append_images=others, **options))
    assert np.array_equal(photo.pixels, FACE)


def test_cmyk_goes_through_its_profile_and_loses_it() -> None:
    body = saved(CMYK, "JPEG", icc_profile=cmyk_profile())
    photo = ours(body)
    lightness = 100 - np.asarray(opened(body))[..., 0] / 2.55
    luminance = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness / 903.3)
    srgb = np.where(luminance > 0.0031308, 1.055 * luminance ** (1 / 2.4) - 0.055, 12.92 * luminance)
    assert farthest(photo.pixels, np.dstack([srgb * 255] * 3).round()) <= 4
    assert photo.icc_profile is None
    assert not photo.is_grey


@pytest.mark.parametrize("profile", [srgb_profile(), cmyk_profile()[:200], cmyk_profile()[:144].ljust(900, b"x")])
def test_cmyk_with_a_useless_profile_is_still_read(profile: bytes) -> None:
    photo = ours(saved(CMYK, "JPEG", icc_profile=profile))
    assert np.array_equal(photo.pixels, ours(BODIES["cmyk"]).pixels)


def test_ycck_is_read() -> None:
    body = BODIES["cmyk"]
    at = body.index(b"Adobe")
    ycck = body[: at + 11] + b"\x02" + body[at + 12 :]
    expected = np.asarray(opened(ycck).convert("RGB"))
    assert not np.array_equal(expected, ours(body).pixels)
    assert np.array_equal(ours(ycck).pixels, expected)


# The stored picture for each orientation, from the upright one (CIPA DC-008, 4.6.5.1).
STORED = {
    1: FACE,
    2: FACE[:, ::-1],
    3: FACE[::-1, ::-1],
    4: FACE[::-1],
    5: FACE.transpose(1, 0, 2),
    6: np.rot90(FACE),
    7: FACE[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(FACE, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("image_format", ["PNG", "WEBP"])
def test_orientation_is_applied(orientation: int, image_format: str) -> None:
    options = {"lossless": True} if image_format == "WEBP" else {}
    stored = np.ascontiguousarray(STORED[orientation])
    photo = ours(saved(stored, image_format, exif=b"Exif\0\0" + exif_block(orientation), **options))
    assert np.array_equal(photo.pixels, FACE)


@pytest.mark.parametrize("orientation", STORED)
def test_orientation_turns_jpeg_and_alpha_too(orientation: int) -> None:
    exif = b"Exif\0\0" + exif_block(orientation)
    stored = np.ascontiguousarray(STORED[orientation])
    assert farthest(ours(saved(stored, "JPEG", quality=100, subsampling=0, exif=exif)).pixels, FACE) < 8
    alpha = ours(saved(np.dstack([stored, stored[..., 1]]), "PNG", exif=exif)).alpha
    assert alpha is not None
    assert np.array_equal(alpha, FACE[..., 1])


@pytest.mark.parametrize("body", [b"", b"not a picture", b"<svg/>", b"\x89PNG", b"RIFF\0\0\0\0WAVE", b"\xff\xd8"])
def test_other_content_is_unsupported(body: bytes) -> None:
    with pytest.raises(UnsupportedMediaType):
        ours(body)


@pytest.mark.parametrize("image_format", ["GIF", "TIFF", "BMP", "PPM", "ICO", "JPEG2000"])
def test_other_formats_are_unsupported(image_format: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        ours(saved(FACE, image_format))


@pytest.mark.parametrize("name", BODIES)
def test_truncation_is_unreadable_at_any_length(name: str) -> None:
    body = BODIES[name]
    cuts = {*np.linspace(12, len(body) - 1, 60, dtype=int).tolist(), *range(len(body) - 12, len(body))}
    for cut in sorted(cuts):
        with pytest.raises(UnreadableImage):
            ours(body[:cut])


@pytest.mark.parametrize("name", ["jpeg", "grey-jpeg", "cmyk"])
@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_jpeg_cut_short_before_its_end_marker_is_unreadable(name: str, share: float) -> None:
    body = BODIES[name]
    with pytest.raises(UnreadableImage):
        ours(body[: int(len(body) * share)].rstrip(b"\xff") + b"\xff\xd9")


@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_flat_jpeg_is_not_taken_for_a_cut_one(options: dict[str, int], capfd: pytest.CaptureFixture[str]) -> None:
    for picture in (np.full_like(FACE, 255), np.full_like(GRADIENT, 128)):
        assert (
            farthest(
                ours(saved(picture, "JPEG", **options)).pixels,
                picture.reshape(128, 160, -1)[..., :1].repeat(3, 2),
            )
            < 2
        )
    assert capfd.readouterr().err == ""


def test_truncation_and_damaged_png_are_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    damaged = bytearray(BODIES["png"])
    damaged[len(damaged) // 2] ^= 1
    for body in (bytes(damaged), *(body[: len(body) // 2] for body in BODIES.values())):
        with pytest.raises(UnreadableImage):
            ours(body)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", BODIES)
def test_trailing_bytes_are_fine(name: str) -> None:
    trailing = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 20 + BODIES["jpeg"]
    assert np.array_equal(ours(BODIES[name] + trailing).pixels, ours(BODIES[name]).pixels)


def test_multi_picture_jpeg_gives_the_first() -> None:
    body = saved(FACE, "MPO", save_all=True, append_images=[Image.fromarray(255 - FACE)])
    assert farthest(ours(body).pixels, FACE) < 100


def test_fill_bytes_between_segments_are_fine() -> None:
    body = BODIES["jpeg"]
    assert np.array_equal(ours(body[:2] + b"\xff\xff\xff" + body[2:]).pixels, ours(body).pixels)


def bomb_png(side: int) -> bytes:
    return png(np.zeros((1, 1)), 0).replace(
        chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
    )


def bomb_jpeg(side: int) -> bytes:
    body = saved(FACE, "JPEG")
    at = body.index(b"\xff\xc0") + 5
    return body[:at] + struct.pack(">HH", side, side) + body[at + 4 :]


def bomb_webp(side: int) -> bytes:
    data = bytes((0, 0, 0, 0)) + (side - 1).to_bytes(3, "little") * 2
    return b"RIFF" + struct.pack("<I", 4 + 8 + len(data)) + b"WEBPVP8X" + struct.pack("<I", len(data)) + data


@pytest.mark.parametrize("body", [bomb_png(30_000), bomb_jpeg(30_000), bomb_webp(30_000)])
def test_bomb_is_refused_by_its_header(body: bytes) -> None:
    start = perf_counter()
    with pytest.raises(ImageTooLarge) as caught:
        ours(body)
    assert perf_counter() - start < 0.1
    assert (caught.value.limit, caught.value.found) == (40_000_000, 900_000_000)
    assert str(caught.value) == "the picture has 900000000 pixels; the limit is 40000000"


def test_a_high_limit_is_the_callers_choice() -> None:
    with pytest.raises(UnreadableImage):  # not a warning of Pillow's, whose own limit this is above
        decode(bomb_jpeg(12_000).replace(b"\xff\xda", b"\xff\xdb"), DecodeLimits(max_pixels=1 << 40))


def test_limits_are_inclusive() -> None:
    pixels = FACE.shape[0] * FACE.shape[1]
    decode(BODIES["png"], DecodeLimits(max_pixels=pixels, min_side=128))
    with pytest.raises(ImageTooLarge):
        decode(BODIES["png"], DecodeLimits(max_pixels=pixels - 1))
    with pytest.raises(ImageTooSmall) as caught:
        decode(BODIES["png"], DecodeLimits(min_side=129))
    assert (caught.value.limit, caught.value.found) == (129, 128)


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
def test_small_side_is_refused_by_default(image_format: str) -> None:
    assert ours(saved(FACE[:64], image_format)).pixels.shape[0] == 64
    with pytest.raises(ImageTooSmall):
        ours(saved(FACE[:63], image_format))


def test_too_many_scans_are_refused() -> None:
    body = BODIES["progressive"]
    last = body.rindex(b"\xff\xda")
    assert ours(body[:-2] + body[last:-2] * 50 + b"\xff\xd9").pixels.shape == FACE.shape
    with pytest.raises(UnreadableImage):
        ours(body[:-2] + body[last:-2] * 200 + b"\xff\xd9")


@pytest.mark.parametrize("filler", [b"\xff\xfe\0\x02", b"\xff\0"])
def test_endless_segments_are_refused_quickly(filler: bytes) -> None:
    start = perf_counter()
    with pytest.raises(UnreadableImage):
        ours(b"\xff\xd8" + b"\xff\xfe\0\x02" + filler * 1_000_000)
    assert perf_counter() - start < 1


MALFORMED = [
    b"garbage",
    b"",
    b"MM\0*\xff\xff\xff\xff",
    b"II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0\xff\xff\xff\x0f\1\0\0\0" * 50,
    b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x8769, 4, 1, 8),
]


@pytest.mark.parametrize("exif", MALFORMED)
@pytest.mark.parametrize("profile", [b"", b"junk", b"x" * 500])
def test_malformed_metadata_never_fails_the_photo(exif: bytes, profile: bytes) -> None:
    jpeg = segment(0xE1, b"Exif\0\0" + exif) + segment(0xE2, b"ICC_PROFILE\0" + profile)
    chunks = chunk(b"iCCP", b"name\0\0" + profile) + chunk(b"eXIf", exif) + chunk(b"iTXt", b"\0") + chunk(b"acTL", b"")
    webp = saved(FACE, "WEBP", lossless=True, exif=b"Exif\0\0" + exif, icc_profile=profile)
    expected = (ours(BODIES["jpeg"]).pixels, FACE, FACE)
    bodies = (BODIES["jpeg"][:2] + jpeg + BODIES["jpeg"][2:], png(FACE, 2, extra=chunks), webp)
    for body, pixels in zip(bodies, expected, strict=True):
        photo = ours(body)
        assert np.array_equal(photo.pixels, pixels)
        assert (photo.icc_profile, photo.exif) == (None, None)


def test_inflating_profile_is_left_out() -> None:
    profile = srgb_profile()
    packed = [
        zlib.compress(struct.pack(">I", size) + profile[4:].ljust(size - 4, b"\0")) for size in (1 << 20, 50 << 20)
    ]
    modest, bomb = (ours(png(FACE, 2, extra=chunk(b"iCCP", b"name\0\0" + data))) for data in packed)
    assert len(modest.icc_profile or b"") == 1 << 20
    assert bomb.icc_profile is None


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [0, 200_000])
def test_profile_is_kept(image_format: str, size: int) -> None:
    profile = srgb_profile(size)
    assert ours(saved(FACE, image_format, icc_profile=profile)).icc_profile == profile


def test_profile_must_fit_the_channels() -> None:
    assert ours(saved(GRADIENT, "PNG", icc_profile=grey_profile())).icc_profile == grey_profile()
    assert ours(saved(GRADIENT, "PNG", icc_profile=srgb_profile())).icc_profile is None
    assert ours(saved(FACE, "JPEG", icc_profile=grey_profile())).icc_profile is None


def test_profile_with_a_piece_missing_is_dropped() -> None:
    body = saved(FACE, "JPEG", icc_profile=srgb_profile(200_000))
    assert ours(body.replace(b"ICC_PROFILE\0\x02", b"ICC_PROFILE\0\x07")).icc_profile is None


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP", b""]),
    st.binary(max_size=300),
)
@example(b"\xff\xd8\xff", b"")
def test_garbage_raises_nothing_else(start: bytes, rest: bytes) -> None:
    with pytest.raises(MediaError):
        ours(start + rest)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(BODIES)),
    st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)),
        min_size=1,
        max_size=4,
    ),
)
def test_damage_raises_nothing_else(name: str, damages: list[tuple[float, bytes]]) -> None:
    body = bytearray(BODIES[name])
    for where, patch in damages:
        at = int(where * min(len(body), 900 if len(patch) % 2 else len(body)))
        body[at : at + len(patch)] = patch
    message = ""
    try:
        assert decode(bytes(body), DecodeLimits(max_pixels=1_000_000)).pixels.ndim == 3
    except MediaError as error:
        message = str(error)
    assert "opencv" not in message.lower()
    assert "/" not in message


def test_decoding_is_thread_safe_and_touches_no_filters() -> None:
    bodies = list(BODIES.values()) * 4
    before = list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(ours, bodies))
    for photo, body in zip(together, bodies, strict=True):
        assert np.array_equal(photo.pixels, ours(body).pixels)
    assert list(warnings.filters) == before
