"""The only place where the parts are wired."""

import logging
import os
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import cv2
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.requests import Request
from threadpoolctl import threadpool_limits

from mien_service import __version__
from mien_service.engine.batching import BatchOptions
from mien_service.engine.engine import Engine, EngineOptions
from mien_service.engine.sessions import SessionOptions
from mien_service.faces.detect import NetworkDetector
from mien_service.faces.find import FaceFinder, FinderSizes
from mien_service.faces.landmarks import LandmarkModel, MeshLandmarks
from mien_service.http import page, problems
from mien_service.http.access_log import AccessLog
from mien_service.http.bodies import BodyLimits
from mien_service.http.operations import add_operations
from mien_service.http.request_ids import request_id_of
from mien_service.http.tasks import TaskLimits, TaskRunner, add_task_routes
from mien_service.http.workers import Uploads, Workers
from mien_service.media.decode import DecodeLimits
from mien_service.settings import Settings
from mien_service.tasks import addiction_preview, edit_attribute, emotion, frontalize, toonify, unmask  # noqa: F401 - register their tasks  # pyright: ignore[reportUnusedImport]
from mien_service.tasks.pipeline import Pipeline
from mien_service.tasks.registry import REGISTRY, TaskSpec

log = logging.getLogger("mien")

DESCRIPTION = """A photo of a person goes in, one task changes or reads the face, and the photo comes back with
everything else untouched. Errors are RFC 9457 problems; docs/http.md is the contract."""


class UnknownTask(ValueError):
    """MIEN_TASKS names a task that there is not."""


class LandmarksUnavailable(RuntimeError):
    """The landmark model that was asked for is not installed; the service must not start."""


def create_app(settings: Settings, on_death: Callable[[], None] | None = None) -> FastAPI:
    """Return the service. `on_death` is called when a worker died; by default the process ends.

    Raises UnknownTask. Networks are loaded and warmed up when the server starts, and a server that cannot
    load them does not start (WeightsError, ProviderUnavailable, LandmarksUnavailable).
    """
    specs = tasks_of(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        # OpenCV's and NumPy's own threads would compete with the workers': on two busy cores they made a system of 120
        # equations take 110 ms instead of one.
        cv2.setNumThreads(1)
        threadpool_limits(1, user_api="blas")
        # Damaged pictures are answered with a problem; OpenCV's own complaints would flood the log.
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        service = Service(settings, specs, on_death or end_process)
        app.state.engine = service.engine
        app.state.task_runner = service.task_runner
        try:
            yield
        finally:
            service.stop()

    app = FastAPIOffline(
        title="Mien",
        version=__version__,
        description=DESCRIPTION,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.engine = None
    app.state.task_runner = None
    app.add_middleware(AccessLog)
    problems.install(app, settings.retry_after, log_error)
    add_operations(app, specs, settings.help_line or None)
    add_task_routes(app, specs, settings.max_results)
    page.add_page(app)
    return app


def tasks_of(settings: Settings) -> list[TaskSpec]:
    """Return the tasks that are on. Raises UnknownTask."""
    specs = {spec.name: spec for spec in REGISTRY.specs()}
    if settings.tasks == "all":
        return list(specs.values())
    names = [name.strip() for name in settings.tasks.split(",")]
    unknown = [name for name in names if name not in specs]
    if unknown:
        raise UnknownTask(f"MIEN_TASKS: there is no task {unknown[0]}; there are {', '.join(specs)}")
    return [specs[name] for name in sorted(set(names))]


class Service:
    """Everything that lives from start to stop."""

    def __init__(self, settings: Settings, specs: list[TaskSpec], on_death: Callable[[], None]) -> None:
        self.engine = Engine(engine_options(settings), networks_of(settings, specs), on_death)
        for spec in specs:
            if spec.at_start is not None:
                spec.at_start(self.engine.table)
        self.engine.warm_up()
        self._workers = Workers(settings.workers, settings.max_waiting)
        pipeline = Pipeline(face_finder(settings), self.engine)
        uploads = Uploads(settings.max_uploads, settings.upload_deadline)
        entry_of = self.engine.manifest.entry
        self.task_runner = TaskRunner(
            pipeline, self._workers, uploads, task_limits(settings), entry_of, settings.help_line or None
        )

    def stop(self) -> None:
        """Finish the work at hand and end all threads and processes."""
        self._workers.stop()
        self.engine.stop()


def networks_of(settings: Settings, specs: list[TaskSpec]) -> list[str]:
    """Return the names of the weights that the service needs: for finding faces, and for its tasks."""
    landmarks = MeshLandmarks.networks if settings.landmarks == "mesh" else ()
    return [*NetworkDetector.networks, *landmarks, *(name for spec in specs for name in spec.networks)]


def face_finder(settings: Settings) -> FaceFinder:
    """Return what finds faces. Raises LandmarksUnavailable."""
    sizes = FinderSizes(settings.find_quick, settings.find_thorough, settings.find_last_resort)
    return FaceFinder(NetworkDetector(), landmark_model(settings), sizes)


def landmark_model(settings: Settings) -> LandmarkModel:
    """Return the landmark model of the settings. Raises LandmarksUnavailable."""
    if settings.landmarks == "mesh":
        return MeshLandmarks()
    try:
        from mien_service.engine.dlib_models import DlibLandmarks
    except ImportError as error:
        raise LandmarksUnavailable(f"MIEN_LANDMARKS=dlib68 needs the extra dlib68: {error.name} is missing") from error
    return DlibLandmarks()


def engine_options(settings: Settings) -> EngineOptions:
    """Return how the engine is to run."""
    return EngineOptions(
        settings.weights,
        SessionOptions(settings.provider, settings.threads),
        BatchOptions(settings.max_batch, settings.max_batch_wait, settings.max_queue, settings.batch_workers),
    )


def task_limits(settings: Settings) -> TaskLimits:
    """Return the limits of a task request."""
    return TaskLimits(
        body=BodyLimits(settings.max_bytes, settings.max_parameter_bytes),
        decode=DecodeLimits(settings.max_pixels, settings.min_side, settings.keep_exif),
        deadline=settings.deadline,
        max_results=settings.max_results,
        jpeg_quality=settings.jpeg_quality,
    )


def end_process() -> None:
    """End the process, so that a supervisor starts a new one: never dead but healthy."""
    os.kill(os.getpid(), signal.SIGTERM)


def log_error(request: Request, error: Exception) -> None:
    """Log an unexpected error with the request's id; pictures and parameters are never logged."""
    log.error("request %s %s failed", request_id_of(request), request.url.path, exc_info=error)
