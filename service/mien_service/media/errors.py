"""Why a body is not a photo that can be worked on. Every message is fit for a client to read."""


class MediaError(Exception):
    """The body cannot be used as a photo."""


class UnsupportedMediaType(MediaError):
    """The content is none of the allowed formats, whatever its name or declared type says."""

    def __init__(self) -> None:
        super().__init__("the content is not a JPEG, PNG or WebP picture")


class UnreadableImage(MediaError):
    """The content starts like an allowed format, but is truncated or damaged."""

    def __init__(self) -> None:
        super().__init__("the picture is truncated or damaged")


class ImageTooLarge(MediaError):
    """The picture has more pixels than allowed: `found`, more than `limit`."""

    def __init__(self, limit: int, found: int) -> None:
        super().__init__(f"the picture has {found} pixels; the limit is {limit}")
        self.limit = limit
        self.found = found


class ImageTooSmall(MediaError):
    """The shorter side has `found` pixels, fewer than `limit`."""

    def __init__(self, limit: int, found: int) -> None:
        super().__init__(f"the picture's shorter side has {found} pixels; it needs at least {limit}")
        self.limit = limit
        self.found = found


class UnencodableImage(MediaError):
    """The format asked for cannot hold a side of `found` pixels, more than `limit`."""

    def __init__(self, limit: int, found: int) -> None:
        super().__init__(f"a side of {found} pixels is longer than the format's {limit}")
        self.limit = limit
        self.found = found
