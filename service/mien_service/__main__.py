"""Command line: serve the service, list its models, print its OpenAPI document."""

import argparse
import contextlib
import json
import logging
import math
import sys
import threading
from pathlib import Path

import uvicorn
from pydantic import ValidationError

from mien_service.app import LandmarksUnavailable, UnknownTask, create_app, networks_of, tasks_of
from mien_service.engine.manifest import WeightsError, load_manifest
from mien_service.engine.sessions import ProviderUnavailable, require_provider
from mien_service.settings import Settings


def main() -> None:
    """Run the command that the arguments name."""
    parser = argparse.ArgumentParser(prog="mien-service")
    commands = parser.add_subparsers(dest="command", required=True)
    serve_parser = commands.add_parser("serve", help="serve HTTP; settings are MIEN_* variables")
    serve_parser.add_argument("--host", default="127.0.0.1")
    serve_parser.add_argument("--port", type=int, default=8000)
    commands.add_parser("models", help="list the weights and their terms")
    openapi_parser = commands.add_parser("openapi", help="print the OpenAPI document")
    openapi_parser.add_argument("-o", "--output", type=Path, help="write to this file (YAML) instead")
    arguments = parser.parse_args()
    try:
        settings = Settings()
        if arguments.command == "serve":
            serve(settings, arguments.host, arguments.port)
        elif arguments.command == "models":
            list_models(settings)
        else:
            write_openapi(settings, arguments.output)
    except (WeightsError, ProviderUnavailable, LandmarksUnavailable, UnknownTask, ValidationError) as error:
        sys.exit(f"mien-service: {error}")


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until told to stop. Raises WeightsError, ProviderUnavailable, LandmarksUnavailable or UnknownTask."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    require_provider(settings.provider)
    manifest = load_manifest(settings.weights)
    for name in networks_of(settings, tasks_of(settings)):
        manifest.entry(name)
    died = threading.Event()

    def end() -> None:
        died.set()
        server.should_exit = True

    config = uvicorn.Config(
        create_app(settings, on_death=end),
        host=host,
        port=port,
        server_header=False,
        access_log=False,
        # Whoever still sends or waits after a request's longest time is not waited for when the service is to end.
        timeout_graceful_shutdown=math.ceil(settings.deadline),
    )
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if died.is_set() or not server.started:
        sys.exit("mien-service: the service could not go on")


def list_models(settings: Settings) -> None:
    """Print a line for each weight file. Raises WeightsError."""
    for entry in load_manifest(settings.weights).weights:
        commercial = "commercial use" if entry.commercial_use else "no commercial use"
        sys.stdout.write(f"{entry.name}\t{entry.version}\t{entry.task}\t{entry.licence}\t{commercial}\n")


def write_openapi(settings: Settings, output: Path | None) -> None:
    """Print the OpenAPI document as YAML, or write it to `output`."""
    import yaml  # only this command needs it, and it is a development tool

    text = yaml.safe_dump(json.loads(json.dumps(create_app(settings).openapi())), sort_keys=False, width=100)
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text)


if __name__ == "__main__":
    main()
