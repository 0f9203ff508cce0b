"""Pictures in every form a caller may have them."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sdk_service import JPEG, PNG, Made, Service, picture_reply, problem_reply, settled

from mien._files import read_picture, sniff_media_type


class Pipe(io.RawIOBase):
    """A stream that can be read once and not be rewound."""

    def __init__(self, content: bytes) -> None:
        self.rest = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self.rest.readinto(buffer)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "me.png").write_bytes(PNG)
    return tmp_path / "me.png"


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (lambda path: path, "me.png"),
        (str, "me.png"),
        (lambda path: path.read_bytes(), "image"),
        (lambda path: bytearray(path.read_bytes()), "image"),
        (lambda path: io.BytesIO(path.read_bytes()), "image"),
        (lambda path: Pipe(path.read_bytes()), "image"),
        (lambda path: ("photo", path.read_bytes(), "image/png"), "photo"),
    ],
)
def test_every_form_is_read(path: Path, form: Callable[[Path], Any], name: str) -> None:
    assert read_picture(form(path)) == (name, PNG, "image/png")


def test_a_file_object_keeps_its_name_and_stays_open(path: Path) -> None:
    with path.open("rb") as file:
        assert read_picture(file) == ("me.png", PNG, "image/png")
        assert not file.closed


def test_a_file_object_is_read_from_where_it_stands() -> None:
    file = io.BytesIO(b"before" + JPEG)
    file.seek(6)
    assert read_picture(file).content == JPEG


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (JPEG, "image/jpeg"),
        (PNG, "image/png"),
        (b"RIFF\x0a\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"BM", None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(content: bytes, media_type: str | None) -> None:
    assert sniff_media_type(content) == media_type


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("me.png", "image/jpeg"), ("me.gif", "image/gif"), ("me", "application/octet-stream")],
)
def test_bytes_say_more_than_names(tmp_path: Path, name: str, media_type: str) -> None:
    content = JPEG if media_type == "image/jpeg" else b"something"
    (tmp_path / name).write_bytes(content)
    assert read_picture(tmp_path / name).media_type == media_type


def test_an_empty_picture_is_refused_at_once() -> None:
    file = io.BytesIO(JPEG)
    file.read()
    with pytest.raises(ValueError, match="was it read before"):
        read_picture(file)


def test_a_text_file_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="mode 'rb'"):
        read_picture(io.StringIO("text"))  # type: ignore[arg-type]


@pytest.mark.anyio
async def test_a_missing_file_sends_nothing(make: Made, tmp_path: Path) -> None:
    service = Service(picture_reply())
    with pytest.raises(FileNotFoundError):
        await settled(make(service).edit_attribute(tmp_path / "none.jpg"))
    assert service.sent == []


@pytest.mark.anyio
@pytest.mark.parametrize("form", [Pipe, io.BytesIO, bytes])
async def test_a_retry_sends_the_same_picture_again(make: Made, form: Callable[[bytes], Any]) -> None:
    service = Service(problem_reply(503, "not-ready"), problem_reply(429, "overloaded"), picture_reply())
    await settled(make(service).edit_attribute(form(JPEG), attribute="young"))
    assert [sent.picture for sent in service.sent] == [("image", JPEG, "image/jpeg")] * 3
    assert [sent.fields["attribute"] for sent in service.sent] == ["young"] * 3
