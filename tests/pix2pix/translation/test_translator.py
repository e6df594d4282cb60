import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from small_model import small_translator, write_model
from training_cases import small_settings, small_training, write_pairs
from unpaired_cases import write_unpaired_model

import pix2pix.translation.translator
from pix2pix.core.errors import InputError
from pix2pix.evaluation.results import translate_folder
from pix2pix.machine.device import open_fabric
from pix2pix.model.inference import translating
from pix2pix.model.model_file import load_generator, save_generator
from pix2pix.model.pair_folder import PairFolder, to_image
from pix2pix.pairs.making import edges, sketch
from pix2pix.pictures.images import RgbImage, grayscale, read_image, write_png
from pix2pix.translation.photo_file import Photo, write_photo
from pix2pix.translation.tiling import tile_starts
from pix2pix.translation.translator import TranslateOptions, Translator


def noise(height: int, width: int, seed: int = 0) -> RgbImage:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def test_example_of_the_docstring_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photo: RgbImage
) -> None:
    write_model(tmp_path / "models" / "generator.safetensors")
    Image.fromarray(photo).save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(pix2pix.translation.translator)
    assert result.attempted > 5 and result.failed == 0


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"norm": "batch", "test_mode": "train"},
        {"pixel_range": "unit", "precision": "bf16"},
        {"generator": "resnet18_unet"},
        {"image_size": 256},
        {"output": "chroma"},
        {"generator": "efficientnet_unet"},
        {"generator": "resnet_6blocks", "norm": "instance_plain"},
    ],
)
def test_output_is_that_of_evaluate_to_the_byte(tmp_path: Path, changes: dict[str, Any]) -> None:
    model = write_model(tmp_path / "m", **changes)
    generator, settings = load_generator(model)
    size = settings["image_size"]
    for i in range(5):
        write_png(tmp_path / "pairs" / "c" / f"{i}.png", noise(size, 2 * size, seed=i))
    pairs, fabric = PairFolder(tmp_path / "pairs"), open_fabric("cpu", precision=settings["precision"])
    translate_folder(generator, pairs, tmp_path / "evaluated", fabric, settings["test_mode"])
    translator = Translator.load(model, "cpu")
    halves = [noise(size, 2 * size, seed=i)[:, :size] for i in range(5)]
    for fit in ("tile", "full", "resize"):
        for i, output in enumerate(translator.stream(halves, TranslateOptions(fit))):
            write_photo(tmp_path / "ours" / f"{i}.png", Photo(output))
            evaluated = tmp_path / "evaluated" / "c" / f"{i}.png"
            assert (tmp_path / "ours" / f"{i}.png").read_bytes() == evaluated.read_bytes()
            assert output.std() > 5


@pytest.mark.parametrize("fit", ["tile", "full", "resize"])
def test_output_does_not_depend_on_what_else_is_translated(tmp_path: Path, fit: Any) -> None:
    translator = small_translator(tmp_path)
    images = [noise(*size) for size in ((64, 64), (70, 200), (64, 64), (30, 20), (64, 65))]
    together = translator.translate(images, fit=fit)
    for image, output in zip(images, together, strict=True):
        assert output.shape == image.shape
        assert np.array_equal(output, translator.translate(image, fit=fit))


@pytest.mark.parametrize(
    ("changes", "multiple"),
    [
        ({}, 64),
        ({"levels": 3}, 8),
        ({"generator": "resnet_6blocks"}, 4),
        ({"generator": "resnet18_unet"}, 32),
        ({"generator": "efficientnet_unet"}, 32),
    ],
)
def test_full_is_one_pass_at_the_smallest_multiple(
    tmp_path: Path, changes: dict[str, Any], multiple: int
) -> None:
    translator = small_translator(tmp_path, **changes)
    assert translator.multiple == multiple
    image = noise(5 * multiple, 6 * multiple)
    (alone,) = translator._network.translate([image])
    assert np.array_equal(translator.translate(image, fit="full"), alone)
    assert np.array_equal(translator.translate(image[:-1, :-1], fit="full").shape, (*alone[:-1, :-1].shape,))


def test_result_is_of_the_same_kind(tmp_path: Path, photo: RgbImage) -> None:
    translator = small_translator(tmp_path)
    picture = Image.fromarray(photo)
    output = translator.translate(picture)
    assert isinstance(output, Image.Image) and output.mode == "RGB" and output.size == picture.size
    assert np.array_equal(np.asarray(output), translator.translate(photo))
    assert [type(item) for item in translator.translate([picture])] == [Image.Image]
    assert translator.translate(photo[:, :, 0]).shape == photo.shape
    assert translator.translate([]) == []


