"""Small packs of people who do not exist, in place of the real ones."""

import csv
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import people
import pytest
import torch

from mien_export.data.packs import Row
from mien_service.faces.face import RgbImage


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Let PyTorch use one thread: on cores busy with other things several only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """Let every test draw the same random numbers, whatever ran before it."""
    with torch.random.fork_rng():
        torch.manual_seed(4)
        yield


MakePack = Callable[[str, Sequence[Row], Mapping[str, bytes]], None]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that packs are read from; the cache lies beside it. Both are empty."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("MIEN_DATA", str(folder))
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def make_pack(data: Path) -> MakePack:
    """Write a pack: label rows (the first one's keys head the CSV), and the files of the zip by name."""

    def make(name: str, rows: Sequence[Row], files: Mapping[str, bytes]) -> None:
        with (data / f"{name}.csv").open("w", newline="") as table:
            writer = csv.DictWriter(table, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        with zipfile.ZipFile(data / f"{name}.zip", "w") as archive:
            for member, body in files.items():
                archive.writestr(member, body)

    return make


def as_webp(pixels: RgbImage) -> bytes:
    return people.as_file(pixels, "WEBP", lossless=True, quality=0)


def as_celeba(pixels: RgbImage) -> RgbImage:
    """Return a square portrait at CelebA's size, (218, 178, 3), the face where CelebA has it."""
    small = cv2.resize(pixels, (126, 126), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.copyMakeBorder(small, 57, 35, 26, 26, cv2.BORDER_REFLECT_101), np.uint8)


@pytest.fixture(scope="session")
def webp() -> Callable[[RgbImage], bytes]:
    return as_webp


@pytest.fixture(scope="session")
def portraits() -> list[RgbImage]:
    """Eight portraits at CelebA's size: seven people and the astronaut."""
    whole = [people.person(name) for name in people.NAMES] + [people.astronaut()[:300, 80:380]]
    return [as_celeba(pixels) for pixels in whole]


class _Here:
    """Stands in for ProcessPoolExecutor: the work is done here, where a test's stand-ins are."""

    def __init__(self, *_: object, **__: object) -> None:
        self.map = map

    def __enter__(self) -> "_Here":
        return self

    def __exit__(self, *_: object) -> None:
        pass


InProcess = Callable[[ModuleType], None]


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """Let a module that spreads its work over processes do it all in this one."""
    return lambda module: monkeypatch.setattr(module, "ProcessPoolExecutor", _Here)
