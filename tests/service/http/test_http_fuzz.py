"""Malformed bodies by the thousand: no failure of the service's own, no indiscretion, and it goes on."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import people
import pytest
from served import Served, sane

URL = "/edit-attribute"
StartServer = Callable[..., Served]
TYPES = [
    "image/jpeg", "image/png", "image/webp", "application/json", "multipart/form-data; boundary=abc", "text/plain",
    "multipart/form-data; boundary=abc; charset=utf-7", "multipart/form-data; boundary=abc; charset=unicode_escape",
    "multipart/form-data; boundary=abc; charset=idna", "multipart/form-data; boundary=", "application/json; charset=x",
    "multipart/form-data; boundary=\"a b\"", "", ";", "image/", "multipart/form-data", "image/jpeg;q=\"",
]  # fmt: skip


def bodies() -> dict[str, bytes]:
    """Return a good body of each form."""
    pixels = people.nobody(80, 80)
    files = {kind: people.as_file(pixels, kind) for kind in ("JPEG", "PNG", "WEBP")}
    image = files["JPEG"]
    parts = [
        b'--abc\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n' + image,
        b'--abc\r\nContent-Disposition: form-data; name="attribute"\r\n\r\nsmiling',
        b'--abc\r\nContent-Disposition: form-data; name="strengths"\r\n\r\n0:1:0.5',
        b"--abc--\r\n",
    ]
    document = {"image": base64.b64encode(image).decode(), "attribute": "smiling", "strengths": [0, 1], "face": 0}
    return {
        "image/jpeg": image,
        "image/png": files["PNG"],
        "image/webp": files["WEBP"],
        "multipart/form-data; boundary=abc": b"\r\n".join(parts),
        "application/json": json.dumps(document).encode(),
    }


def damaged(body: bytes, random: np.random.Generator) -> bytes:
    """Return the body with bytes changed, a piece cut out, doubled, or moved, or its end cut off."""
    made = bytearray(body)
    for _ in range(int(random.integers(1, 4))):
        first, last = sorted(random.integers(0, len(made) + 1, 2))
        piece = made[first:last]
        match int(random.integers(6)):
            case 0:
                for place in random.integers(0, max(len(made), 1), 4):
                    made[place : place + 1] = bytes([int(random.integers(256))])
            case 1:
                del made[first:last]
            case 2:
                made[first:first] = piece[:2000]
            case 3:
                made = made[:first] if random.random() < 0.3 else made
            case 4:
                made[first:first] = random.bytes(8)
            case _:
                made = made.replace(b"\r\n", b"\n", 1) if random.random() < 0.5 else made.replace(b'"', b"", 1)
    return bytes(made)


def attack(client: httpx.Client, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    forms = list(bodies().items())
    for i in range(count):
        media_type, body = forms[i % len(forms)]
        if random.random() < 0.15:
            media_type = str(random.choice(TYPES))
        query = {"attribute": "smiling"} if media_type.startswith("image/") else {}
        if random.random() < 0.1:
            query[str(random.choice(["face", "seed", "strengths", "edits", "x\0", "é"]))] = odd_text(random)
        answer = client.post(URL, params=query, content=damaged(body, random), headers={"Content-Type": media_type})
        sane(answer)


def odd_text(random: np.random.Generator) -> str:
    return "".join(chr(int(code)) for code in random.choice([0, 9, 44, 45, 48, 57, 58, 101, 1632, 8734, 65533], 12))


@pytest.fixture(params=[1, 2])
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_a_few_malformed_bodies(client: httpx.Client) -> None:
    attack(client, 100, 0)
    assert client.get("/readyz").status_code == 200


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_malformed_bodies(start_server: StartServer, portrait_png: bytes, seed: int) -> None:
    running = start_server()
    with running.client() as client:
        attack(client, 5000, seed)
        answer = client.post(
            URL, params={"attribute": "smiling"}, content=portrait_png, headers={"Content-Type": "image/png"}
        )
        assert answer.status_code == 200
    assert "Traceback" not in running.log, running.log[-5000:]


@pytest.mark.slow
def test_memory_stays_flat(start_server: StartServer, portrait_jpeg: bytes, group_jpeg: bytes) -> None:
    running = start_server(workers=2, batch_workers=2)
    with running.client() as client:
        work(client, 60, portrait_jpeg, group_jpeg)
        before = resident(running)
        work(client, 200, portrait_jpeg, group_jpeg)
    assert resident(running) < before * 1.1


def work(client: httpx.Client, count: int, *photos: bytes) -> None:
    for i in range(count):
        answer = client.post(
            URL,
            params={"attribute": "young", "strength": "0.5"},
            content=photos[i % len(photos)],
            headers={"Content-Type": "image/jpeg"},
        )
        assert answer.status_code == 200


def resident(running: Served) -> int:
    """Return the service's memory in kilobytes."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
