"""All settings, read once from MIEN_* variables."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

HELP_LINE = (
    "If it is hard to stop, for you or for somebody close: a doctor or your country's help line for addiction "
    "can help, in confidence."
)
"""Names no number and no address: they differ from country to country, and who deploys knows theirs."""

OneLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
"""Text that fits a header: no line breaks, no control characters."""


class Settings(BaseSettings):
    """Every limit and choice of the service. Sizes in bytes or pixels, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="MIEN_", frozen=True, extra="ignore")

    weights: Path = Field(default=Path("weights"), description="Folder of the weights and their manifest.")
    tasks: str = Field(default="all", description="Tasks that are on: `all`, or names separated by commas.")

    provider: Literal["cpu", "cuda"] = Field(default="cpu", description="Where networks run; never falls back.")
    threads: int = Field(default=1, ge=1, description="Threads within one run of a network on the CPU.")
    batch_workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="Runs of one network at the same time; use 1 on a GPU.",
    )
    max_batch: int = Field(default=8, ge=1, description="Most crops in one run of a network.")
    max_batch_wait: float = Field(default=0.0, ge=0, description="How long a batch waits for more crops.")
    max_queue: int = Field(default=64, ge=1, description="Most jobs that wait for one network.")

    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="Threads that decode, find, composite and encode: photos worked on at once.",
    )
    max_waiting: int = Field(default=32, ge=0, description="Most requests that wait for such a thread.")
    max_uploads: int = Field(default=64, ge=1, description="Most requests whose bodies arrive at the same time.")
    upload_deadline: float = Field(default=30.0, gt=0, description="Longest time a body may take to arrive.")
    deadline: float = Field(default=30.0, gt=0, description="Longest time a request may take.")
    retry_after: int = Field(default=1, ge=1, description="Seconds that an overloaded service asks clients to wait.")

    max_bytes: int = Field(default=20_000_000, ge=1, description="Largest picture file.")
    max_pixels: int = Field(default=40_000_000, ge=1, description="Largest picture, width times height.")
    min_side: int = Field(default=64, ge=1, description="Smallest side of a picture.")
    max_results: int = Field(default=16, ge=1, description="Most pictures in one answer.")
    max_parameter_bytes: int = Field(default=16_384, ge=1, description="Longest text parameter.")

    jpeg_quality: int = Field(default=92, ge=1, le=100, description="Quality of JPEG and WebP answers.")
    keep_exif: bool = Field(default=True, description="Keep harmless EXIF tags (never GPS, maker notes, thumbnail).")

    help_line: OneLine = Field(
        default=HELP_LINE, description="Where to find help, told with /addiction-preview; empty: nothing is told."
    )

    landmarks: Literal["mesh", "dlib68"] = Field(
        default="mesh",
        description="Landmark model: MeshNet, or dlib's 68-point predictor (needs the extra dlib68).",
    )
    find_quick: int = Field(
        default=320, ge=64, description="Longest side at which the largest face is looked for first."
    )
    find_thorough: int = Field(default=960, ge=64, description="Longest side for all faces, or when none was found.")
    find_last_resort: int = Field(default=1600, ge=64, description="Longest side when still none was found.")
