"""The web page at /: pick a photo, a task and its parameters; see before and after."""

import os
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.requests import Request
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy: nothing inline, nothing from elsewhere; pictures may be made in the page."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Kept, but asked for anew each time: the files' names do not tell versions apart.
    "Cache-Control": "no-cache",
}


class PageFiles(StaticFiles):
    """The page's files with their headers."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return a file, or 304 where the client has it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(HEADERS)
        return response


def add_page(app: FastAPI) -> None:
    """Serve the page at / and its files at /page."""
    files = PageFiles(directory=FOLDER)
    app.mount("/page", files, name="page")

    @app.get("/", include_in_schema=False)
    async def index(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await files.get_response("index.html", request.scope)
