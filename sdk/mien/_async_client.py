"""The client for asyncio. It sends and sleeps; all else is in the core that it shares with the other one."""

import asyncio
from collections.abc import Awaitable, Callable
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


class AsyncMien(Core[httpx.AsyncClient]):
    """A client of the service for asyncio: `Mien`, awaited.

    `base_url` and `api_key` default to MIEN_BASE_URL and MIEN_API_KEY; `app` ("my-app/2.1") is added
    to the user agent; `http_client` is used as it is and left open.
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
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        options = settle(
            base_url=base_url,
            api_key=api_key,
            timeout=timeout,
            max_retries=max_retries,
            app=app,
            http_client=http_client,
        )
        super().__init__(options, http_client or httpx.AsyncClient(), owns_http=http_client is None)
        self._sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    @overload
    async def edit_attribute(
        self,
        image: Picture,
        *,
        strengths: None = None,
        variants: None = None,
        **options: Unpack[EditOptions],
    ) -> EditResult: ...
    @overload
    async def edit_attribute(
        self,
        image: Picture,
        *,
        strengths: Strengths,
        variants: int | None = None,
        **options: Unpack[EditOptions],
    ) -> EditResults: ...
    @overload
    async def edit_attribute(
        self, image: Picture, *, strengths: None = None, variants: int, **options: Unpack[EditOptions]
    ) -> EditResults: ...
    async def edit_attribute(
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

        As `Mien.edit_attribute`; the picture is read on another thread. Raises the same.
        """
        call = _calls.edit_attribute(
            await asyncio.to_thread(read_picture, image),
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
        return await self._call(call)

    @overload
    async def addiction_preview(
        self, image: Picture, *, severities: None = None, **options: Unpack[PreviewOptions]
    ) -> EditResult: ...
    @overload
    async def addiction_preview(
        self, image: Picture, *, severities: Strengths, **options: Unpack[PreviewOptions]
    ) -> EditResults: ...
    async def addiction_preview(
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

        As `Mien.addiction_preview`; the picture is read on another thread. Raises the same.
        """
        call = _calls.addiction_preview(
            await asyncio.to_thread(read_picture, image),
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
        return await self._call(call)

    @overload
    async def unmask(
        self, image: Picture, *, variants: None = None, **options: Unpack[UnmaskOptions]
    ) -> EditResult: ...
    @overload
    async def unmask(self, image: Picture, *, variants: int, **options: Unpack[UnmaskOptions]) -> EditResults: ...
    async def unmask(
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

        As `Mien.unmask`; the pictures are read on another thread. Raises the same.
        """
        call = _calls.unmask(
            await asyncio.to_thread(read_pictures, image, mask),
            variants=variants,
            seed=seed,
            face=face,
            output=output,
            landmarks=landmarks,
            accept=accept,
        )
        return await self._call(call)

    async def frontalize(
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

        As `Mien.frontalize`; the picture is read on another thread. Raises the same.
        """
        call = _calls.frontalize(
            await asyncio.to_thread(read_picture, image),
            yaw=yaw,
            pitch=pitch,
            force=force,
            face=face,
            output=output,
            landmarks=landmarks,
            accept=accept,
        )
        return await self._call(call)

    async def toonify(
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

        As `Mien.toonify`; the picture is read on another thread. Raises the same.
        """
        call = _calls.toonify(
            await asyncio.to_thread(read_picture, image),
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
        return await self._call(call)

    async def emotion(
        self,
        image: Picture,
        *,
        captions: bool = False,
        face: FaceChoice = "largest",
        output: Output = "photo",
        landmarks: bool = False,
    ) -> EmotionResult:
        """Read the expression of a face: what it shows, not what the person feels.

        As `Mien.emotion`; the picture is read on another thread. Raises the same.
        """
        call = _calls.emotion(
            await asyncio.to_thread(read_picture, image),
            captions=captions,
            face=face,
            output=output,
            landmarks=landmarks,
        )
        return await self._call(call)

    async def models(self) -> list[ModelCard]:
        """List the service's networks. Raises StatusError, ConnectionFailed, UnexpectedAnswer."""
        return await self._call(_calls.models())

    async def health(self) -> bool:
        """Say whether the service is live. Raises StatusError, ConnectionFailed."""
        return await self._call(_calls.probe("/healthz"))

    async def ready(self) -> bool:
        """Say whether the service is warm and takes work. Raises StatusError, ConnectionFailed."""
        return await self._call(_calls.probe("/readyz"))

    async def aclose(self) -> None:
        """Close the connections, unless they are the caller's or another client's."""
        if self._owns_http:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _call(self, call: Call[T]) -> T:
        retry = 0
        while True:
            outcome = await self._try(call)
            wait = self._wait(call, outcome, retry)
            if wait is None:
                return self._finish(call, outcome)
            await self._sleep(wait)
            retry += 1

    async def _try(self, call: Call[object]) -> Outcome:
        try:
            return await self._http.send(self._request(call))
        except httpx.RequestError as error:
            return error
