"""Edits and layers into the native pixels of the photo.

An edit's fields, not its pixels, are brought to native resolution: the photo's own pixels are moved by
alpha * flow, then alpha * residual is added, then paint is laid over. Pixels where alpha is 0 are not touched,
and an edit of strength 0 changes no pixel.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from mien_service.faces.align import CROP_SIZE, Affine, apply, at_resolution, invert
from mien_service.faces.edit import Edit, Field, Layer
from mien_service.faces.face import RgbImage

ALPHA_FLOOR = 0.03
"""Alpha below this counts as 0, so that a network's faint noise touches nothing."""

RIM = 0.03
"""Share of the square's side over which every edit fades out towards the square's edge."""

FINE_RESOLUTION = 512
"""Coarse fields are first enlarged to this side smoothly (cubic), then to the photo linearly."""

STILL_PIXELS = 0.02
"""A flow shorter than this everywhere, in photo pixels, moves nothing that could be seen."""


@dataclass(frozen=True)
class Window:
    """The part of the photo that an aligned square covers, and the way from its pixels into the square."""

    left: int
    top: int
    right: int
    bottom: int
    to_square: Affine

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.right - self.left, self.bottom - self.top


def apply_edit(photo: RgbImage, transform: Affine, edit: Edit, *, grey: bool = False) -> RgbImage:
    """Return `photo` with `edit` applied to the face whose square `transform` (photo to 256 px crop) cuts.

    With `grey` the residual's colour is dropped, so that a grey photo stays grey.
    """
    edit = _with_rim(_refined(edit))
    window = _window(photo, transform, edit)
    if window is None:
        return photo
    changed = part = photo[window.top : window.bottom, window.left : window.right]
    if edit.flow is not None:
        changed = _moved(photo, part, _photo_flow(edit.flow, edit.alpha, transform, window), window)
    residual = edit.residual * edit.alpha[..., None]
    if grey:
        residual = np.repeat(residual.mean(axis=2, keepdims=True), 3, axis=2)
    # Where alpha is 0, residual and flow are exactly 0, and adding 0 or fetching a pixel from its own place keeps it.
    changed = np.asarray(cv2.add(changed, _to_photo(residual, window), dtype=cv2.CV_8U), np.uint8)
    if edit.paint is not None:
        changed = _painted(changed, _to_photo(edit.paint[..., :3], window), _to_photo(edit.paint[..., 3], window))
    out = photo.copy()
    out[window.top : window.bottom, window.left : window.right] = changed
    return out


def apply_layer(photo: RgbImage, layer: Layer) -> RgbImage:
    """Return `photo` with `layer` laid over it; what passes the photo's edge is cut off."""
    height, width = photo.shape[:2]
    rows, columns = layer.pixels.shape[:2]
    left, top = max(layer.left, 0), max(layer.top, 0)
    right, bottom = min(layer.left + columns, width), min(layer.top + rows, height)
    if left >= right or top >= bottom:
        return photo
    pixels = layer.pixels[top - layer.top : bottom - layer.top, left - layer.left : right - layer.left]
    out = photo.copy()
    matte = pixels[..., 3].astype(np.float32) / np.float32(255)
    out[top:bottom, left:right] = _painted(out[top:bottom, left:right], pixels[..., :3].astype(np.float32), matte)
    return out


def _painted(part: RgbImage, paint: Field, matte: Field) -> RgbImage:
    blended = part + (paint - part) * matte[..., None]
    return np.clip(np.rint(blended), 0, 255).astype(np.uint8)


def _refined(edit: Edit) -> Edit:
    """Return `edit` with coarse fields enlarged smoothly, so that no facets show on a large face."""
    factor = FINE_RESOLUTION / edit.resolution
    if factor <= 1:
        return edit

    def enlarge(field: Field) -> Field:
        size = (FINE_RESOLUTION, FINE_RESOLUTION)
        return np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_CUBIC), np.float32)

    paint = edit.paint
    if paint is not None:
        paint = enlarge(paint)
        paint[..., 3] = np.clip(paint[..., 3], 0, 1)
    flow = None if edit.flow is None else enlarge(edit.flow) * np.float32(factor)
    return Edit(enlarge(edit.residual), np.clip(enlarge(edit.alpha), 0, 1), flow, paint)


def _with_rim(edit: Edit) -> Edit:
    """Return `edit` fading out towards the square's edge, with alpha below the floor set to 0."""
    n = edit.resolution
    from_edge = np.minimum(np.arange(n), np.arange(n)[::-1]).astype(np.float32)
    ramp = np.clip(from_edge / (RIM * n), 0, 1)
    rim = np.minimum(ramp[:, None], ramp[None, :])
    alpha = edit.alpha * rim
    # The floor is taken off as a slope, not as a step that would show as an edge.
    alpha = np.where(alpha < ALPHA_FLOOR, 0, (alpha - ALPHA_FLOOR) / (1 - ALPHA_FLOOR)).astype(np.float32)
    paint = edit.paint
    if paint is not None:
        paint = paint.copy()
        paint[..., 3] *= rim
    return Edit(edit.residual, alpha, edit.flow, paint)


def _window(photo: RgbImage, transform: Affine, edit: Edit) -> Window | None:
    """Return the photo rectangle that the touched part of the square covers, or None if there is none."""
    touched = edit.alpha > 0
    if edit.paint is not None:
        touched |= edit.paint[..., 3] > 0
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    if not len(rows):
        return None
    to_square = at_resolution(transform, edit.resolution)
    x0, x1, y0, y1 = columns[0] - 1, columns[-1] + 1, rows[0] - 1, rows[-1] + 1
    corners = apply(invert(to_square), np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32))
    height, width = photo.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, [width, height]).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, [width, height]).astype(int)
    if left >= right or top >= bottom:
        return None
    local = to_square.copy()
    local[:, 2] += to_square[:, :2] @ np.array([left, top])
    return Window(int(left), int(top), int(right), int(bottom), local)


def _to_photo(field: Field, window: Window) -> Field:
    """Return a field of the square sampled at the window's pixels, (h, w) or (h, w, c); 0 outside the square."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(field, window.to_square, window.size, flags=flags, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(warped, np.float32)


def _photo_flow(flow: Field, alpha: Field, transform: Affine, window: Window) -> Field:
    """Return alpha * flow at the window's pixels, in photo pixels."""
    back = invert(transform)[:, :2] * (CROP_SIZE / alpha.shape[0])
    in_photo = (flow * alpha[..., None]) @ back.T.astype(np.float32)
    return _to_photo(in_photo.astype(np.float32), window)


def _moved(photo: RgbImage, part: RgbImage, flow: Field, window: Window) -> RgbImage:
    """Return the window's pixels fetched from where `flow` points to in the photo."""
    if float(np.abs(flow).max(initial=0)) < STILL_PIXELS:
        return part
    width, height = window.size
    x = np.arange(window.left, window.left + width, dtype=np.float32)[None, :] + flow[..., 0]
    y = np.arange(window.top, window.top + height, dtype=np.float32)[:, None] + flow[..., 1]
    reach = int(np.ceil(np.abs(flow).max())) + 3
    left, top = max(window.left - reach, 0), max(window.top - reach, 0)
    source = photo[top : window.bottom + reach, left : window.right + reach]
    moved = cv2.remap(source, x - left, y - top, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)
