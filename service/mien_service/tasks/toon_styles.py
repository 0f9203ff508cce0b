"""The styles of /toonify, in the order in which the network's condition numbers them."""

from enum import StrEnum


class Style(StrEnum):
    """What a face is drawn as."""

    CEL = "cel"
    SKETCH = "sketch"
    CARTOON = "cartoon"
    BABY = "baby"


STYLES = tuple(style.value for style in Style)
