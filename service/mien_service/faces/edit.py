"""What a task may return for one face: fields to bend the photo by, pixels to lay over it, or a reading."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Edit:
    """Changes to an aligned face, as fields over its aligned square at any resolution n x n.

    flow: (n, n, 2) x, y in pixels of the n x n square: a changed pixel shows what lay at its place plus flow.
    twin: (n, n, 3) another flow and a matte in 0..1: what that flow fetches is laid over what flow does, before
    residual is added; or None. For what was not visible on one half of the face, but on the other.
    residual: (n, n, 3) RGB, added to the warped photo, in grey levels (-255..255).
    alpha: (n, n) in 0..1: how much of flow and residual is applied.
    paint: (n, n, 4) RGB in 0..255 and matte in 0..1, laid over the rest, or None: for what was not visible before.
    match_paint: whether paint takes on the photo's colour along its edge, and its grain. Then a tone that is a little
    off the skin's is pulled to it, and should be residual. Paint that was made from the face's own pixels is laid over
    as it is.
    detail: (n, n) or None: by which share more the moved photo shows, before residual is added. With `detail` times a
    blurred face taken off the residual, it raises what is finer than the blur: the photo's own pores and fine lines.
    """

    residual: Field
    alpha: Field
    flow: Field | None = None
    paint: Field | None = None
    match_paint: bool = True
    twin: Field | None = None
    detail: Field | None = None

    @property
    def resolution(self) -> int:
        """Side of the fields in pixels."""
        return int(self.alpha.shape[0])

    def scaled(self, strength: float) -> "Edit":
        """Return the edit with its fields made `strength` times as strong; 0 changes nothing."""
        paint = self.paint
        if paint is not None:
            paint = paint.copy()
            paint[..., 3] = np.clip(paint[..., 3] * strength, 0, 1)
        flow = None if self.flow is None else self.flow * np.float32(strength)
        detail = None if self.detail is None else self.detail * np.float32(strength)
        return replace(self, residual=self.residual * np.float32(strength), flow=flow, paint=paint, detail=detail)

    def then(self, other: "Edit") -> "Edit":
        """Return one edit of the same resolution that does this one and then `other`.

        Where both move the face, they move it one after the other; residual and paint of the first are not moved by
        the second. Paint is matched where either's is. The second's twin goes before the first's.
        """
        alpha = np.maximum(self.alpha, other.alpha)
        mine, theirs = (_share(edit.alpha, alpha) for edit in (self, other))
        shares = ((self, mine), (other, theirs))
        flows = [edit.flow * share for edit, share in shares if edit.flow is not None]
        details = [edit.detail * share[..., 0] for edit, share in shares if edit.detail is not None]
        return Edit(
            residual=np.asarray(self.residual * mine + other.residual * theirs, np.float32),
            alpha=alpha,
            flow=np.asarray(np.sum(flows, axis=0), np.float32) if flows else None,
            paint=_both_paints(self, other),
            match_paint=any(edit.match_paint for edit in (self, other) if edit.paint is not None),
            twin=self.twin if other.twin is None else other.twin,
            detail=np.asarray(np.sum(details, axis=0), np.float32) if details else None,
        )


def _both_paints(first: Edit, second: Edit) -> Field | None:
    """Return the second edit's paint over the first one's, which takes on the second's residual."""
    if first.paint is None:
        return second.paint
    under = first.paint.copy()
    under[..., :3] += second.residual * second.alpha[..., None]
    if second.paint is None:
        return under
    over = second.paint
    left = under[..., 3:] * (1 - over[..., 3:])
    matte = over[..., 3:] + left
    colour = (over[..., :3] * over[..., 3:] + under[..., :3] * left) / np.maximum(matte, 1e-6)
    return np.concatenate([colour, matte], axis=2, dtype=np.float32)


def _share(alpha: Field, whole: Field) -> Field:
    """Return (n, n, 1): alpha over the whole of it, 0 where there is none."""
    return np.asarray(alpha / np.maximum(whole, 1e-6), np.float32)[..., None]


def no_edit(side: int) -> Edit:
    """Return an edit that changes nothing, over `side` x `side`."""
    return Edit(np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.float32))


@dataclass(frozen=True, eq=False)
class Layer:
    """Pixels that a task drew itself: RGBA (h, w, 4) uint8, and the photo pixel of its upper left corner."""

    pixels: NDArray[np.uint8]
    left: int
    top: int


@dataclass(frozen=True, eq=False)
class Placed:
    """An edit over a square of its own in place of the aligned one.

    transform: (2, 3), photo pixels to pixels of that square at 256 a side, whatever the edit's resolution.
    """

    edit: Edit
    transform: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sticker:
    """A picture of its own, cut out: RGBA (h, w, 4) uint8; reading: what was read from its face, if anything."""

    pixels: NDArray[np.uint8]
    reading: "Reading | None" = None


@dataclass(frozen=True)
class Reading:
    """What was read from a face: a label and a number in 0..1 for each class.

    caption: what is written at the face in the answer's picture; None: nothing. notice: what has to be told of the
    reading, also in answers of tasks that have no notice of their own.
    """

    label: str
    scores: dict[str, float]
    caption: str | None = None
    notice: str | None = None
