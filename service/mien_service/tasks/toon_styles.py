"""The styles of /toonify: those a network learned, and those that are drawn."""

from enum import StrEnum


class Style(StrEnum):
    """What a face is drawn as."""

    CEL = "cel"
    SKETCH = "sketch"
    CARTOON = "cartoon"
    BABY = "baby"
    EMOJI = "emoji"


LEARNED = tuple(style.value for style in (Style.CEL, Style.SKETCH))
"""Styles of the network, in the order in which its condition numbers them."""

DRAWN = (Style.CARTOON, Style.BABY, Style.EMOJI)
"""Styles in which heads are drawn by code."""

GROUND: dict[Style, Style] = dict.fromkeys(DRAWN, Style.CEL)
"""Styles in which nothing but heads can be drawn, and the learned one that all else is drawn in then."""
