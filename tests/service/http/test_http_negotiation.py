"""Accept headers and places, without a server."""

import asyncio
import threading
from concurrent.futures import wait

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien_service.http.negotiation import JSON, image_offers, preferred
from mien_service.http.problems import NOT_ACCEPTABLE, ProblemError
from mien_service.http.workers import Overloaded, Uploads, UploadTooSlow, Workers
from mien_service.media.photo import ImageFormat

OFFERS = image_offers(ImageFormat.JPEG)
RANGES = st.sampled_from(["image/png", "image/*", "*/*", "application/json", "text/html", "*", "/", "image/", ""])
PARAMETERS = st.sampled_from(
    ["", ";q=0", ";q=0.5", ";q=1", ";q=nan", ";q=inf", ";q=-1", ";q=", ";q", "; level=1", ";;"]
)


def test_the_inputs_own_format_comes_first() -> None:
    assert OFFERS == ["image/jpeg", "image/png", "image/webp", JSON]
    assert preferred(None, OFFERS) == "image/jpeg"
    assert image_offers(ImageFormat.WEBP)[0] == "image/webp"


@given(st.text(max_size=80) | st.lists(st.tuples(RANGES, PARAMETERS)).map(lambda parts: ",".join(map("".join, parts))))
def test_any_header_is_met_or_not_acceptable(accept: str) -> None:
    try:
        chosen: object = preferred(accept, OFFERS)
    except ProblemError as error:
        chosen = error.problem.kind
    assert chosen in (*OFFERS, NOT_ACCEPTABLE)


@pytest.mark.parametrize("accept", ["image/jpeg;q=0, */*;q=0", "image/jpeg;q=nan", "*/*;q=0"])
def test_quality_zero_is_a_refusal(accept: str) -> None:
    with pytest.raises(ProblemError):
        preferred(accept, OFFERS)


def test_the_more_exact_range_counts() -> None:
    assert preferred("image/*;q=0.9, image/jpeg;q=0.1", OFFERS) == "image/png"
    assert preferred("*/*;q=0.1, application/json", OFFERS) == JSON


def test_places_are_given_back_by_every_end() -> None:
    workers = Workers(1, 1)
    release = threading.Event()
    try:
        for _ in range(3):
            release.clear()
            running, waiting = (workers.submit(release.wait, 60) for _ in range(2))
            with pytest.raises(Overloaded):
                workers.submit(release.wait, 60)
            with pytest.raises(Overloaded):
                workers.require_room()
            release.set()
            wait([running, waiting], 60)
            failed = workers.submit(int, "no number")
            assert isinstance(failed.exception(60), ValueError)
            wait([workers.submit(int, "1")], 60)
    finally:
        release.set()
        workers.stop()


def test_uploads_are_bounded_in_number_and_time() -> None:
    async def too_many(uploads: Uploads) -> None:
        async with uploads.place(), uploads.place():
            pass

    async def too_slow(uploads: Uploads) -> None:
        async with uploads.place():
            await asyncio.Event().wait()

    async def alone(uploads: Uploads) -> None:
        async with uploads.place():
            pass

    uploads = Uploads(1, 0.05)
    with pytest.raises(Overloaded):
        asyncio.run(too_many(uploads))
    with pytest.raises(UploadTooSlow):
        asyncio.run(too_slow(uploads))
    asyncio.run(alone(uploads))
