"""Hand a trained model to other programs: as ONNX, as a program of torch.export, and to the original code.

The first two take pictures, (N, 3, H, W) float32 RGB in [0, 1], any number of them, with sides that are
multiples of what the network needs, and give the same shape and range. They are compared with PyTorch on real
pictures.
"""

import json
import logging
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
import torch
from torch import Tensor
from torch.export import ExportedProgram

from pix2pix.core.choices import Direction
from pix2pix.core.errors import InputError
from pix2pix.core.outputs import whole_file
from pix2pix.model.model_file import HEADER_KEY, load_generator
from pix2pix.model.original_checkpoints import write_original
from pix2pix.pictures.images import IMAGE_SUFFIXES, RgbImage, read_image, to_square
from pix2pix.release.exportable import UnitRange, exportable, trace
from pix2pix.translation.translator import Translator

TRACED = (".onnx", ".pt2")
ORIGINAL = ".pth"
KINDS = (*TRACED, ORIGINAL)
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")  # those of scikit-image
MOST_CHECKED = 8
TOLERANCE = 1.0  # in 255ths
AXES = {0: "pictures", 2: "height", 3: "width"}
Runner = Callable[[Tensor], Tensor]


def export_model(
    path: Path,
    outputs: Sequence[Path] | None = None,
    pictures: Path | None = None,
    direction: Direction | None = None,
) -> None:
    """Export a model, and print how far each result is from PyTorch.

    Args:
        path: a file that the train stage wrote.
        outputs: ``.onnx``, ``.pt2`` or ``.pth`` files; by default the first two, beside the model.
        pictures: a folder to compare on; by default scikit-image's photos.
        direction: of the generator that is exported; None is that of the training.

    Raises:
        InputError: there is no such model, or none of this direction, a package is missing, a result
            differs, or the original code has no such network.
    """
    outputs = outputs or [beside(path, kind, direction) for kind in TRACED]
    for output in outputs:
        if output.suffix not in KINDS:
            raise InputError(f"{output}: found {output.suffix or 'no suffix'}; expected {' or '.join(KINDS)}")
    traced = [output for output in outputs if output.suffix in TRACED]
    if traced:
        _export_traced(path, traced, pictures, direction)
    for output in outputs:
        if output.suffix == ORIGINAL:
            write_original(load_generator(path, direction)[0], output)
            print(f"export: {output}, as latest_net_G.pth of the original code")


def beside(path: Path, suffix: str, direction: Direction | None = None) -> Path:
    """Name a file beside a model's, with the direction in its name where one is asked for."""
    return path.with_name(f"{path.stem}_{direction}{suffix}") if direction else path.with_suffix(suffix)


def _export_traced(
    path: Path, outputs: Sequence[Path], pictures: Path | None, direction: Direction | None
) -> None:
    _require_packages()
    generator, settings = load_generator(path, direction)
    translator = Translator.load(path, "cpu", "fp32", direction)
    model = exportable(generator, settings["test_mode"])
    # In train mode batch norm would take its statistics from a whole batch, and dropout its seed from chance.
    ours = UnitRange(generator, settings["pixel_range"]) if settings["test_mode"] == "eval" else model
    batches = check_pictures(translator, pictures)
    if settings["test_mode"] == "train" and settings["dropout"] > 0:
        print("export: test_mode is train: dropout, which translate seeds by the picture, is left out")
    program = trace(model, translator.multiple)
    for output in outputs:
        difference = export(ours, program, settings, output, batches)
        count = sum(map(len, batches))
        print(f"export: {output}, at most {difference:.4f} of 255 from PyTorch on {count} pictures")
    print(f"export: takes (N, 3, H, W) float32 RGB in [0, 1]; H and W are multiples of {translator.multiple}")


def export(
    ours: Runner,
    program: ExportedProgram,
    settings: dict[str, Any],
    path: Path,
    batches: Sequence[Tensor],
) -> float:
    """Write a traced model, and compare what the file gives with what PyTorch gives.

    Args:
        ours: gives what PyTorch does.
        program: the traced model.
        settings: kept in the file.
        path: ends in ``.onnx`` or ``.pt2``.
        batches: pictures, each (N, 3, H, W) float32 in [0, 1], of several numbers and sizes.

    Returns:
        the largest difference of a pixel's channel, in 255ths.

    Raises:
        InputError: it is above 1; then no file is written.
    """
    with whole_file(path) as partial:
        if path.suffix == ".onnx":
            _write_onnx(program, settings, partial)
            runner = _onnx_runner(partial)
        else:
            extra = {HEADER_KEY: json.dumps(settings, sort_keys=True)}
            with partial.open("wb") as file:
                torch.export.save(program, file, extra_files=extra)
            runner = _program_runner(partial)
        difference = largest_difference(ours, runner, batches)
        if not difference <= TOLERANCE:
            raise InputError(
                f"{path} differs from PyTorch by {difference:.2f} of 255, more than {TOLERANCE:g}, and is "
                "not written; with the versions of the extra `export` this should not happen"
            )
    return difference


@torch.inference_mode()
def largest_difference(one: Runner, other: Runner, batches: Sequence[Tensor]) -> float:
    """The largest difference of the outputs of two, in 255ths."""
    return max(float((one(batch) - other(batch)).abs().max()) * 255 for batch in batches)


def check_pictures(translator: Translator, folder: Path | None) -> list[Tensor]:
    """Inputs to compare on: one alone at the model's size, all together, and all at another size.

    Args:
        translator: makes inputs of photos, where it can.
        folder: holds pictures; without it, photos of scikit-image.

    Raises:
        InputError: the folder holds no picture.
    """
    photos = _photos(folder)
    size, multiple = translator.image_size, translator.multiple
    squares = [to_square(photo, size, "crop") for photo in photos]
    others = [to_square(photo, size + multiple, "crop")[:size] for photo in photos]
    if translator.can_prepare:
        squares, others = ([translator.prepare(image) for image in some] for some in (squares, others))
    return [_stacked(squares[:1]), _stacked(squares), _stacked(others)]


def _photos(folder: Path | None) -> list[RgbImage]:
    if folder is None:
        return [getattr(skimage.data, name)() for name in PHOTOS]
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        raise InputError(f"{folder}: no picture there to compare on")
    return [read_image(path) for path in paths[:MOST_CHECKED]]


def _stacked(images: Sequence[RgbImage]) -> Tensor:
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float().div(255).contiguous()


def _write_onnx(program: ExportedProgram, settings: dict[str, Any], path: Path) -> None:
    import onnx  # of the extra `export`, as onnxscript, which torch imports

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = torch.onnx.export(
            program, input_names=["input"], output_names=["output"], verbose=False, external_data=False
        )
    assert made is not None
    model = made.model_proto
    for value in (*model.graph.input, *model.graph.output):
        for axis, name in AXES.items():
            value.type.tensor_type.shape.dim[axis].dim_param = name
    onnx.helper.set_model_props(model, {HEADER_KEY: json.dumps(settings, sort_keys=True)})
    path.write_bytes(model.SerializeToString())


def _onnx_runner(path: Path) -> Runner:
    import onnxruntime  # type: ignore[import-untyped]

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda batch: torch.from_numpy(session.run(None, {"input": batch.numpy()})[0])


def _program_runner(path: Path) -> Runner:
    with path.open("rb") as file:
        module = torch.export.load(file).module()
    return lambda batch: module(batch)


def _require_packages() -> None:
    missing = [name for name in ("onnx", "onnxruntime", "onnxscript") if find_spec(name) is None]
    if missing:
        raise InputError(f"{', '.join(missing)}: not installed; pip install -e '.[export]'")
