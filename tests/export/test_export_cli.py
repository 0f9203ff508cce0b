import sys
from pathlib import Path

import pytest
import torch

from mien_export import __main__ as cli
from mien_service.engine.manifest import load_manifest


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the command ran, in place of every recipe."""
    found: list[object] = []

    def train(minutes: float, folder: Path) -> Path:
        found.append((minutes, folder))
        return folder

    monkeypatch.setattr(cli, "TRAINERS", {"face_vae": (train, Path("runs/face_vae"), 120.0)})
    monkeypatch.setattr(cli, "EXPORTERS", {"face_vae": lambda: found.append("exported")})
    monkeypatch.setattr(cli, "EVALUATIONS", {"edit_attribute": found.append})
    return found


def run(*arguments: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["mien-export", *arguments])
        cli.main()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("train", "face_vae"), (120.0, Path("runs/face_vae"))),
        (("train", "face_vae", "--minutes", "1.5"), (1.5, Path("runs/face_vae"))),
        (("export", "face_vae"), "exported"),
        (("evaluate", "edit_attribute"), Path("runs/evaluation")),
        (("evaluate", "edit_attribute", "--folder", "here"), Path("here")),
    ],
)
def test_a_command_runs_its_recipe(arguments: tuple[str, ...], wanted: object, calls: list[object]) -> None:
    run(*arguments)
    assert calls == [wanted]


@pytest.mark.usefixtures("calls")
def test_threads_are_pytorchs(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    run("--threads", "3", "export", "face_vae")
    run("export", "face_vae")
    assert chosen == [3]


@pytest.mark.parametrize("arguments", [(), ("train",), ("train", "nothing"), ("export", "nothing"), ("paint",)])
def test_what_is_not_known_is_refused(
    arguments: tuple[str, ...], calls: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*arguments)
    assert ended.value.code == 2
    assert "usage: mien-export" in capsys.readouterr().err
    assert not calls


MODULES = sorted(file for room in ("recipes", "quality") for file in (Path(cli.__file__).parent / room).glob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda file: file.stem)
def test_every_command_that_a_module_names_exists(module: Path) -> None:
    """The docstring of a recipe, or of an evaluation, says how to run it."""
    networks = {entry.name for entry in load_manifest(cli.WEIGHTS).weights}
    known = {
        "train": cli.TRAINERS,
        "export": cli.EXPORTERS,
        "evaluate": cli.EVALUATIONS,
        "repack": networks,
    }
    for line in module.read_text().splitlines():
        if "python -m mien_export " in line:
            command, name = line.partition("python -m mien_export ")[2].split()[:2]
            assert name in known[command], line
