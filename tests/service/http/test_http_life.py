"""Starting, refusing to start, and ending."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import people
import pytest
from served import Served, command, problem, wait_until
from test_http_limits import URL, connected, request_head

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
    ended = command("serve", "--port", "1", weights=folder, mmod="false")
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


def children(parent: int) -> set[int]:
    """Return the processes that `parent` started and that still live."""
    found: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields["PPid"]) == parent and not fields["State"].startswith("Z"):
            found.add(int(status.parent.name))
    return found


def alive(process: int) -> bool:
    status = Path(f"/proc/{process}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def detector_of(running: Served) -> int:
    (found,) = {
        one for one in children(running.process.pid) if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()
    }
    return found


@pytest.mark.slow
def test_no_process_outlives_a_service_that_is_killed(start_server: StartServer) -> None:
    running = start_server(mmod="true")
    helpers = children(running.process.pid)
    assert detector_of(running) in helpers
    running.process.kill()
    running.process.wait()
    assert wait_until(lambda: not any(alive(one) for one in helpers))


@pytest.mark.slow
def test_no_process_outlives_a_service_that_ends(start_server: StartServer) -> None:
    running = start_server(mmod="true")
    helpers = children(running.process.pid)
    assert running.stop() in CLEAN
    assert wait_until(lambda: not any(alive(one) for one in helpers))
    assert "Traceback" not in running.log, running.log


@pytest.mark.slow
def test_an_interrupt_from_the_keyboard_ends_all_quietly(start_server: StartServer) -> None:
    running = start_server(mmod="true")
    helpers = children(running.process.pid)
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.ended() in (0, -signal.SIGINT)
    assert wait_until(lambda: not any(alive(one) for one in helpers))
    assert "Traceback" not in running.log, running.log


@pytest.mark.slow
def test_a_detector_that_is_killed_is_replaced(start_server: StartServer, nobody_png: bytes) -> None:
    running = start_server(mmod="true")
    with running.client(params={"attribute": "smiling"}, headers={"Content-Type": "image/png"}) as client:
        for _ in range(2):
            killed = detector_of(running)
            os.kill(killed, signal.SIGKILL)
            assert wait_until(lambda one=killed: not alive(one))
            time.sleep(0.1)
            problem(client.post(URL, content=nobody_png), "no-face-found", 422)
            assert detector_of(running) != killed
        assert client.get("/readyz").status_code == 200
