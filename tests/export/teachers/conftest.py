import pytest

from mien_export.teachers.generator import Synthesis, load_synthesis


@pytest.fixture(scope="session")
def generator() -> Synthesis:
    """The generator with the weights of its package."""
    return load_synthesis()
