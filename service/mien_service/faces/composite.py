"""Edits and layers into the native pixels of the photo.

An edit's fields, not its pixels, are brought to native resolution: the photo's own pixels are moved by
alpha * flow, then alpha * residual is added, then paint is laid over, in the photo's colour and with its grain.
Pixels where alpha and matte are 0 are not touched, and an edit of strength 0 changes no pixel.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mien_service.faces.align import CROP_SIZE, Affine, invert
from mien_service.faces.edit import Edit, Field, Layer
from mien_service.faces.face import RgbImage
from mien_service.faces.feather import crisp, softened
from mien_service.faces.grain import grain_at, missing_grain, wrapped
from mien_service.faces.seam import colour_offset
from mien_service.faces.sheet import TILE_HEIGHT, TILE_WIDTH, Box, Mask, Sheet, sheet_over
from mien_service.faces.spread import spread
from mien_service.faces.surroundings import in_sheet, surroundings
from mien_service.faces.texture import missing_texture

ALPHA_FLOOR = 0.03
"""Alpha below this counts as 0, so that a network's faint noise touches nothing."""

RIM = 0.03
"""Share of the square's side over which every edit fades out towards the square's edge."""

STILL_PIXELS = 0.02
"""A flow shorter than this everywhere in a tile, in photo pixels, moves nothing that could be seen."""

FINE_PIXELS = 65536
"""Up to so many photo pixels are moved by Lanczos' kernel, more by a cubic one, which takes a fifth of the time. In a
small picture of a face the finest detail is a pixel wide, and moved by a fraction of one a cubic kernel loses it."""

INVENTED_FROM = 0.25
"""Share of a twin, or of paint made from the face's own pixels, from which a place counts as invented: below it the
photo is only tinted."""

UNSEEN = 0.05
"""A matte below this says nothing about its paint's colour: there it is carried on from inside."""


def apply_edit(photo: RgbImage, transform: Affine, edit: Edit, *, grey: bool = False) -> RgbImage:
    """Return `photo` with `edit` applied to the face whose square `transform` (photo to 256 px crop) cuts.

    With `grey` the colour of residual and paint is dropped, so that a grey photo stays grey.
    """
    change = _change(edit, transform, grey=grey)
    coat = _coat(edit, transform, grey=grey)
    if change is None and coat is None:
        return photo
    out = photo.copy()
    if change is not None:
        _make(out, photo, change)
    if coat is not None:
        (_paint_matched if edit.match_paint else _paint)(out, coat)
    return out


def without_colour(pixels: RgbImage) -> RgbImage:
    """Return pixels (h, w, 3) each channel of which is the mean of all three, as grey photos are edited."""
    return np.asarray(cv2.transform(pixels, np.full((3, 3), 1 / 3)), np.uint8)


def invented(size: tuple[int, int], transform: Affine, edit: Edit) -> Mask:
    """Return (height, width) which pixels of a photo of `size` the paint or the twin of `edit` has a part in.

    Paint that is matched to the photo hides it: each pixel that it touches counts.
    """
    touched = np.zeros(size, np.bool_)
    coat = _coat(edit, transform, grey=False)
    if coat is not None:
        least = 0.0 if edit.match_paint else INVENTED_FROM
        _mark(touched, coat.sheet, np.ascontiguousarray(coat.paint[..., 3]), least)
    change = _change(edit, transform, grey=False) if edit.twin is not None else None
    if change is not None and change.twin is not None:
        _mark(touched, change.sheet, np.ascontiguousarray(change.twin[..., 2]), INVENTED_FROM)
    return touched


def _mark(touched: Mask, sheet: Sheet, matte: Field, least: float) -> None:
    """Set where a matte over the sheet is over `least`."""
    for tile in sheet.tiles(matte > least, touched.shape[1], touched.shape[0]):
        touched[tile.slices] |= sheet.at(matte, tile) > least


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
    out[top:bottom, left:right] = _over(out[top:bottom, left:right], pixels[..., :3].astype(np.float32), matte)
    return out


def _over(part: RgbImage, paint: Field, matte: Field) -> RgbImage:
    return _added(part, np.asarray(cv2.subtract(paint, part, dtype=cv2.CV_32F), np.float32), matte)


def _added(part: RgbImage, colour: Field, share: Field) -> RgbImage:
    """Return `part` with a share (h, w) of `colour` (h, w, 3), in grey levels, added."""
    shared = cv2.multiply(colour, cv2.merge((share, share, share)))
    return np.asarray(cv2.add(part, shared, dtype=cv2.CV_8U), np.uint8)


