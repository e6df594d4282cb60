"""``python -m benchmarks.gpu --out FOLDER``: see ``docs/gpu.md``."""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.gpu.parts import DRY_FACTOR, OTHERS_S, PARTS, run_parts
from benchmarks.gpu.record import Plan, last_line

DATASETS = "../shared/datasets"
NO_GPU = 2  # the exit status
TRAIN_MINUTES = 2.0
LAST = Path()  # the record that was taken over last


def main() -> int:
    """Run the parts that are asked for, or write the page; return the exit status."""
    args = _arguments()
    if args.page is not None:
        return _write_page(args.page)
    if not args.dry_run and (why := _why_no_gpu()):
        print(f"gpu: {why}; --dry-run runs all parts on the CPU at toy sizes", file=sys.stderr)
        return NO_GPU
    args.out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("gpu: ended"))  # and with it the part at work
    train_s = 60 * args.train_minutes
    plan = Plan(
        out=str(args.out),
        datasets=str(args.datasets),
        is_dry=args.dry_run,
        train_s=train_s,
        ends_at=time.time() + OTHERS_S * (DRY_FACTOR if args.dry_run else 1) + train_s,
    )
    record = run_parts(args.part or list(PARTS), plan, args.out)
    print(json.dumps(_in_short(record)))
    return int(bool(record["failures"]))


def _write_page(record: Path) -> int:
    from benchmarks.gpu.page import write_page
    from pix2pix.core.errors import run_command

    run_command(lambda: print(f"gpu: {write_page(None if record == LAST else record)}"))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("gpu"), help="folder of gpu.json and the pictures")
    parser.add_argument("--part", action="append", choices=list(PARTS), help="run it alone; repeatable")
    parser.add_argument("--train-minutes", type=float, default=TRAIN_MINUTES, help="for the recipes together")
    parser.add_argument("--dry-run", action="store_true", help="on the CPU at toy sizes")
    parser.add_argument(
        "--datasets",
        type=Path,
        default=Path(os.environ.get("DATASETS_DIR", DATASETS)),
        help="folder that may hold facades",
    )
    parser.add_argument(
        "--page",
        type=Path,
        nargs="?",
        const=LAST,
        metavar="GPU_JSON",
        help="write docs/gpu.md's tables, of this record",
    )
    return parser.parse_args()


def _why_no_gpu() -> str:
    try:
        import torch
    except ImportError:
        return "torch is not installed"
    return "" if torch.cuda.is_available() else "torch finds no CUDA device"


def _in_short(record: dict[str, Any]) -> dict[str, Any]:
    """The record with a line of each failure."""
    lines = {
        part: {what: last_line(text)[:200] for what, text in of_part.items()}
        for part, of_part in record["failures"].items()
    }
    return record | {"failures": lines}


if __name__ == "__main__":
    sys.exit(main())
