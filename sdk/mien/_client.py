"""The client that waits. It sends and sleeps; all else is in the core that it shares with the other one."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar, Unpack, overload

import httpx

from . import _calls
from ._calls import Call
from ._core import Core
from ._files import Picture, read_picture, read_pictures
from ._options import DEFAULT_MAX_RETRIES, TimeoutChoice, settle
from ._results import EditResult, EditResults, EmotionResult
from ._retries import Outcome
from ._types import (
    EditOptions,
    Edits,
    FaceChoice,
    ModelCard,
    Output,
    PreviewOptions,
    Strengths,
    Style,
    Substance,
    UnmaskOptions,
)

T = TypeVar("T")


class Mien(Core[httpx.Client]):
    """A client of the service.

    `base_url` and `api_key` default to MIEN_BASE_URL and MIEN_API_KEY; `app` ("my-app/2.1") is added
    to the user agent; `http_client` is used as it is and left open. Safe to share between threads.
    Raises ValueError where the base URL is missing or not http(s).
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        timeout: TimeoutChoice = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        app: str | None = None,
        http_client: httpx.Client | None = None,
    ) -> None:
        options = settle(
            base_url=base_url,
            api_key=api_key,
            timeout=timeout,
            max_retries=max_retries,
            app=app,
            http_client=http_client,
        )
        super().__init__(options, http_client or httpx.Client(), owns_http=http_client is None)
        self._sleep: Callable[[float], None] = time.sleep

    @overload
    def edit_attribute(
        self,
        image: Picture,
        *,
        strengths: None = None,
        variants: None = None,
        **options: Unpack[EditOptions],
    ) -> EditResult: ...
    @overload
    def edit_attribute(
        self,
        image: Picture,
        *,
        strengths: Strengths,
        variants: int | None = None,
        **options: Unpack[EditOptions],
    ) -> EditResults: ...
    @overload
    def edit_attribute(
        self, image: Picture, *, strengths: None = None, variants: int, **options: Unpack[EditOptions]
    ) -> EditResults: ...
    def edit_attribute(
        self,
        image: Picture,
        *,
        attribute: str | None = None,
        strength: float | None = None,
        strengths: Strengths | None = None,
        edits: Edits | None = None,
        variants: int | None = None,
        seed: int | None = None,
        engine: str | None = None,
        face: FaceChoice = "largest",
        output: Output = "photo",
        landmarks: bool = False,
        accept: str | None = None,
    ) -> EditResult | EditResults:
        """Change an attribute of a face, or several with `edits`; strength 1 is one clear change.

        `strengths` or `variants` ask for several pictures in one answer. `accept` is the media type
        to answer in (the picture's own by default); "application/json" brings landmarks.
        Raises StatusError where the service refuses, ConnectionFailed where no response comes,
        UnexpectedAnswer where it is not the service's, and what reading the picture raises.
        """
        call = _calls.edit_attribute(
            read_picture(image),
            attribute=attribute,
            strength=strength,
            strengths=strengths,
            edits=edits,
            variants=variants,
            seed=seed,
            engine=engine,
            face=face,
            output=output,
            landmarks=landmarks,
            accept=accept,
        )
        return self._call(call)

    @overload
    def addiction_preview(
        self, image: Picture, *, severities: None = None, **options: Unpack[PreviewOptions]
    ) -> EditResult: ...
    @overload
    def addiction_preview(
        self, image: Picture, *, severities: Strengths, **options: Unpack[PreviewOptions]
    ) -> EditResults: ...
    def addiction_preview(
        self,
        image: Picture,
        *,
        substance: Substance,
        severity: float | None = None,
        severities: Strengths | None = None,
        blotches: float = 1.0,
        wrinkles: float = 1.0,
        tone: float = 1.0,
        hollowing: float = 1.0,
        eyes_teeth: float = 1.0,
        seed: int | None = None,
        face: FaceChoice = "largest",
        output: Output = "photo",
        landmarks: bool = False,
        accept: str | None = None,
    ) -> EditResult | EditResults:
        """Show signs associated with a substance on a face: an illustration, not a prediction.

        `severity` is how far they have come, from 0, the photo itself, to 1, as by default; the parts
        of the signs, `blotches` to `eyes_teeth`, are made stronger or fainter by gains from 0 to 2.
        One `seed` draws one course. `severities` asks for several pictures in one answer; a result's
        `strength` is its severity. `accept` is the media type to answer in (the picture's own by
        default); "application/json" brings landmarks. Show a result with its `notice` and
        `help_line`. Raises InvalidParameter where a severity or gain is out of range, else the same
        as `edit_attribute`.
        """
        call = _calls.addiction_preview(
            read_picture(image),
            substance=substance,
            severity=severity,
            severities=severities,
            blotches=blotches,
            wrinkles=wrinkles,
            tone=tone,
            hollowing=hollowing,
            eyes_teeth=eyes_teeth,
            seed=seed,
            face=face,
            output=output,
            landmarks=landmarks,
            accept=accept,
        )
        return self._call(call)

    @overload
    def unmask(self, image: Picture, *, variants: None = None, **options: Unpack[UnmaskOptions]) -> EditResult: ...
    @overload
    def unmask(self, image: Picture, *, variants: int, **options: Unpack[UnmaskOptions]) -> EditResults: ...
    def unmask(
        self,
        image: Picture,
        *,
        mask: Picture | None = None,
        variants: int | None = None,
        seed: int | None = None,
        face: FaceChoice = "largest",
        output: Output = "photo",
        landmarks: bool = False,
        accept: str | None = None,
    ) -> EditResult | EditResults:
        """Take a worn mask off a face; what it hid is invented, and not for identification.

        `mask` is a picture as large as the photo, white where the photo is to be filled; without it
        the service finds the mask. `variants` asks for several pictures in one answer. `accept` is
        the media type to answer in (the picture's own by default); "application/json" brings
        landmarks and `invented`. Raises NoMaskFound where there is no mask on the face, else the
        same as `edit_attribute`.
        """
        call = _calls.unmask(
            read_pictures(image, mask),
            variants=variants,
            seed=seed,
            face=face,
            output=output,
            landmarks=landmarks,
            accept=accept,
        )
        return self._call(call)

    def frontalize(
        self,
        image: Picture,
        *,
        yaw: float = 0.0,
        pitch: float = 0.0,
        force: bool = False,
        face: FaceChoice = "largest",
        output: Output = "face",
        landmarks: bool = False,
        accept: str | None = None,
    ) -> EditResult:
        """Turn a head to the front, or elsewhere; what was not seen is invented, and not for identification.

        `yaw` and `pitch` are where the head is to look, in degrees from -45 to 45: towards the
        picture's right, and down. Heads turned to the side by more than 75 degrees are refused
        unless `force` is True. `output` is "face" (the aligned crop) or "photo" (the whole photo).
        `accept` is the media type to answer in (the picture's own by default); "application/json"
        brings landmarks and `invented`. Raises PoseOutOfRange where the head is turned too far,
        InvalidParameter where an angle is out of range, else the same as `edit_attribute`.
        """
        call = _calls.frontalize(
            read_picture(image),
            yaw=yaw,
            pitch=pitch,
            force=force,
            face=face,
            output=output,
            landmarks=landmarks,
            accept=accept,
        )
        return self._call(call)

    def toonify(
        self,
        image: Picture,
        *,
        style: Style = "cartoon",
        strength: float = 1.0,
        background: bool = False,
        sticker: bool = False,
        outline: float | None = None,
        face: FaceChoice = "largest",
        output: Output = "photo",
        landmarks: bool = False,
        accept: str | None = None,
    ) -> EditResult:
        """Draw a head as a toon, on its photo or as a sticker.

        `strength` is how far, from 0, the photo itself, to 1; `background` draws the rest of the photo,
        too. A `sticker` is the head alone, cut out, as PNG or WebP with a white border as wide as
        `outline` says (a share of its longer side, 0 to 0.2); it is of one face, and its `expression`
        tells what that shows. `accept` is the media type to answer in (the picture's own by default, PNG
        for stickers of JPEGs); "application/json" brings landmarks. Raises InvalidParameter where a
        value is out of range or does not go with a sticker, else the same as `edit_attribute`.
        """
        call = _calls.toonify(
            read_picture(image),
            style=style,
            strength=strength,
            background=background,
            sticker=sticker,
            outline=outline,
            face=face,
            output=output,
            landmarks=landmarks,
            accept=accept,
        )
        return self._call(call)

    def emotion(
        self,
        image: Picture,
        *,
        captions: bool = False,
        face: FaceChoice = "largest",
        output: Output = "photo",
        landmarks: bool = False,
    ) -> EmotionResult:
        """Read the expression of a face: what it shows, not what the person feels.

        The photo is not changed. With `captions` or `landmarks` it comes back, too, with these drawn
        on it: as the whole photo, or, where `output` is "face", as the aligned crop. In the EU it must
        not be used at work or in education, and people it is used on have to be told: see `notice`.
        Raises the same as `edit_attribute`.
        """
        call = _calls.emotion(read_picture(image), captions=captions, face=face, output=output, landmarks=landmarks)
        return self._call(call)

    def models(self) -> list[ModelCard]:
        """List the service's networks. Raises StatusError, ConnectionFailed, UnexpectedAnswer."""
        return self._call(_calls.models())

    def health(self) -> bool:
        """Say whether the service is live. Raises StatusError, ConnectionFailed."""
        return self._call(_calls.probe("/healthz"))

    def ready(self) -> bool:
        """Say whether the service is warm and takes work. Raises StatusError, ConnectionFailed."""
        return self._call(_calls.probe("/readyz"))

    def close(self) -> None:
        """Close the connections, unless they are the caller's or another client's."""
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _call(self, call: Call[T]) -> T:
        retry = 0
        while True:
            outcome = self._try(call)
            wait = self._wait(call, outcome, retry)
            if wait is None:
                return self._finish(call, outcome)
            self._sleep(wait)
            retry += 1

    def _try(self, call: Call[object]) -> Outcome:
        try:
            return self._http.send(self._request(call))
        except httpx.RequestError as error:
            return error
