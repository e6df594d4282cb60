"""The whole evaluation in one call, outside the pipeline: a saved model on any folder of A|B pairs."""

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from pix2pix.core.choices import Direction, Resize
from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.core.outputs import whole_folder, write_json, write_table
from pix2pix.core.progress import with_progress
from pix2pix.evaluation.options import MANIFEST
from pix2pix.evaluation.paired import evaluate_direction
from pix2pix.evaluation.results import write_plots
from pix2pix.evaluation.summary import as_lines
from pix2pix.items.names import flat_names
from pix2pix.items.walk import is_hidden
from pix2pix.model.model_file import directions, read_settings
from pix2pix.model.pair_folder import PairFolder
from pix2pix.model.trained_model import TrainedModel
from pix2pix.pairs.making import make_pair
from pix2pix.pictures.images import IMAGE_SUFFIXES, read_image, write_png
from pix2pix.pictures.options import PairOptions
from pix2pix.realism.options import RealismOptions

METRICS_FILE = "metrics.json"
MANIFEST_START = "path,source,status,reason,split"  # of what build_pairs writes
MOST_FOLDERS = 2  # between a pair's folder and the manifest: split and class
NO_REALISM = RealismOptions(realism_metrics="none", seed=0)


def check_output(out: Path) -> None:
    """Check that ``out``, which will be replaced, is free or holds an earlier evaluation.

    Raises:
        InputError: it holds something else.
    """
    if out.exists() and not (out / METRICS_FILE).exists():
        raise InputError(f"--out: {out} exists and holds something else; name a new folder")


def evaluate(
    model: Path, folder: Path, out: Path, direction: Direction | None = None, resize: Resize | None = None
) -> dict[str, float]:
    """Translate the pairs of a folder, measure the results, and print the figures.

    Args:
        model: a file that the train stage wrote.
        folder: holds pictures twice as wide as high, at any depth; hidden ones are left out.
        out: gets ``results/``, ``metrics.json``, ``per_image.csv`` and ``plots/``.
        direction: ``BtoA`` where the input is the right half; by default the left half of pairs that
            build_pairs wrote, and the model's direction for others. A model of both directions is measured in
            this one, by default in that of its training.
        resize: how halves of another size than the model's become squares of its size; by default they are
            refused.

    Returns:
        the mean of each measurement over the pictures, and the spread of each metric, as ``summarize`` gives
        them.

    Raises:
        InputError: there is no such model or no usable pair.
    """
    ways = directions(read_settings(model))
    loaded = TrainedModel.load(model, direction=direction if len(ways) > 1 else None)
    half = _input_half(folder, ways, direction)
    print(f"the input is the {'left' if half == 'AtoB' else 'right'} half of each pair")
    options = PairOptions(
        pair_task="none",
        direction=half,
        image_size=loaded.settings["image_size"],
        resize=resize or "crop",
    )
    with tempfile.TemporaryDirectory() as scratch, whole_folder(out) as partial:
        pairs = _prepared(folder, out, Path(scratch), options, resize)
        results = partial / "results"
        measured, summary, _, _ = evaluate_direction(loaded, pairs, results, NO_REALISM)
        write_plots(measured, pairs.folder, results, partial / "plots")
        write_table(partial / "per_image.csv", measured.per_image.round(6))
        write_json(partial / METRICS_FILE, summary)
    print("\n".join(as_lines(summary)))
    return summary


def _prepared(
    folder: Path, out: Path, scratch: Path, options: PairOptions, resize: Resize | None
) -> PairFolder:
    """Write the pairs of a folder at the size and in the direction of the model; print which are left out."""
    files = _pictures(folder, out)
    height = options.image_size
    for path, target in with_progress(_names(files, folder).items(), len(files), "read pairs", "picture"):
        try:
            image = read_image(path)
            if resize is None and image.shape[1] != 2 * len(image):
                raise UnreadableError(
                    f"no A|B pair: {image.shape[1]}x{len(image)} is not twice as wide as high; "
                    "`--resize crop` cuts it in the middle"
                )
            if len(image) != height and resize is None:
                raise InputError(
                    f"{path} is {image.shape[1]}x{len(image)}; the model takes pairs of "
                    f"{2 * height}x{height}, and `--resize crop` makes such ones"
                )
            write_png(scratch / target, make_pair(image, options))
        except UnreadableError as error:
            print(f"left out: {path}: {error}")
    try:
        return PairFolder(scratch)
    except InputError:
        raise InputError(f"no pairs in {folder}: {len(files)} pictures, none of them a usable pair") from None


def _pictures(folder: Path, out: Path) -> list[Path]:
    """The picture files of a folder, without hidden ones and the results of an earlier evaluation."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in IMAGE_SUFFIXES
        and not path.is_dir()
        and not is_hidden(path.relative_to(folder))
        and out.resolve() not in path.resolve().parents
    )


def _names(files: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """The path of each file's pair and result, relative to their folder; no two are equal."""
    by_parent: dict[Path, list[Path]] = defaultdict(list)
    for path in files:
        by_parent[path.parent.relative_to(folder)].append(path)
    return {
        path: parent / f"{name}.png"
        for parent, members in by_parent.items()
        for path, name in zip(
            members, flat_names([PurePosixPath(path.name) for path in members]), strict=True
        )
    }


def _input_half(folder: Path, ways: Sequence[Direction], asked: Direction | None) -> Direction:
    """Tell which half of a folder's pairs is the input: ``AtoB`` is the left one, ``BtoA`` the right one.

    Args:
        folder: of the pairs.
        ways: the model's directions, that of its training first.
        asked: the direction that is asked for.
    """
    if not _was_written_by_build_pairs(folder):
        return asked or ways[0]
    if len(ways) == 1 or asked is None:
        return asked or "AtoB"
    return "AtoB" if asked == ways[0] else "BtoA"  # the training's inputs are on the left


def _was_written_by_build_pairs(folder: Path) -> bool:
    """Whether a folder lies in what build_pairs wrote, where the left half is the input."""
    manifests = [place / MANIFEST for place in (folder, *folder.resolve().parents[:MOST_FOLDERS])]
    return any(path.is_file() and path.read_text().startswith(MANIFEST_START) for path in manifests)
