"""Finding faces in tests with the service's own networks, without a server."""

from functools import cache

import people
import served

from mien_service.engine.engine import Engine, EngineOptions, Runner
from mien_service.engine.work import Work
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.face import Face, RgbImage
from mien_service.faces.find import FaceFinder, Selection
from mien_service.faces.landmarks import MeshLandmarks

NAMES = (*NetworkDetector.networks, *MeshLandmarks.networks)


@cache
def run() -> Runner:
    """Return what runs the networks that find faces."""
    return Runner(Engine(EngineOptions(served.weights_folder()), NAMES, lambda: None), Work(100_000))


@cache
def finder() -> FaceFinder:
    return FaceFinder(NetworkDetector(), MeshLandmarks())


def find(photo: RgbImage, selection: Selection = "largest") -> list[Face]:
    return finder().find(photo, selection, run())


@cache
def found(name: str) -> Face:
    """Return the face in the 512 px portrait of one of the people."""
    return find(people.small_person(name))[0]
