from pathlib import Path

import finding
import numpy as np
import people
import pytest

from mien_export.quality.illustrators import SUBSTANCES
from mien_export.quality.service_illustrator import ServiceIllustrator
from mien_export.runner import WeightsRunner
from mien_service.faces.align import align


@pytest.mark.parametrize("substance", SUBSTANCES)
def test_it_is_the_services_task_and_its_options_are_the_tasks(substance: str, weights: Path) -> None:
    photo = people.small_person("ben")
    face = align(photo, finding.found("ben"))
    run = WeightsRunner(weights)
    none, full = ServiceIllustrator(run)(photo, face, substance, (0.0, 1.0))
    np.testing.assert_array_equal(none, photo)
    changed = (full != photo).any(axis=2).mean()
    assert 0.02 < changed < 0.6
    off = dict.fromkeys(("blotches", "wrinkles", "tone", "hollowing", "eyes_teeth"), 0)
    [still] = ServiceIllustrator(run, **off)(photo, face, substance, [1.0])
    assert (still != photo).any(axis=2).mean() < 0.1 * changed
