"""1,000, 10,000 and 60,000 pictures through ``download`` and ``build_pairs``, run by DVC in clones.

The pictures are windows of those in FOLDER, 128 px, as JPEG; 60,000 is the size of Country211. For each count
it prints the peak memory of the parent and of a worker, what DVC adds to the stages' own time, the time of
``dvc repro`` with nothing to do, and how often the bytes of the outputs lie on the disk. Then it times
``build_pairs`` on all counts by turns, without DVC and without the start of processes.

``rate_60k_over_1k``: pictures per second at 60,000 over those at 1,000, the median over the rounds.
``parent_kb_per_picture``: growth of the parent's peak memory from 1,000 to 60,000.
``worker_memory_60k_over_1k``: peak memory of a worker. ``dvc_s_per_10k_files``: what DVC adds at 60,000.
``nothing_to_do_s``: seconds of ``dvc repro`` at 60,000.
"""

import contextlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil

from benchmarks.timing import ROUNDS, data_folder, print_machine, print_result
from pix2pix.items.manifest import kept_rows
from pix2pix.items.parallel import Workers, in_parallel
from pix2pix.pairs.building import build_pairs
from pix2pix.pairs.sources import PairSource, list_sources
from pix2pix.pictures.images import IMAGE_SUFFIXES, RgbImage, read_image, write_jpeg
from pix2pix.pictures.options import PairOptions

COUNTS = (1_000, 10_000, 60_000)
LOOK_EVERY_S = 0.1
LEAST_S = 10
SIDE_PX = 128
CLASSES = 10
PICTURES_PER_JOB = 500
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def main() -> None:
    """Measure, and print the figures."""
    originals = sorted(path for path in data_folder().rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    print_machine()
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch, str(count)) for count in COUNTS]
        figures = [_measure(originals, *of) for of in zip(COUNTS, folders, strict=True)]
        rates = _rates([folder / "clone/data/raw" for folder in folders], Path(scratch, "pairs"))
    small, large = figures[0], figures[-1]
    print_result(
        rate_60k_over_1k=round(statistics.median(by_count[-1] / by_count[0] for by_count in rates), 3),
        parent_kb_per_picture=round(
            (large["parent_mb"] - small["parent_mb"]) * 1000 / (COUNTS[-1] - COUNTS[0]), 2
        ),
        worker_memory_60k_over_1k=round(large["worker_mb"] / small["worker_mb"], 3),
        dvc_s_per_10k_files=round(large["dvc_s"] / large["files"] * 10_000, 1),
        nothing_to_do_s=large["nothing_s"],
    )


def _measure(originals: Sequence[Path], count: int, folder: Path) -> dict[str, float]:
    """Make ``count`` pictures, run the stages on them in a clone, and return seconds, memory and sizes."""
    source = folder / "source"
    clone = folder / "clone"
    jobs = [
        (originals, source, start, min(start + PICTURES_PER_JOB, count))
        for start in range(0, count, PICTURES_PER_JOB)
    ]
    in_parallel(_write_windows, jobs, Workers(os.cpu_count() or 1), "make pictures", "part")
    subprocess.run(["git", "clone", "--quiet", str(Path.cwd()), str(clone)], check=True)
    params = (clone / "params.yaml").read_text()
    params = params.replace("dataset: sample", "dataset: folder").replace("data/input ", f"{source} ")
    (clone / "params.yaml").write_text(params)
    total_s, peak = _repro(clone)
    nothing_s, _ = _repro(clone)
    stages = json.loads((clone / "metrics" / "performance.json").read_text())
    figures = {
        "pictures": count,
        "parent_mb": peak["parent"],
        "worker_mb": peak["worker"],
        "dvc_s": total_s - sum(stages[stage]["seconds"] for stage in ("download", "build_pairs")),
        "nothing_s": nothing_s,
        "files": sum(1 for path in (clone / "data").rglob("*") if path.suffix in IMAGE_SUFFIXES),
        "times_on_disk": _times_on_disk(clone),
    }
    print(", ".join(f"{name} {value:.4g}" for name, value in figures.items()), flush=True)
    return figures


