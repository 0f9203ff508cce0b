"""Starting, refusing to start, and ending."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import people
import pytest
from served import Served, command, problem
from test_http_limits import URL, connected, request_head
from threadpoolctl import threadpool_info, threadpool_limits

from mien_service.app import create_app
from mien_service.settings import Settings

StartServer = Callable[..., Served]
CLEAN = (0, -signal.SIGTERM)


def test_a_provider_that_is_not_there_is_never_replaced() -> None:
    ended = command("serve", "--port", "1", provider="cuda")
    assert ended.returncode not in (0, None)
    assert "MIEN_PROVIDER=cuda" in ended.stderr
    assert "CUDAExecutionProvider" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_weights_that_are_not_those_of_the_manifest(tmp_path: Path, weights: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(weights, folder)
    file = folder / json.loads((folder / "manifest.json").read_text())["weights"][0]["file"]
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    file.write_bytes(damaged)
    ended = command("serve", "--port", "1", weights=folder)
    assert ended.returncode != 0
    assert "sha256" in ended.stderr
    assert file.name in ended.stderr
    assert "Traceback" not in ended.stderr


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    ended = command("serve", "--port", "1", weights=tmp_path)
    assert ended.returncode != 0
    assert "manifest.json" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_network_that_the_manifest_lacks(tmp_path: Path, weights: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(weights, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["weights"] = [one for one in manifest["weights"] if one["name"] != "face_vae_decoder"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    ended = command("serve", "--port", "1", weights=folder)
    assert ended.returncode != 0
    assert "face_vae_decoder" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_task_that_there_is_not() -> None:
    ended = command("serve", "--port", "1", tasks="edit-attribute,dance")
    assert ended.returncode != 0
    assert "dance" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_setting_that_is_wrong() -> None:
    ended = command("serve", "--port", "1", workers="many")
    assert ended.returncode != 0
    assert "workers" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_deadline_is_kept_and_a_slow_sender_does_not_hold_up_the_end(
    start_server: StartServer, portrait_jpeg: bytes
) -> None:
    running = start_server(deadline="0.001")
    with running.client() as client:
        answer = client.post(
            URL, params={"attribute": "smiling"}, content=portrait_jpeg, headers={"Content-Type": "image/jpeg"}
        )
        problem(answer, "deadline-exceeded", 504)
        assert client.get("/readyz").status_code == 200
    with connected(running) as slow:
        slow.sendall(request_head(1_000_000, "Expect: 100-continue"))
        assert slow.recv(100).startswith(b"HTTP/1.1 100")
        slow.sendall(bytes(1000))
        assert running.stop() in CLEAN, running.log


def test_work_at_hand_is_finished_before_the_end(start_server: StartServer) -> None:
    running = start_server()
    photo = people.as_file(people.twelve_megapixels(), "JPEG", quality=90)
    with connected(running) as client:
        client.sendall(request_head(len(photo), "Expect: 100-continue", "Connection: close"))
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        client.sendall(photo)
        running.process.send_signal(signal.SIGTERM)
        answer = b""
        while part := client.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 200 " in head.partition(b"\r\n")[0]
    assert people.opened(body).size == (4000, 3000)
    assert running.ended() in CLEAN, running.log
    assert "Traceback" not in running.log, running.log


@pytest.mark.slow
def test_an_interrupt_from_the_keyboard_ends_quietly(start_server: StartServer) -> None:
    running = start_server()
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.ended() in (0, -signal.SIGINT)
    assert "Traceback" not in running.log, running.log


@pytest.mark.slow
def test_dlibs_landmarks_serve_as_well(start_server: StartServer, portrait_png: bytes) -> None:
    running = start_server(landmarks="dlib68")
    with running.client(headers={"Content-Type": "image/png", "Accept": "application/json"}) as client:
        answer = client.post(URL, content=portrait_png, params={"attribute": "smiling"})
    assert answer.status_code == 200, answer.text
    (face,) = answer.json()["faces"]
    assert len(face["landmarks"]) == 68


def test_numpy_works_on_one_thread_beside_the_workers(weights: Path) -> None:
    """Its own threads and the workers' would wait for each other."""
    app = create_app(Settings(weights=weights))

    async def threads() -> set[str | int]:
        async with app.router.lifespan_context(app):
            return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        assert asyncio.run(threads()) == {1}
