"""How geometry reaches networks: through whatever runs them, by name."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class RunNetwork(Protocol):
    """Runs a network of the manifest."""

    def __call__(self, network: str, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Run `network` on float32 inputs with a leading batch axis and return its outputs by name."""
        ...
