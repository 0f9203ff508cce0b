"""Where a request's time goes: each stage of every task, by size of photo, over real HTTP.

    make bench

The baseline of the same run is a bare JPEG decode and encode of the same photo with OpenCV: this machine's speed
varies, so stages are given in milliseconds and as multiples of that.
"""

import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import httpx
import numpy as np

from bench.server import running_service

OUT = Path("out/bench")
REQUESTS = 40
WARM_UP = 5

SIZES: dict[str, tuple[int, int]] = {"512x512": (512, 512), "1024x1024": (1024, 1024), "12 MP": (4000, 3000)}
"""Width and height; the face fills about half of the shorter side."""

TASKS: dict[str, tuple[Path, dict[str, str]]] = {
    "/addiction-preview": (Path("examples/people/ben.jpg"), {"substance": "smoking"}),
    "/edit-attribute": (Path("examples/people/ben.jpg"), {"attribute": "smiling", "engine": "editnet"}),
    "/edit-attribute, vae": (Path("examples/people/ben.jpg"), {"attribute": "smiling", "engine": "vae"}),
    "/emotion": (Path("examples/people/ben.jpg"), {}),
    "/frontalize": (Path("examples/turned/hanna.jpg"), {}),
    "/toonify": (Path("examples/people/ben.jpg"), {}),
    "/toonify, cel": (Path("examples/people/ben.jpg"), {"style": "cel"}),
    "/toonify, emoji": (Path("examples/people/ben.jpg"), {"style": "emoji"}),
    "/toonify, sticker": (Path("examples/people/ben.jpg"), {"sticker": "true"}),
    "/unmask": (Path("examples/masked/anna.jpg"), {}),
}
"""A row's path, and after a comma what is particular, who is in the photo, and the parameters."""

STAGES = ("decode", "find", "align", "queue", "network", "draw", "composite", "encode")


@dataclass(frozen=True)
class Row:
    """Median times of one task and size in milliseconds, and the whole as a multiple of the baseline."""

    task: str
    size: str
    stages: dict[str, float]
    p50: float
    p95: float
    baseline: float

    @property
    def ratio(self) -> float:
        """p50 over the baseline."""
        return self.p50 / self.baseline


def sample(person: Path, width: int, height: int) -> bytes:
    """Return a JPEG of a person who does not exist, on a plain ground of the given size."""
    face = cv2.imread(str(person))
    if face is None:
        raise FileNotFoundError(person)
    side = min(width, height)
    face = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA if side < face.shape[0] else cv2.INTER_CUBIC)
    photo = np.full((height, width, 3), 128, np.uint8)
    left, top = (width - side) // 2, (height - side) // 2
    photo[top : top + side, left : left + side] = face
    return cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def baseline(body: bytes) -> float:
    """Return the median milliseconds of a bare decode and encode."""
    times: list[float] = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        pixels = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
        cv2.imencode(".jpg", np.asarray(pixels), [cv2.IMWRITE_JPEG_QUALITY, 92])
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def measure(client: httpx.Client, task: str, size: str) -> Row:
    """Return the row of one task and size, one request at a time in steady state."""
    person, parameters = TASKS[task]
    body = sample(person, *SIZES[size])
    stages: dict[str, list[float]] = {stage: [] for stage in STAGES}
    totals: list[float] = []
    for i in range(WARM_UP + REQUESTS):
        started = time.perf_counter()
        answer = client.post(task.partition(",")[0], files={"image": ("photo.jpg", body)}, data=parameters)
        total = (time.perf_counter() - started) * 1000
        answer.raise_for_status()
        if i < WARM_UP:
            continue
        totals.append(total)
        for part in answer.headers["Server-Timing"].split(", "):
            stage, _, duration = part.partition(";dur=")
            stages[stage].append(float(duration))
    # A task that runs no network has no times in the queue.
    medians = {stage: statistics.median(times or [0.0]) for stage, times in stages.items()}
    p50, p95 = statistics.median(totals), statistics.quantiles(totals, n=20)[-1]
    return Row(task, size, medians, p50, p95, baseline(body))


def main() -> None:
    """Measure all tasks and sizes, print the table, write out/bench/stages.json."""
    with running_service() as address, httpx.Client(base_url=address, timeout=60) as client:
        rows = [measure(client, task, size) for task in TASKS for size in SIZES]
    print("| task | photo | " + " | ".join(STAGES) + " | p50 | p95 | bare decode+encode | p50 / bare |")
    print("|" + " --- |" * (len(STAGES) + 6))
    for row in rows:
        cells = [f"{row.stages[stage]:.1f}" for stage in STAGES]
        cells += [f"{value:.1f}" for value in (row.p50, row.p95, row.baseline, row.ratio)]
        print(f"| {row.task} | {row.size} | " + " | ".join(cells) + " |")
    print("\nOn a GPU: not measured (MIEN_PROVIDER=cuda make bench, in an environment with the GPU build).")
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "stages.json").write_text(json.dumps([vars(row) | {"ratio": row.ratio} for row in rows], indent=2))


if __name__ == "__main__":
    main()
