"""What tasks are tested on: the networks without a server, and a face."""

from pathlib import Path

import people
import pytest
from finding import found

from mien_export.runner import WeightsRunner
from mien_service.faces.align import AlignedFace, align


@pytest.fixture(scope="module")
def runner(weights: Path) -> WeightsRunner:
    return WeightsRunner(weights)


@pytest.fixture(scope="module")
def aligned() -> AlignedFace:
    return align(people.small_person("ben"), found("ben"))