def test_transparency_is_kept_but_for_drawings(tmp_path: Path, photo: RgbImage) -> None:
    rgba = np.dstack([photo, np.full(photo.shape[:2], 99, np.uint8)])
    kept = small_translator(tmp_path).translate(rgba)
    assert kept.shape == rgba.shape and (kept[:, :, 3] == 99).all()
    assert small_translator(tmp_path).translate(Image.fromarray(rgba)).mode == "RGBA"
    drawing = small_translator(tmp_path, pair_task="edges")
    assert drawing.translate(rgba).shape == photo.shape
    assert drawing.translate(rgba, prepare=True).shape == rgba.shape


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, grayscale),
        (
            {"pair_task": "edges", "edge_low": 0.3, "edge_high": 0.7},
            lambda image: edges(image, 1.0, 0.3, 0.7),
        ),
        ({"pair_task": "sketch", "sketch_line_px": 2.0}, lambda image: sketch(image, 2.0, 40)),
        ({"direction": "BtoA"}, lambda image: image),
    ],
)
def test_input_is_made_as_training_made_it(
    tmp_path: Path, photo: RgbImage, changes: dict[str, Any], expected: Any
) -> None:
    translator = small_translator(tmp_path, **changes)
    assert np.array_equal(translator.prepare(photo), expected(photo))
    output = translator.translate(photo, prepare=True)
    assert np.array_equal(output, translator.translate(expected(photo)))


def test_model_of_ready_made_pairs_prepares_nothing(tmp_path: Path, photo: RgbImage) -> None:
    with pytest.raises(InputError, match="ready-made pairs"):
        small_translator(tmp_path, pair_task="none").translate(photo, prepare=True)


def test_older_models_file_prepares_grey_but_no_drawings(tmp_path: Path, photo: RgbImage) -> None:
    generator, settings = load_generator(write_model(tmp_path / "m"))
    old = {
        key: value for key, value in settings.items() if not key.startswith(("edge_", "sketch_", "resize"))
    }
    save_generator(tmp_path / "m", generator.state_dict(), old)
    assert np.array_equal(Translator.load(tmp_path / "m").prepare(photo), grayscale(photo))
    save_generator(tmp_path / "m", generator.state_dict(), old | {"pair_task": "edges"})
    with pytest.raises(InputError, match="older version"):
        Translator.load(tmp_path / "m").prepare(photo)


def test_luminance_is_kept_where_asked_for(tmp_path: Path, photo: RgbImage) -> None:
    translator = small_translator(tmp_path)
    for fit in ("tile", "full", "resize"):
        output = translator.translate(photo, fit=fit, prepare=True, keep_luminance=True)
        assert np.abs(grayscale(output).astype(int) - grayscale(photo)).max() <= 1
        assert np.ptp(output.astype(int), axis=2).mean() > 1


@pytest.mark.parametrize("fit", ["tile", "full"])
def test_luminance_is_kept_unasked_by_a_model_that_draws_chroma(
    tmp_path: Path, photo: RgbImage, fit: Any
) -> None:
    translator = small_translator(tmp_path, output="chroma", pair_task="none")
    output = translator.translate(photo, fit=fit)
    assert np.abs(grayscale(output).astype(int) - grayscale(photo)).max() <= 1
    assert np.ptp(output.astype(int), axis=2).mean() > 1
    kept = translator.translate(photo, fit=fit, keep_luminance=True)
    assert np.abs(kept.astype(int) - output).mean() < 1


def test_luminance_of_a_resized_picture_is_kept_where_asked_for_by_any_model(
    tmp_path: Path, photo: RgbImage
) -> None:
    translator = small_translator(tmp_path, output="chroma")
    asked, unasked = (
        translator.translate(photo, fit="resize", prepare=True, keep_luminance=keep) for keep in (True, False)
    )
    differences = [np.abs(grayscale(output).astype(int) - grayscale(photo)) for output in (asked, unasked)]
    assert differences[0].max() <= 1 < differences[1].mean()


@pytest.mark.parametrize("changes", [{"pair_task": "edges"}, {"direction": "BtoA"}])
def test_luminance_is_no_matter_for_other_models(
    tmp_path: Path, photo: RgbImage, changes: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="models that colour pictures; this one was trained with pair_task"):
        small_translator(tmp_path, **changes).translate(photo, keep_luminance=True)


def test_unknown_fit_is_refused(tmp_path: Path, photo: RgbImage) -> None:
    with pytest.raises(InputError, match="fit must be tile, full, resize, found crop"):
        small_translator(tmp_path).translate(photo, fit="crop")  # type: ignore[call-overload]


