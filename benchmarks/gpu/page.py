"""The tables of ``docs/gpu.md``, from the figures that are kept in ``benchmarks/results/gpu.json``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.comparison_page import COLUMNS, SUMMARY, markdown, write_between
from benchmarks.gpu.record import last_line
from pix2pix.core.errors import InputError
from pix2pix.core.outputs import write_json
from pix2pix.pages.study.table import ANSWERS
from pix2pix.pictures.contact_sheet import write_sheet
from pix2pix.pictures.images import read_image

PAGE, RESULTS = Path("docs/gpu.md"), Path("benchmarks/results/gpu.json")
IMAGES = "images"  # beside the page
MARKS = ("<!-- python -m benchmarks.gpu -->\n", "<!-- as measured -->\n")
NOTHING = "Nothing has been measured on a GPU yet.\n"
NOT_MEASURED = "not measured"
WAYS = {
    "plain": "plain loop, eager, fp32, one batch in the card's memory",
    "eager": "ours without capture, pairs from the training's data",
    "ours": "ours, pairs from the training's data",
}
TRAINING = {  # by the name of a figure: its title, and how it is written
    "images_per_s": ("images/s", ",.1f"),
    "share_of_peak": ("of the bf16 peak", ".1%"),
    "peak_memory_mb": ("peak memory, MB", ",.0f"),
    "kernels": ("kernels a step", ",.0f"),
    "idle_share": ("GPU idle", ".1%"),
}
TRANSLATION = {
    "plain_256px": "256 px, plain loop, one at a time, fp32",
    "fp32_256px": "256 px, ours, `precision: fp32`",
    "auto_256px": "256 px, ours, `precision: auto`",
    "tiled_1024px": "1024 px, ours in tiles of 256 px, `precision: auto`",
    "full_1024px": "1024 px, ours at once, `precision: auto`",
}
RECIPE = {name: COLUMNS[name] for name in SUMMARY}

Figures = Mapping[str, Any]
Table = list[list[str]]


def write_page(record: Path | None = None) -> Path:
    """Take over a record, if one is named, write the tables into the page, and return where it lies.

    Args:
        record: a ``gpu.json``; its pictures lie beside it. None takes the one that was taken over last.

    Raises:
        InputError: it is missing, no such record, or that of a dry run.
    """
    if record is not None:
        new = _read(record)
        write_json(RESULTS, merged(kept_record(), new))
        for name in _sheets(new):
            if (record.parent / name).exists():
                (PAGE.parent / IMAGES).mkdir(exist_ok=True)
                write_sheet(PAGE.parent / IMAGES / _image_of(name), read_image(record.parent / name))
    write_between(PAGE, MARKS, tables(kept_record()))
    return PAGE


def kept_record() -> Figures | None:
    """The record that was taken over last, or None where there is none."""
    return _read(RESULTS) if RESULTS.exists() else None


def merged(kept: Figures | None, new: Figures) -> Figures:
    """The new record, with the parts of the kept one that it lacks, if both are of one card and torch."""
    same = ("device", "driver", "torch")
    if kept is None or any(kept["card"].get(name) != new["card"].get(name) for name in same):
        return new
    by_part = {name: {**kept[name], **new[name]} for name in ("dates", "seconds")}
    failures = {part: of for part, of in kept["failures"].items() if part not in new["dates"]}
    return {**kept, **new, **by_part, "failures": failures | new["failures"]}


def _read(path: Path) -> Figures:
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}; `python -m benchmarks.gpu` writes such a file") from error
    if not isinstance(record, dict) or "card" not in record:
        raise InputError(f"{path}: expected what `python -m benchmarks.gpu` writes, found no card in it")
    if record.get("dry_run", True):
        raise InputError(f"{path} is of a dry run, which measures nothing; take one of a run on a GPU")
    return record


def tables(record: Figures | None) -> str:
    """Lay out a record as Markdown."""
    if record is None:
        return NOTHING
    parts = [_card(record), _training(record), _tests(record), _rates(record), _recipes(record)]
    return "\n".join([*parts, _failures(record)])


def _card(record: Figures) -> str:
    card = record["card"]
    peaks = [
        f"{card[name]:,.0f} {unit}" if name in card else f"{title} {NOT_MEASURED}"
        for name, title, unit in (
            ("bf16_tflops", "bf16 peak", "TFLOP/s in bf16 (a product of matrices of 8192 x 8192)"),
            ("memory_gb_per_s", "memory", "GB/s of its memory (a copy, read and written)"),
        )
    ]
    dates = " and ".join(sorted(set(record["dates"].values())))
    return (
        f"Measured on {dates} on one {card['device']} (driver {card.get('driver', 'unknown')}, "
        f"torch {card['torch']}), with {card['cores']} cores beside it: {'; '.join(peaks)}.\n"
    )


def _training(record: Figures) -> str:
    """The steps by size of batch and way, and how far captured ones are from uncaptured ones."""
    lines = [["batch", "way", *(title for title, _ in TRAINING.values())]]
    notes = []
    for batch, figures in record.get("training", {}).items():
        for way, title in WAYS.items():
            lines.append([batch, title, *_cells(figures.get(way, {}), TRAINING)])
        if "ours_over_plain" in figures:
            notes.append(f"at batch {batch} {figures['ours_over_plain']:.2f} times as many images/s")
    text = "A training step of the paper's networks at 256 px:\n\n" + markdown(lines)
    return text + (f"\nOurs beside the plain loop: {', '.join(notes)}.\n" if notes else "")


def _tests(record: Figures) -> str:
    tests = record.get("tests")
    if not tests or "passed" not in tests:
        return f"Tests marked `gpu`: {NOT_MEASURED}.\n"
    failed = len(tests["failed"])
    return f"Tests marked `gpu`: {tests['passed']} passed, {failed} failed, {tests['skipped']} skipped.\n"


def _rates(record: Figures) -> str:
    """Translation and faces."""
    translation, faces = record.get("translation", {}), record.get("faces", {})
    lines = [["what", "per second"]]
    for name, title in TRANSLATION.items():
        lines.append([f"pictures of {title}", _cell(translation.get(name, {}), "pictures_per_s", ",.1f")])
    for name in (name for name in faces if name.startswith("batch_")):
        title = f"frames of 640 px searched for faces, {name.removeprefix('batch_')} at once"
        lines.append([title, _cell(faces[name], "frames_per_s", ",.1f")])
    lines.append(["the same on the processor", _cell(faces.get("cpu_batch_8", {}), "frames_per_s", ",.1f")])
    return markdown(lines)


def _recipes(record: Figures) -> str:
    """What came of the recipes, and the trivial answers beside them."""
    parts = []
    for name, figures in record.get("recipes", {}).items():
        parts.append(_facts(name, figures))
        if "metrics" in figures:
            lines = [["", *(title for title, _ in RECIPE.values())]]
            answers = {f"{prefix}_": title for prefix, title in ANSWERS.items()}
            for prefix, title in {"": f"`{name}`", **answers}.items():
                of_prefix = {key: figures["metrics"].get(f"{prefix}{key}") for key in RECIPE}
                known = {key: value for key, value in of_prefix.items() if value is not None}
                lines.append([title, *_cells(known, RECIPE)])
            parts.append(markdown(lines))
        image = Path(IMAGES, _image_of(figures.get("sheet", "")))
        if figures.get("sheet") and (PAGE.parent / image).exists():
            parts.append(f"![{name}: inputs, outputs and targets]({image.as_posix()})\n")
    return "\n".join(parts)


def _facts(name: str, figures: Figures) -> str:
    if "train_s" not in figures:
        return f"`recipes/{name}.yaml`: {NOT_MEASURED}.\n"
    return (
        f"`recipes/{name}.yaml` with `precision: auto`, on {figures['data']} of {figures['image_size']} px: "
        f"{figures['epochs']} of its {figures['epochs_of_recipe']} epochs in {figures['train_s']:,.0f} s, "
        f"{figures['images_per_s_with_validation']:,.0f} images/s, validation and all that is around it "
        f"included; measured on {figures.get('test_pictures', 'no')} test pictures.\n"
    )


def _failures(record: Figures) -> str:
    """What failed, a line each."""
    failures = [item for of_part in record["failures"].values() for item in of_part.items()]
    if not failures:
        return "Nothing failed in this run.\n"
    return "What failed in this run:\n\n" + "".join(
        f"- {what}: {last_line(text)}\n" for what, text in failures
    )


def _sheets(record: Figures) -> list[str]:
    return [figures["sheet"] for figures in record.get("recipes", {}).values() if "sheet" in figures]


def _image_of(sheet: str) -> str:
    return f"gpu_{Path(sheet).stem}.jpg"


def _cells(figures: Figures, columns: Mapping[str, tuple[str, str]]) -> list[str]:
    return [_cell(figures, name, form) for name, (_, form) in columns.items()]


def _cell(figures: Figures, name: str, form: str) -> str:
    return format(figures[name], form) if name in figures else NOT_MEASURED
