import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_model import write_model
from unpaired_cases import write_sets, write_unpaired_model

from pix2pix.core.errors import InputError
from pix2pix.pages.demo.service import TranslationRequest, TranslationService
from pix2pix.pictures.images import RgbImage, read_image, write_png
from pix2pix.translation.translator import Translator

MODEL = "models/generator.safetensors"


def service_of(root: Path, **settings: Any) -> TranslationService:
    write_model(root / MODEL, **settings)
    return TranslationService(root, root / "files", root / "examples", accelerator="cpu")


def uploaded(root: Path, image: RgbImage) -> str:
    write_png(root / "files" / "photo.png", image)
    return str(root / "files" / "photo.png")


def result_of(service: TranslationService, request: TranslationRequest) -> RgbImage:
    result = service.translate(request)
    assert result is not None
    return read_image(result.download)


@pytest.mark.parametrize(
    ("task", "shape", "fit"),
    [("grayscale", (96, 128), "full"), ("grayscale", (1100, 2000), "resize"), ("edges", (96, 128), "resize")],
)
def test_auto_takes_the_fit_that_suits_model_and_size(
    tmp_path: Path, task: str, shape: tuple[int, int], fit: Any
) -> None:
    service = service_of(tmp_path, pair_task=task, ngf=2)
    picture = np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)
    output = result_of(service, TranslationRequest(MODEL, uploaded(tmp_path, picture), prepare=True))
    expected = Translator.load(tmp_path / MODEL, "cpu").translate(picture, fit=fit, prepare=True)
    assert np.array_equal(output, expected)


def test_a_drawing_is_the_input_as_it_is(tmp_path: Path, photo: RgbImage) -> None:
    service = service_of(tmp_path, pair_task="edges")
    output = result_of(
        service, TranslationRequest(MODEL, uploaded(tmp_path, photo), is_drawing=True, prepare=True)
    )
    assert np.array_equal(
        output, Translator.load(tmp_path / MODEL, "cpu").translate(photo, fit="resize", prepare=False)
    )


def test_what_a_model_cannot_do_is_not_asked_of_it(tmp_path: Path, photo: RgbImage) -> None:
    service = service_of(tmp_path, pair_task="none")
    available = service.available_options(service.model(MODEL))
    assert (available.pen_px, available.prepare, available.keep_luminance) == (None, False, True)
    output = result_of(service, TranslationRequest(MODEL, uploaded(tmp_path, photo), prepare=True))
    assert np.array_equal(output, Translator.load(tmp_path / MODEL, "cpu").translate(photo, fit="resize"))


def test_a_model_that_was_trained_again_is_loaded_again(tmp_path: Path, photo: RgbImage) -> None:
    service = service_of(tmp_path, pair_task="grayscale")
    request = TranslationRequest(MODEL, uploaded(tmp_path, photo))
    before = result_of(service, request)
    write_model(tmp_path / MODEL, pair_task="grayscale", ngf=5)
    os.utime(tmp_path / MODEL, (1, 1))
    assert not np.array_equal(result_of(service, request), before)


def test_without_a_picture_an_example_is_translated(tmp_path: Path) -> None:
    service = service_of(tmp_path, pair_task="grayscale")
    output = result_of(service, TranslationRequest(MODEL, None, fit="resize"))
    chelsea = read_image(service.examples(service.model(MODEL))[0])
    expected = Translator.load(tmp_path / MODEL, "cpu").translate(chelsea, fit="resize", prepare=True)
    assert np.array_equal(output, expected)


@pytest.mark.parametrize(("task", "value"), [("none", 10), ("grayscale", 200)])
def test_examples_of_the_own_data_are_what_the_page_takes(tmp_path: Path, task: str, value: int) -> None:
    pair = np.hstack([np.full((32, 32, 3), 10, np.uint8), np.full((32, 32, 3), 200, np.uint8)])
    write_png(tmp_path / "data" / "pairs" / "test" / "class" / "a.png", pair)
    service = service_of(tmp_path, pair_task=task, dataset="folder")
    (example,) = service.examples(service.model(MODEL))
    assert np.all(read_image(example) == value)


def test_a_name_that_is_not_in_the_list_is_refused(tmp_path: Path) -> None:
    service = service_of(tmp_path)
    with pytest.raises(InputError, match="not in the list"):
        service.translate(TranslationRequest("/etc/passwd", None))


def test_each_direction_translates_by_its_own_generator(tmp_path: Path, photo: RgbImage) -> None:
    path = write_unpaired_model(tmp_path / MODEL)
    service = TranslationService(tmp_path, tmp_path / "files", tmp_path / "examples", accelerator="cpu")
    names = [model.name for model in service.models()]
    assert names == [MODEL, f"{MODEL} (BtoA)"]
    for name, direction in zip(names, ("AtoB", "BtoA"), strict=True):
        output = result_of(service, TranslationRequest(name, uploaded(tmp_path, photo), fit="tile"))
        expected = Translator.load(path, "cpu", direction=direction).translate(photo)
        assert np.array_equal(output, expected)


@pytest.mark.parametrize("objective", ["cyclegan", "cut"])
def test_examples_of_a_direction_are_test_pictures_of_its_inputs_set(tmp_path: Path, objective: str) -> None:
    sets = write_sets(tmp_path / "data" / "pairs")
    write_unpaired_model(tmp_path / MODEL, objective, dataset="folder")
    service = TranslationService(tmp_path, tmp_path / "files", tmp_path / "examples", accelerator="cpu")
    models = service.models()
    assert len(models) == (2 if objective == "cyclegan" else 1)
    for model, name in zip(models, "AB", strict=False):
        own = {read_image(path).tobytes() for path in (sets / "test" / name).rglob("*.png")}
        examples = [read_image(path).tobytes() for path in service.examples(model)]
        assert len(examples) == 4 and set(examples) <= own
