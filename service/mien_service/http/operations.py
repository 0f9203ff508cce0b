"""What an operator and a client need besides the tasks: liveness, readiness, the models and their terms."""

from typing import Any, Literal

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field
from starlette.requests import Request

from mien_service.engine.engine import Engine
from mien_service.engine.sessions import available_providers
from mien_service.http.problems import NOT_READY, PROBLEM_TYPES, ProblemError
from mien_service.http.schema import problem_responses
from mien_service.tasks.registry import TaskSpec

WEIGHTS_NOTICE = (
    "The code is Apache-2.0. The weights are not: they were trained on data for non-commercial research; "
    "see weights/LICENSE.md and each model's licence."
)


class Health(BaseModel):
    """Whether the process is alive, or ready for work."""

    status: Literal["ok"]


class ModelCard(BaseModel):
    """One weight file and its terms."""

    name: str
    kind: str
    version: str
    task: str
    licence: str
    commercial_use: bool
    sha256: str
    provider: str | None = Field(description="The ONNX Runtime provider it runs on; none for a table.")


class TaskCard(BaseModel):
    """One task that is on."""

    path: str
    summary: str
    models: list[str]
    notice: str | None
    help_line: str | None = Field(description="Where help is found, as the deployer says; of some tasks only.")
    takes_mask: bool = Field(description="Whether a second picture, `mask`, may mark where on the photo.")
    reads: bool = Field(description="Whether it reads faces and edits nothing.")
    parameters: dict[str, Any] = Field(description="JSON schema of its parameters.")


class Models(BaseModel):
    """All models and tasks of this service."""

    notice: str
    providers: list[str] = Field(description="The providers of this build of ONNX Runtime.")
    models: list[ModelCard]
    tasks: list[TaskCard]


def add_operations(app: FastAPI, specs: list[TaskSpec], help_line: str | None) -> None:
    """Add the routes for operators to `app`; `help_line` is told with the tasks that offer help."""

    @app.get("/healthz", summary="Is the process alive?", tags=["operations"])
    async def healthz() -> Health:
        return Health(status="ok")

    @app.get(
        "/readyz",
        summary="Is every network warm?",
        tags=["operations"],
        responses=problem_responses((NOT_READY,)),
    )
    async def readyz(request: Request) -> Health:
        _ready_engine(request)
        return Health(status="ok")

    @app.get(
        "/models",
        summary="Models with their terms, and tasks with their parameters.",
        tags=["operations"],
        responses=problem_responses((NOT_READY,)),
    )
    async def models(request: Request) -> Models:
        return _models(_ready_engine(request), specs, help_line)

    @app.get("/problems", summary="All kinds of problem.", tags=["operations"], response_class=PlainTextResponse)
    async def problems() -> str:
        return "\n".join(f"#{kind.name}\t{kind.status}\t{kind.title}" for kind in PROBLEM_TYPES) + "\n"


def _ready_engine(request: Request) -> Engine:
    engine: Engine | None = request.app.state.engine
    if engine is None or not engine.alive:
        raise ProblemError(NOT_READY, "The service is starting or stopping.")
    return engine


def _models(engine: Engine, specs: list[TaskSpec], help_line: str | None) -> Models:
    cards = [
        ModelCard(**entry.model_dump(include=set(ModelCard.model_fields)), provider=engine.provider(entry.name))
        for entry in engine.entries
    ]
    tasks = [
        TaskCard(
            path=spec.path,
            summary=spec.summary,
            models=list(spec.networks),
            notice=spec.notice,
            help_line=help_line if spec.offers_help else None,
            takes_mask=spec.takes_mask,
            reads=spec.reads,
            parameters=spec.params.model_json_schema(),
        )
        for spec in specs
    ]
    return Models(notice=WEIGHTS_NOTICE, providers=available_providers(), models=cards, tasks=tasks)