def test_pictures_are_asked_for_a_batch_ahead_at_most(tmp_path: Path) -> None:
    asked = 0

    def images() -> Any:
        nonlocal asked
        for _ in range(20):
            asked += 1
            yield noise(64, 64)

    ahead = []
    for taken, _ in enumerate(small_translator(tmp_path).stream(images(), TranslateOptions()), start=1):
        ahead.append(asked - taken)
    assert len(ahead) == 20 and max(ahead) <= 9


def test_it_is_told_how_many_tiles_are_left(tmp_path: Path) -> None:
    told: list[int] = []
    stream = small_translator(tmp_path).stream(
        [noise(96, 400), noise(64, 64)], TranslateOptions(), told.append
    )
    assert len(list(stream)) == 2 and told == [8, 0, 0]  # of two rows of eight


def test_headers_of_today_have_what_preparing_needs(tmp_path: Path) -> None:
    assert {"edge_low", "sketch_strength", "resize", "dataset"} <= small_settings().keys()


def test_tiles_show_no_seams(tmp_path: Path, face_photo: RgbImage) -> None:
    """The mean step across tile borders is within 5% of that elsewhere, over parts of a photo.

    Elsewhere means where the network's strides are at the same phase: transposed convolutions draw a
    checkerboard, in one pass too.
    """
    training = small_training(write_pairs(tmp_path / "pairs", train=12), tmp_path / "work", ngf=8, epochs=10)
    save_generator(tmp_path / "m", training.run().weights, small_settings(ngf=8))
    corners = np.random.default_rng(0).integers(0, 256, (24, 2))
    crops = [face_photo[top : top + 256, left : left + 256] for top, left in corners]
    steps = []
    for output in Translator.load(tmp_path / "m", "cpu").stream(crops, TranslateOptions(prepare=True)):
        steps += [np.abs(np.diff(output.astype(int), axis=axis)).mean(axis=(1 - axis, 2)) for axis in (0, 1)]
    mean, borders = np.mean(steps, axis=0), np.array(tile_starts(256, 64)[1:]) - 1
    elsewhere = borders - 16
    assert set(np.diff(borders)) == {48} and mean[elsewhere].mean() > 2
    assert abs(mean[borders].mean() / mean[elsewhere].mean() - 1) < 0.05


def test_reading_files_is_not_the_translators_matter(tmp_path: Path, photo: RgbImage) -> None:
    write_png(tmp_path / "a.png", photo)
    translator = small_translator(tmp_path)
    with pytest.raises(InputError, match="found str"):
        translator.translate([str(tmp_path / "a.png")])  # type: ignore[call-overload]
    assert translator.translate(read_image(tmp_path / "a.png")).shape == photo.shape


@pytest.mark.parametrize(("direction", "generator"), [(None, "AtoB"), ("AtoB", "AtoB"), ("BtoA", "BtoA")])
def test_direction_names_the_generator(
    tmp_path: Path, photo: RgbImage, direction: Any, generator: Any
) -> None:
    path = write_unpaired_model(tmp_path / "both")
    picture = photo[:64, :64]
    with translating(load_generator(path, generator)[0], open_fabric("cpu"), "eval") as translate:
        (expected,) = translate(torch.from_numpy(picture.transpose(2, 0, 1).copy())[None])
    translator = Translator.load(path, "cpu", direction=direction)
    assert np.array_equal(translator.translate(picture, fit="full"), to_image(expected))
    assert translator.settings["direction"] == generator


def test_other_direction_of_a_colorizer_takes_photos_as_they_are(tmp_path: Path, photo: RgbImage) -> None:
    path = write_unpaired_model(tmp_path / "both", pair_task="grayscale", output="chroma")
    forth, back = (Translator.load(path, "cpu", direction=way) for way in ("AtoB", "BtoA"))
    assert (forth.is_colorizer, back.is_colorizer) == (True, False)
    assert np.array_equal(back.prepare(photo), photo) and not np.array_equal(forth.prepare(photo), photo)
    assert np.array_equal(back.translate(photo, prepare=True), back.translate(photo))
    with pytest.raises(InputError, match="pair_task: grayscale, direction: BtoA"):
        back.translate(photo, keep_luminance=True)


def test_model_of_one_direction_cannot_translate_the_other_way(tmp_path: Path) -> None:
    path = write_unpaired_model(tmp_path / "cut", "cut")
    with pytest.raises(InputError, match="translates AtoB alone; objective: cyclegan trains"):
        Translator.load(path, "cpu", direction="BtoA")
