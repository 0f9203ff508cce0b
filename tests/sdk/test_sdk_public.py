"""What the distribution promises to the outside."""

import inspect
import subprocess
import sys
import tomllib
import typing
from pathlib import Path

import pytest

import mien
from mien import AsyncMien, Mien
from mien._types import EditOptions, PreviewOptions, UnmaskOptions

SDK = Path(mien.__file__).parents[1]

PUBLIC = [
    "AsyncMien",
    "BadRequest",
    "Box",
    "Conflict",
    "ConnectionFailed",
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_TIMEOUT",
    "DeadlineExceeded",
    "EditResult",
    "EditResults",
    "EmotionResult",
    "Expression",
    "Face",
    "FaceIndexOutOfRange",
    "Forbidden",
    "Gone",
    "ImageTooLarge",
    "InternalError",
    "InvalidParameter",
    "JobExpired",
    "JobNotFound",
    "Mien",
    "MienError",
    "ModelCard",
    "ModelVersion",
    "NoFaceFound",
    "NoMaskFound",
    "NotAcceptable",
    "NotFound",
    "NotReady",
    "Overloaded",
    "Picture",
    "Point",
    "Pose",
    "PoseOutOfRange",
    "RateLimited",
    "RawResponse",
    "ServerError",
    "StatusError",
    "TimedOut",
    "TooLarge",
    "TooManyRequests",
    "Unauthorized",
    "UnexpectedAnswer",
    "Unprocessable",
    "UnreadableImage",
    "UnreadableVideo",
    "UnsupportedMediaType",
    "VideoTooLong",
    "__version__",
]


def test_public_names_are_pinned() -> None:
    assert sorted(mien.__all__) == sorted(PUBLIC)


def test_public_names_exist() -> None:
    assert [name for name in mien.__all__ if not hasattr(mien, name)] == []


def test_nothing_else_is_public() -> None:
    shown = {name for name in vars(mien) if not name.startswith("_")}
    assert shown <= set(PUBLIC)


def test_types_travel_along() -> None:
    assert (SDK / "mien" / "py.typed").is_file()


def test_it_depends_on_httpx_and_pydantic_only() -> None:
    project = tomllib.loads((SDK / "pyproject.toml").read_text())["project"]
    assert [d.split(">")[0] for d in project["dependencies"]] == ["httpx", "pydantic"]


def test_importing_it_imports_no_picture_library() -> None:
    code = "import sys, mien; print([m for m in ('PIL', 'numpy', 'cv2') if m in sys.modules])"
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(SDK)})
    assert found.stdout.strip() == "[]"


def _methods(client: type) -> dict[str, inspect.Signature]:
    members = inspect.getmembers(client, inspect.isfunction)
    return {name: inspect.signature(f) for name, f in members if not name.startswith("_")}


def test_both_clients_offer_the_same() -> None:
    sync, unsync = _methods(Mien), _methods(AsyncMien)
    sync["aclose"] = sync.pop("close")
    assert sync == unsync
    assert inspect.signature(Mien.__init__).parameters.keys() == inspect.signature(AsyncMien).parameters.keys() | {
        "self"
    }


@pytest.mark.parametrize("client", [Mien, AsyncMien])
@pytest.mark.parametrize(
    ("method", "options", "several"),
    [
        ("edit_attribute", EditOptions, ["strengths", "variants"]),
        ("unmask", UnmaskOptions, ["variants"]),
        ("addiction_preview", PreviewOptions, ["severities"]),
    ],
)
def test_the_overloads_take_what_the_method_takes(
    client: type[Mien] | type[AsyncMien], method: str, options: type, several: list[str]
) -> None:
    function = getattr(client, method)
    parameters = set(inspect.signature(function).parameters)
    assert parameters - {"self", "image", *several} == set(options.__annotations__)
    assert len(typing.get_overloads(function)) == 1 + len(several)