@dataclass(frozen=True, eq=False)
class Change:
    """Flow and residual over a sheet, alpha already applied.

    used: (h, w), where alpha is above 0; fields: (h, w, 4), red, green and blue to add in grey levels, and the flow
    along x in photo pixels; flow_y: (h, w), or None where nothing moves.
    """

    sheet: Sheet
    used: Mask
    fields: Field
    flow_y: Field | None
    twin: Field | None
    """(h, w, 4): another flow, x and y in photo pixels, its matte with alpha applied, and nothing."""

    detail: Field | None
    """(h, w): by which share more the moved photo shows, alpha applied; or None where it is 0 everywhere."""

    @property
    def interpolation(self) -> int:
        """OpenCV's name of the kernel that pixels are moved by."""
        pixels = np.count_nonzero(self.used) * self.sheet.step**2
        return cv2.INTER_LANCZOS4 if pixels <= FINE_PIXELS else cv2.INTER_CUBIC


def _change(edit: Edit, transform: Affine, *, grey: bool) -> Change | None:
    sheet = sheet_over(edit.alpha >= ALPHA_FLOOR, transform)
    if sheet is None:
        return None
    alpha = np.clip(sheet.resampled(edit.alpha), 0, 1) * sheet.rim(RIM)
    # The floor is taken off as a slope, not as a step that would show as an edge.
    alpha = np.where(alpha < ALPHA_FLOOR, 0, (alpha - ALPHA_FLOOR) / (1 - ALPHA_FLOOR)).astype(np.float32)
    alpha = softened(alpha, sheet)
    fields = np.zeros((*alpha.shape, 4), np.float32)
    residual = sheet.resampled(edit.residual)
    fields[..., :3] = (residual.mean(axis=2, keepdims=True) if grey else residual) * alpha[..., None]
    flow_y = None
    if edit.flow is not None:
        flow = sheet.resampled(edit.flow @ _to_photo(edit, transform)) * alpha[..., None]
        if float(np.abs(flow).max(initial=0)) >= STILL_PIXELS:
            fields[..., 3], flow_y = flow[..., 0], np.ascontiguousarray(flow[..., 1])
    detail = None if edit.detail is None or not edit.detail.any() else sheet.resampled(edit.detail) * alpha
    return Change(sheet, alpha > 0, fields, flow_y, _twin(edit, sheet, alpha, transform), detail)


def _twin(edit: Edit, sheet: Sheet, alpha: Field, transform: Affine) -> Field | None:
    if edit.twin is None or not edit.twin[..., 2].any():
        return None
    flow, matte = edit.twin[..., :2] @ _to_photo(edit, transform), np.clip(edit.twin[..., 2:], 0, 1)
    # A fourth plane, because warping four planes at once is faster than three.
    found = sheet.resampled(np.dstack([flow, matte, matte]))
    found[..., 2] = np.clip(found[..., 2], 0, 1) * alpha
    return found


def _to_photo(edit: Edit, transform: Affine) -> Field:
    """Return (2, 2): row vectors in pixels of the edit's fields, times this, are in pixels of the photo."""
    back = invert(transform)[:, :2] * (CROP_SIZE / edit.resolution)
    return back.T.astype(np.float32)


def _make(out: RgbImage, photo: RgbImage, change: Change) -> None:
    """Write the changed pixels of `photo` to `out`."""
    tiles = list(change.sheet.tiles(change.used, photo.shape[1], photo.shape[0]))
    spread(lambda share: _make_tiles(out, photo, change, share), tiles)


def _make_tiles(out: RgbImage, photo: RgbImage, change: Change, tiles: Sequence[Box]) -> None:
    sheet, fetch = change.sheet, _Fetch(photo, change.interpolation)
    room, room_y = np.empty((TILE_HEIGHT, TILE_WIDTH, 4), np.float32), np.empty((TILE_HEIGHT, TILE_WIDTH), np.float32)
    room_twin, room_x = np.empty_like(room), np.empty_like(room_y)
    room_residual = np.empty((TILE_HEIGHT, TILE_WIDTH, 3), np.float32)
    for tile in tiles:
        here = slice(tile.bottom - tile.top), slice(tile.right - tile.left)
        fields = sheet.at(change.fields, tile, room)
        part = photo[tile.slices]
        if change.flow_y is not None:
            x, y = cv2.extractChannel(fields, 3, room_x[here]), sheet.at(change.flow_y, tile, room_y)
            if max(cv2.norm(x, cv2.NORM_INF), cv2.norm(y, cv2.NORM_INF)) >= STILL_PIXELS:
                part = fetch(tile, np.asarray(x, np.float32), y)
        if change.twin is not None:
            part = _with_twin(part, fetch, tile, sheet.at(change.twin, tile, room_twin))
        residual = cv2.cvtColor(fields, cv2.COLOR_BGRA2BGR, room_residual[here])
        if change.detail is not None:
            share = sheet.at(change.detail, tile, room_y)
            cv2.add(residual, cv2.multiply(part, cv2.merge((share, share, share)), dtype=cv2.CV_32F), residual)
        # Where alpha is 0, residual and flow are exactly 0, and adding 0 or fetching a pixel from its own place
        # keeps it.
        cv2.add(part, residual, out[tile.slices], dtype=cv2.CV_8U)


