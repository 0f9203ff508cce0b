"""How strongly each sign shows on a face: what a substance is made of."""

from dataclasses import dataclass, replace

Colour = tuple[float, float, float]
"""A shift of CIE L*, a* and b*, in levels."""

NONE: Colour = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Gains:
    """How much of each part of the signs shows: 1 as they are, 0 none of it, 2 twice of it."""

    blotches: float = 1.0
    wrinkles: float = 1.0
    tone: float = 1.0
    hollowing: float = 1.0
    eyes_teeth: float = 1.0


@dataclass(frozen=True)
class Signs:
    """Signs at severity 1.

    tone: of all skin; flush: of cheeks and nose; under_eye, lips, sclera, teeth: of these; blotch: of a blotch's
    middle. wrinkles: the groups of lines (curves.GROUPS) and their depths, 1 deep. crepe: the depth of fine creases
    between them, 1 clearly. roughness: share by which the skin's
    own fine detail (pores, fine lines) is raised. vessels: in 0..1, small red vessels. hollow, temples: how far cheeks
    and temples sink in, and droop: the upper lids, 1 clearly. bags: how far the lower lids swell.
    """

    tone: Colour = NONE
    mottled: float = 0.0
    flush: Colour = NONE
    under_eye: Colour = NONE
    lips: Colour = NONE
    sclera: Colour = NONE
    teeth: Colour = NONE
    blotch: Colour = NONE
    vessels: float = 0.0
    wrinkles: tuple[tuple[str, float], ...] = ()
    crepe: float = 0.0
    roughness: float = 0.0
    hollow: float = 0.0
    temples: float = 0.0
    bags: float = 0.0
    droop: float = 0.0

    def with_gains(self, gains: Gains) -> "Signs":
        """Return the signs with each part made stronger or fainter."""
        return replace(
            self,
            tone=_times(self.tone, gains.tone),
            mottled=self.mottled * min(gains.tone, 1.0),
            flush=_times(self.flush, gains.tone),
            under_eye=_times(self.under_eye, gains.tone),
            lips=_times(self.lips, gains.tone),
            sclera=_times(self.sclera, gains.eyes_teeth),
            teeth=_times(self.teeth, gains.eyes_teeth),
            blotch=_times(self.blotch, gains.blotches),
            vessels=self.vessels * gains.blotches,
            wrinkles=tuple((name, depth * gains.wrinkles) for name, depth in self.wrinkles),
            crepe=self.crepe * gains.wrinkles,
            roughness=self.roughness * gains.wrinkles,
            hollow=self.hollow * gains.hollowing,
            temples=self.temples * gains.hollowing,
            bags=self.bags * gains.hollowing,
            droop=self.droop * gains.eyes_teeth,
        )


def _times(colour: Colour, gain: float) -> Colour:
    lightness, a, b = colour
    return lightness * gain, a * gain, b * gain
