"""What is refused: each with its problem, and the service goes on."""

import base64
import dataclasses
import io
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import people
import pytest
from PIL import Image
from served import problem

URL = "/edit-attribute"
SMILE = {"attribute": "smiling"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=abc"}
JSON = {"Content-Type": "application/json"}


def picture(kind: str = "PNG", side: int = 96) -> bytes:
    return people.as_file(people.nobody(side, side), kind)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def huge_png(side: int = 30_000) -> bytes:
    """Return a file of a few kilobytes that promises a picture of nearly a gigapixel."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(4_000_000))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def gif() -> bytes:
    body = io.BytesIO()
    Image.new("P", (100, 100)).save(body, "GIF")
    return body.getvalue()


@dataclasses.dataclass(frozen=True)
class Refused:
    """A request, and the problem it must be answered with."""

    name: str
    kind: str
    status: int
    request: dict[str, Any]
    field: str | None = None
    members: dict[str, Any] = dataclasses.field(default_factory=dict)


def raw(body: bytes = b"", media_type: str = "image/png", **parameters: str) -> dict[str, Any]:
    return {"params": SMILE | parameters, "content": body or picture(), "headers": {"Content-Type": media_type}}


def only(**parameters: str) -> dict[str, Any]:
    """A good picture with nothing but these parameters."""
    return {"params": parameters, "content": picture(), "headers": {"Content-Type": "image/png"}}


def form(*files: tuple[str, tuple[str, bytes, str]], **fields: str) -> dict[str, Any]:
    return {"files": list(files), "data": SMILE | fields}


def file(name: str = "image", body: bytes = b"") -> tuple[str, tuple[str, bytes, str]]:
    return name, ("a.png", body or picture(), "image/png")


def document(**members: Any) -> dict[str, Any]:
    return {"json": {"image": base64.b64encode(picture()).decode(), **SMILE, **members}}


def part(headers: str, content: str = "x") -> bytes:
    return f"--abc\r\n{headers}\r\n\r\n{content}\r\n--abc--\r\n".encode()


def half_a_character(member: str) -> dict[str, Any]:
    """Return a JSON body with a member that no text can hold: half of a surrogate pair."""
    return {"content": b'{"image":"aGk=",' + member.encode() + b"}", "headers": JSON}


INVALID, UNREADABLE, BAD = ("invalid-parameter", 422), ("unreadable-image", 400), ("bad-request", 400)
UNSUPPORTED, LARGE = ("unsupported-media-type", 415), ("image-too-large", 413)

PARAMETERS = [
    Refused("unknown attribute", *INVALID, raw(attribute="handsome"), "attribute"),
    Refused("no attribute", *INVALID, only()),
    Refused("strength is no number", *INVALID, raw(strength="abc"), "strength"),
    Refused("strength too large", *INVALID, raw(strength="2.5"), "strength"),
    Refused("strength is not finite", *INVALID, raw(strength="nan"), "strength"),
    Refused("strength infinite", *INVALID, raw(strength="-inf"), "strength"),
    Refused("strengths no numbers", *INVALID, raw(strengths="a,b"), "strengths"),
    Refused("strengths half a range", *INVALID, raw(strengths="1:2"), "strengths"),
    Refused("strengths endless", *INVALID, raw(strengths="0:1:0"), "strengths"),
    Refused("strengths too fine", *INVALID, raw(strengths="0:1:1e-9"), "strengths"),
    Refused("strengths empty", *INVALID, raw(strengths=""), "strengths"),
    Refused("strength and strengths", *INVALID, raw(strength="1", strengths="0,1"), "strength"),
    Refused("edits and attribute", *INVALID, raw(edits="smiling:1"), "attribute"),
    Refused("edits without number", *INVALID, only(edits="smiling"), "edits"),
    Refused("edits of nothing known", *INVALID, only(edits="handsome:1"), "edits"),
    Refused("edits twice the same", *INVALID, only(edits="smiling:1,smiling:0"), "edits"),
    Refused("edits twice by alias", *INVALID, only(edits="male:1,masculine:0"), "edits"),
    Refused("too many results", *INVALID, raw(strengths="0:1:0.05")),
    Refused("too many results by variants", *INVALID, raw(strengths="0,1,2", variants="8")),
    Refused("too many variants", *INVALID, raw(variants="9"), "variants"),
    Refused("negative seed", *INVALID, raw(seed="-1"), "seed"),
    Refused("face is no index", *INVALID, raw(face="first"), "face"),
    Refused("face negative", *INVALID, raw(face="-1"), "face"),
    Refused("face of 5,000 digits", *INVALID, raw(face="9" * 5000), "face"),
    Refused("bool that is none", *INVALID, raw(landmarks="maybe"), "landmarks"),
    Refused("unknown parameter", *INVALID, raw(colour="red"), "colour"),
    Refused("unknown output", *INVALID, raw(output="video"), "output"),
    Refused("unknown engine", *INVALID, raw(engine="gan"), "engine"),
    Refused("twice in the query", *INVALID, raw() | {"params": [*SMILE.items()] * 2}, "attribute"),
    Refused("twice in the form", *INVALID, form(file(), ("seed", (None, b"1")), ("seed", (None, b"2"))), "seed"),
    Refused("query with multipart", *INVALID, form(file()) | {"params": {"seed": "1"}}, "seed"),
    Refused("query with JSON", *INVALID, document() | {"params": {"seed": "1"}}, "seed"),
    Refused("JSON list as strength", *INVALID, document(strength=[1]), "strength"),
    Refused("JSON object as attribute", *INVALID, document(attribute={"a": 1}), "attribute"),
    Refused("JSON null as output", *INVALID, document(output=None), "output"),
    Refused("a million strengths", *INVALID, document(strengths=[0] * 1_000_000)),
]
PICTURES = [
    Refused("two images", *INVALID, form(file(), file()), "image"),
    Refused("no image", *INVALID, form(("seed", (None, b"1"))), "image"),
    Refused("image as text", *INVALID, form(("image", (None, b"hello"))), "image"),
    Refused("another file", *INVALID, form(file(), file("mask")), "mask"),
    Refused("empty image", *INVALID, form(("image", ("a.png", b"", "image/png"))), "image"),
    Refused("empty body", *INVALID, raw() | {"content": b""}, "image"),
    Refused("text named .jpg", *UNSUPPORTED, form(("image", ("me.jpg", b"hello, I am text", "image/jpeg")))),
    Refused("GIF", *UNSUPPORTED, raw(gif(), "image/gif")),
    Refused("SVG", *UNSUPPORTED, raw(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")),
    Refused("truncated JPEG", *UNREADABLE, raw(picture("JPEG", 400)[:3000], "image/jpeg")),
    Refused("JPEG of two bytes", *UNREADABLE, raw(b"\xff\xd8\xff", "image/jpeg")),
    Refused("truncated PNG", *UNREADABLE, raw(picture(side=400)[:-300])),
    Refused("truncated WebP", *UNREADABLE, raw(picture("WEBP", 400)[:200], "image/webp")),
    Refused("900 megapixels", *LARGE, raw(huge_png()), None, {"limit": 40_000_000}),
    Refused("too small", *INVALID, raw(picture(side=63)), "image", {"limit": 64}),
    Refused("20 MB and a byte", *LARGE, raw(bytes(20_000_001)), None, {"limit": 20_000_000}),
    Refused("no face", "no-face-found", 422, raw()),
    Refused("no face among all", "no-face-found", 422, raw(face="all")),
    Refused("JSON image of another type", *INVALID, document(image=5), "image"),
    Refused("JSON image not base64", *INVALID, document(image="%%%"), "image"),
    Refused("JSON image beyond ASCII", *INVALID, document(image="ü"), "image"),
    Refused("JSON image missing", *INVALID, {"json": SMILE}, "image"),
]
BODIES = [
    Refused("no type", *UNSUPPORTED, {"content": picture()}),
    Refused("form of the web", *UNSUPPORTED, {"data": SMILE}),
    Refused("multipart without boundary", *BAD, {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}),
    Refused("multipart of nothing", *INVALID, {"content": b"--abc--\r\n", "headers": MULTIPART}, "image"),
    Refused("multipart of noise", *BAD, {"content": b"noise" * 50, "headers": MULTIPART}),
    Refused("multipart cut off", *INVALID, {"content": b"--abc\r\nContent-Dispo", "headers": MULTIPART}, "image"),
    Refused("multipart without name", *BAD, {"content": part("Content-Disposition: form-data"), "headers": MULTIPART}),
    Refused("multipart without disposition", *BAD, {"content": part("A: b"), "headers": MULTIPART}),
    Refused("100 fields", *BAD, form(*[(f"f{i}", (None, b"1")) for i in range(100)])),
    Refused("a field of 20 kB", *BAD, form(("seed", (None, b"1" * 20_000)))),
    Refused("JSON of noise", *BAD, {"content": b"{nope", "headers": JSON}),
    Refused("JSON that is no text", *BAD, {"content": b"\xff\xfe\xfd\x80", "headers": JSON}),
    Refused("JSON list", *BAD, {"json": [1, 2]}),
    Refused("JSON empty", *BAD, {"content": b"", "headers": JSON}),
    Refused("JSON nested deeply", *BAD, {"content": b"[" * 200_000, "headers": JSON}),
    Refused("JSON object nested deeply", *BAD, {"content": b'{"a":' * 100_000, "headers": JSON}),
    Refused("JSON number of 9,000 digits", *BAD, {"content": b'{"a":' + b"9" * 9_000 + b"}", "headers": JSON}),
    Refused("JSON name that is half a character", *INVALID, half_a_character('"\\ud800":1')),
    Refused("JSON text that is half a character", *INVALID, half_a_character('"attribute":"\\ud800"'), "attribute"),
]


@pytest.mark.parametrize("refused", PARAMETERS + PICTURES + BODIES, ids=lambda refused: refused.name)
def test_refused(client: httpx.Client, refused: Refused) -> None:
    answer = client.post(URL, **refused.request)
    body = problem(answer, refused.kind, refused.status, refused.field)
    assert body.items() >= refused.members.items()
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.fixture(scope="module", autouse=True)
def _still_serves(client: httpx.Client, portrait_png: bytes) -> Iterator[None]:
    yield
    answer = client.post(URL, params=SMILE, content=portrait_png, headers={"Content-Type": "image/png"})
    assert answer.status_code == 200, answer.text


def test_face_index_out_of_range(client: httpx.Client, portrait_png: bytes) -> None:
    answer = client.post(URL, **raw(portrait_png, face="1"))
    assert problem(answer, "face-index-out-of-range", 422, "face")["faces"] == 1


def test_chunked_body_is_counted_as_it_arrives(client: httpx.Client) -> None:
    chunks = iter([bytes(1_000_000)] * 21)
    answer = client.post(URL, params=SMILE, content=chunks, headers={"Content-Type": "image/png"})
    problem(answer, "image-too-large", 413)


def test_large_multipart_and_json_are_refused(client: httpx.Client) -> None:
    large = bytes(20_000_001)
    problem(client.post(URL, **form(file(body=large))), "image-too-large", 413)
    text = json.dumps(SMILE | {"image": "A" * 28_000_000}).encode()
    problem(client.post(URL, content=text, headers=JSON), "image-too-large", 413)


@pytest.mark.parametrize(
    ("method", "path", "kind", "status"),
    [
        ("GET", "/nothing", "not-found", 404),
        ("GET", "/page/%00", "not-found", 404),
        ("GET", "/page/..%2f..%2fapp.py", "not-found", 404),
        ("GET", "/page/" + "a" * 3000, "not-found", 404),
        ("POST", "/page/index.html", "method-not-allowed", 405),
        ("GET", URL, "method-not-allowed", 405),
        ("DELETE", URL, "method-not-allowed", 405),
        ("OPTIONS", URL, "method-not-allowed", 405),
        ("POST", "/healthz", "method-not-allowed", 405),
    ],
)
def test_the_frameworks_own_errors_are_problems(
    client: httpx.Client, method: str, path: str, kind: str, status: int
) -> None:
    problem(client.request(method, path), kind, status)


@pytest.mark.parametrize("size", [(64, 30_000), (30_000, 64), (64, 600_000)])
def test_a_picture_much_longer_than_wide_has_no_face(client: httpx.Client, size: tuple[int, int]) -> None:
    body = io.BytesIO()
    Image.new("RGB", size, "white").save(body, "PNG")
    for face in ("largest", "all"):
        problem(client.post(URL, **raw(body.getvalue(), face=face)), "no-face-found", 422)


@pytest.mark.parametrize("text", ["false", "0", "no", "off", "False"])
def test_text_that_says_false_is_false(client: httpx.Client, portrait_png: bytes, text: str) -> None:
    drawn = client.post(URL, **raw(portrait_png, strength="0", landmarks=text))
    assert (people.pixels_of(drawn.content) == people.pixels_of(portrait_png)).all()