class _Fetch:
    """Fetches the pixels of tiles from elsewhere in a photo."""

    def __init__(self, photo: RgbImage, interpolation: int) -> None:
        self._photo = photo
        self._interpolation = interpolation
        self._everywhere = Box(0, 0, photo.shape[1], photo.shape[0])
        columns, rows = np.arange(TILE_WIDTH, dtype=np.float32), np.arange(TILE_HEIGHT, dtype=np.float32)
        self._columns, self._rows = np.meshgrid(columns, rows)

    def __call__(self, tile: Box, x: Field, y: Field) -> RgbImage:
        """Return what lies at each pixel of a tile plus x, y (h, w), in photo pixels, which are written over."""
        reach = int(np.ceil(max(cv2.norm(x, cv2.NORM_INF), cv2.norm(y, cv2.NORM_INF))))
        source = tile.grown(reach + 4).within(self._everywhere)
        here = slice(tile.bottom - tile.top), slice(tile.right - tile.left)
        cv2.add(x, self._columns[here], x)
        cv2.add(y, self._rows[here], y)
        x += np.float32(tile.left - source.left)
        y += np.float32(tile.top - source.top)
        part = self._photo[source.slices]
        return np.asarray(cv2.remap(part, x, y, self._interpolation, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _with_twin(part: RgbImage, fetch: _Fetch, tile: Box, fields: Field) -> RgbImage:
    """Return a tile's pixels under those that its twin's flow fetches from the photo, by the matte."""
    x, y, matte = (np.asarray(cv2.extractChannel(fields, i), np.float32) for i in range(3))
    if cv2.norm(matte, cv2.NORM_INF) == 0:
        return part
    return np.asarray(cv2.blendLinear(fetch(tile, x, y), part, matte, 1 - matte), np.uint8)


@dataclass(frozen=True, eq=False)
class Coat:
    """Paint over a sheet: (h, w, 4) RGB in 0..255 and matte in 0..1."""

    sheet: Sheet
    paint: Field


def _coat(edit: Edit, transform: Affine, *, grey: bool) -> Coat | None:
    if edit.paint is None:
        return None
    matte = np.ascontiguousarray(edit.paint[..., 3])
    sheet = sheet_over(matte > 0, transform)
    if sheet is None:
        return None
    colour = _carried_on(edit.paint[..., :3], matte)
    if grey:
        colour = np.repeat(colour.mean(axis=2, keepdims=True), 3, axis=2)
    edged = softened(crisp(matte, sheet) * sheet.rim(RIM), sheet)
    return Coat(sheet, np.dstack([sheet.resampled(colour), edged]))


def _carried_on(colour: Field, matte: Field) -> Field:
    """Return paint's colour (n, n, 3), where its matte says nothing, blurred out from where it does."""
    planes = cv2.split(colour)
    near = np.maximum(cv2.GaussianBlur(matte, (0, 0), 1.5), np.float32(1e-6))
    around = [cv2.GaussianBlur(cv2.multiply(one, matte), (0, 0), 1.5) / near for one in planes]
    known = np.clip(matte / np.float32(UNSEEN), 0, 1)
    carried = [far + (one - far) * known for one, far in zip(planes, around, strict=True)]
    return np.asarray(cv2.merge(carried), np.float32)


def _paint(out: RgbImage, coat: Coat) -> None:
    """Lay paint over `out`."""
    sheet = coat.sheet

    def lay(tiles: Sequence[Box]) -> None:
        for tile in tiles:
            fields = sheet.at(coat.paint, tile)
            out[tile.slices] = _over(out[tile.slices], np.ascontiguousarray(fields[..., :3]), fields[..., 3])

    spread(lay, list(_tiles(sheet, np.ascontiguousarray(coat.paint[..., 3]), out)))


def _paint_matched(out: RgbImage, coat: Coat) -> None:
    """Lay paint over `out`: colour matched along its edge first, then with the texture or grain that it lacks."""
    sheet, matte = coat.sheet, np.ascontiguousarray(coat.paint[..., 3])
    view = surroundings(out, sheet, coat.paint[..., :3], matte)
    paint = coat.paint.copy()
    offset = colour_offset(view)
    paint[..., :3] += in_sheet(offset, sheet)
    _paint(out, Coat(sheet, paint))
    texture = missing_texture(out, view, view.paint + offset, sheet.zoom[0] * sheet.step)
    grain = missing_grain(out, view) if texture is None else texture.tile
    if grain is None:
        return
    noise = wrapped(grain)
    for tile in _tiles(sheet, matte, out):
        seen, pixels = sheet.at(matte, tile), out[tile.slices]
        # Where paint and photo mix, the photo's own grain is fainter by its share: the squares sum up to 1.
        share = np.sqrt(seen * (2 - seen))
        if texture is not None:
            share *= texture.strength(pixels)
        out[tile.slices] = _added(pixels, grain_at(noise, tile), share)


def _tiles(sheet: Sheet, matte: Field, photo: RgbImage) -> Iterator[Box]:
    return sheet.tiles(matte > 0, photo.shape[1], photo.shape[0])