def _rates(raws: Sequence[Path], out: Path) -> list[list[float]]:
    """Pictures per second of ``build_pairs`` by round and by folder of raw pictures, these timed by turns."""
    sources = [list_sources(raw, kept_rows(raw / "manifest.csv"), out, [], "grayscale") for raw in raws]
    # Nothing is removed between the rounds, which would slow the files that are written next.
    outs = (out / str(number) for number in itertools.count())
    _rate(sources[0], outs)  # processes start and packages are loaded
    rates = []
    for _ in range(ROUNDS):
        rates.append([_rate(pictures, outs) for pictures in sources])
        print("pictures/s by count:", ", ".join(f"{rate:.0f}" for rate in rates[-1]), flush=True)
    return rates


def _rate(sources: Sequence[PairSource], outs: Iterator[Path]) -> float:
    """Pictures per second of ``build_pairs``, the median of as many runs as fill ten seconds."""
    workers = Workers(os.cpu_count() or 1, stay=True)
    seconds: list[float] = []
    while sum(seconds) < LEAST_S:
        os.sync()
        start = time.perf_counter()
        build_pairs(
            sources,
            next(outs),
            PairOptions(pair_task="grayscale", image_size=64),
            max_images=0,
            val_fraction=0.1,
            test_fraction=0.1,
            seed=0,
            workers=workers,
        )
        seconds.append(time.perf_counter() - start)
    return len(sources) / statistics.median(seconds)


def _write_windows(originals: Sequence[Path], out: Path, start: int, stop: int) -> None:
    """Write the windows with the numbers from ``start`` up to ``stop``, no two of them equal."""
    pictures: dict[Path, RgbImage] = {}
    for number in range(start, stop):
        rng = np.random.default_rng(number)
        path = originals[int(rng.integers(len(originals)))]
        if path not in pictures:
            pictures[path] = read_image(path)
        picture = pictures[path]
        top, left = (int(rng.integers(side - SIDE_PX + 1)) for side in picture.shape[:2])
        window = picture[top : top + SIDE_PX, left : left + SIDE_PX]
        folder = out / f"class_{number % CLASSES}"
        folder.mkdir(parents=True, exist_ok=True)
        write_jpeg(folder / f"{number:06}.jpg", np.ascontiguousarray(window), quality=90)


def _repro(clone: Path) -> tuple[float, dict[str, float]]:
    """Run DVC up to ``build_pairs``; return the seconds, and the peak memory of its processes in MB."""
    peak = {"parent": 0.0, "worker": 0.0}
    start = time.perf_counter()
    with (clone / "log").open("w") as log:
        dvc = psutil.Popen(
            ["dvc", "repro", "build_pairs"], cwd=clone, env=ENVIRONMENT, stdout=log, stderr=log
        )
        while dvc.poll() is None:
            with contextlib.suppress(psutil.Error):
                for process in dvc.children(recursive=True):
                    kind = _kind(process.cmdline())
                    if kind:
                        peak[kind] = max(peak[kind], process.memory_info().rss / 1e6)
            time.sleep(LOOK_EVERY_S)
    if dvc.returncode:
        raise SystemExit(f"dvc repro failed:\n{(clone / 'log').read_text()}")
    return round(time.perf_counter() - start, 1), peak


def _kind(command: Sequence[str]) -> str:
    if "stages.build_pairs" in command:
        return "parent"
    return "worker" if "joblib.externals.loky.backend.popen_loky_posix" in command else ""


def _times_on_disk(clone: Path) -> float:
    """Bytes on the disk, a file with several links counted once, over the bytes of the outputs."""
    outputs = [path for path in (clone / "data").rglob("*") if path.is_file()]
    stored = {
        (status.st_dev, status.st_ino): status.st_size
        for path in [*outputs, *(clone / ".dvc" / "cache").rglob("*")]
        if path.is_file()
        for status in [path.stat()]
    }
    return sum(stored.values()) / sum(path.stat().st_size for path in outputs)


if __name__ == "__main__":
    main()
