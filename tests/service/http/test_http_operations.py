"""Liveness, readiness, models, problems, documentation; the OpenAPI document and the commands."""

import hashlib
import json
from pathlib import Path

import httpx
import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator
from served import ROOT, command

from mien_service.app import REGISTRY
from mien_service.tasks.toon_styles import Style

OPENAPI_FILE = ROOT / "openapi.yaml"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_alive_and_ready(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


def test_models_say_their_terms(client: httpx.Client, weights: Path) -> None:
    answer = client.get("/models").json()
    assert "weights" in answer["notice"]
    manifest = {one["name"]: one for one in json.loads((weights / "manifest.json").read_text())["weights"]}
    assert answer["models"]
    for model in answer["models"]:
        entry = manifest[model["name"]]
        assert model["licence"] == entry["licence"]
        assert model["commercial_use"] == entry["commercial_use"]
        assert model["sha256"] == hashlib.sha256((weights / entry["file"]).read_bytes()).hexdigest()
        assert model["provider"] == ("CPUExecutionProvider" if entry["kind"] == "network" else None)


def test_models_tell_every_task_and_its_parameters(client: httpx.Client) -> None:
    tasks = {one["path"]: one for one in client.get("/models").json()["tasks"]}
    assert list(tasks) == [spec.path for spec in REGISTRY.specs()]
    for spec in REGISTRY.specs():
        assert set(tasks[spec.path]["parameters"]["properties"]) == set(spec.params.model_fields)


def test_every_kind_of_problem_is_listed(client: httpx.Client) -> None:
    lines = [line.split("\t") for line in client.get("/problems").text.splitlines()]
    assert {"#no-face-found", "#invalid-parameter", "#image-too-large", "#overloaded", "#internal"} <= {
        line[0] for line in lines
    }
    assert all(len(line) == 3 and line[1].isdigit() and line[2] for line in lines)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_are_html_that_fetches_nothing_from_elsewhere(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    for tag in ("src=", "href="):
        for part in answer.text.split(tag)[1:]:
            assert not part.lstrip("\"'").startswith(("http", "//")), part[:80]


def test_a_task_has_three_request_forms_in_the_openapi_document(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for spec in REGISTRY.specs():
        operation = document["paths"][spec.path]["post"]
        forms = set(operation["requestBody"]["content"])
        assert {"multipart/form-data", "application/json", "image/jpeg", "image/png", "image/webp"} <= forms
        assert {one["name"] for one in operation["parameters"]} == set(spec.params.model_fields)
        problems = {status for status in operation["responses"] if status >= "400"}
        assert {"400", "406", "413", "415", "422", "429", "500", "503", "504"} <= problems
        for status in problems:
            assert list(operation["responses"][status]["content"]) == ["application/problem+json"]


def test_a_parameter_with_named_choices_keeps_its_default_in_the_openapi_document(client: httpx.Client) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/toonify"]["post"]
    [style] = [one["schema"] for one in operation["parameters"] if one["name"] == "style"]
    assert (style["default"], len(style["enum"])) == ("cartoon", len(Style))


def test_the_openapi_document_is_valid(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    errors = [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]
    assert errors == []


def test_the_openapi_file_is_what_the_service_says(client: httpx.Client) -> None:
    printed = command("openapi")
    assert printed.returncode == 0, printed.stderr
    assert yaml.safe_load(printed.stdout) == client.get("/openapi.json").json()
    assert OPENAPI_FILE.read_text() == printed.stdout, "stale: python -m mien_service openapi -o openapi.yaml"


def test_the_openapi_command_writes_a_file(tmp_path: Path) -> None:
    written = command("openapi", "-o", str(tmp_path / "openapi.yaml"))
    assert written.returncode == 0, written.stderr
    assert "/edit-attribute" in yaml.safe_load((tmp_path / "openapi.yaml").read_text())["paths"]


def test_the_models_command_lists_the_manifest(weights: Path) -> None:
    listed = command("models")
    assert listed.returncode == 0, listed.stderr
    entries = json.loads((weights / "manifest.json").read_text())["weights"]
    lines = [line.split("\t") for line in listed.stdout.splitlines()]
    assert [line[0] for line in lines] == [entry["name"] for entry in entries]
    for line, entry in zip(lines, entries, strict=True):
        assert line[4] == ("commercial use" if entry["commercial_use"] else "no commercial use")
