"""The web page at /: pick a photo, a task and its parameters; see before and after."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

FOLDER = Path(__file__).parent / "static"


def add_page(app: FastAPI) -> None:
    """Serve the page at / and its files at /page."""
    app.mount("/page", StaticFiles(directory=FOLDER), name="page")

    @app.get("/", include_in_schema=False)
    async def index() -> FileResponse:  # pyright: ignore[reportUnusedFunction]
        return FileResponse(FOLDER / "index.html", media_type="text/html")
