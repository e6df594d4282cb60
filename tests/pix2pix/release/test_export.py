import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_model import write_model
from training_cases import LABELS, same
from unpaired_cases import write_unpaired_model

from pix2pix.__main__ import main
from pix2pix.core.errors import InputError
from pix2pix.model.model_file import HEADER_KEY, load_generator
from pix2pix.model.original_checkpoints import read_original
from pix2pix.pictures.images import RgbImage, to_square, write_png
from pix2pix.release.export import export
from pix2pix.release.exportable import exportable, trace
from pix2pix.translation.translator import Translator

KINDS: list[dict[str, Any]] = [
    {},
    {"norm": "batch", "precision": "bf16"},
    {"norm": "batch", "test_mode": "train", "dropout": 0.0},
    {"levels": 3, "pixel_range": "unit", "upsample": "resize", "skip_connections": False, "norm": "batch"},
    {"generator": "resnet18_unet"},
    {"generator": "resnet_6blocks", "norm": "instance_plain"},
    {"output": "chroma"},
    {"output": "chroma", "pixel_range": "unit", "generator": "resnet18_unet", "norm": "batch"},
    {"generator": "efficientnet_unet", "output": "chroma"},
    {"generator": "efficientnet_unet", "palette": LABELS},
]


def run_export(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr("sys.argv", ["pix2pix", "export", *map(str, arguments)])
    main()


def outputs_of(path: Path, pictures: np.ndarray) -> np.ndarray:
    """What a file gives for pictures, (N, 3, H, W) in [0, 1], by the package that it is for alone."""
    if path.suffix == ".pt2":
        program = torch.export.load(str(path)).module()
        return program(torch.from_numpy(pictures)).detach().numpy()
    import onnxruntime

    (output,) = onnxruntime.InferenceSession(path).run(None, {"input": pictures})
    return output


@pytest.mark.slow
@pytest.mark.parametrize("changes", KINDS)
def test_files_give_what_translate_gives_at_any_number_and_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, face_photo: RgbImage, changes: dict[str, Any]
) -> None:
    model = write_model(tmp_path / "m.safetensors", **changes)
    run_export(monkeypatch, "--model", model)
    translator = Translator.load(model, "cpu", "fp32")
    for kind in (".onnx", ".pt2"):
        for count, height, width in ((1, 64, 64), (3, 64, 64), (1, 128, 192)):
            photo = to_square(face_photo, max(height, width), "crop")[:height, :width]
            images = [np.roll(photo, 9 * i, axis=0) for i in range(count)]
            pictures = np.stack(images).transpose(0, 3, 1, 2).astype(np.float32) / 255
            found = np.rint(outputs_of(tmp_path / f"m{kind}", pictures) * 255).transpose(0, 2, 3, 1)
            expected = np.stack(translator.translate(images, fit="full"))
            assert np.abs(found - expected).max() <= 1
            assert expected.std() > 1


def test_onnx_says_what_it_takes_and_how_it_was_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import onnx

    model = write_model(tmp_path / "m.safetensors", ngf=2)
    run_export(monkeypatch, "--model", model, "-o", tmp_path / "new" / "a.onnx")
    made = onnx.load(tmp_path / "new" / "a.onnx")
    onnx.checker.check_model(made)
    names = [
        [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*made.graph.input, *made.graph.output)
    ]
    assert names == [["pictures", 3, "height", "width"]] * 2
    (header,) = [prop.value for prop in made.metadata_props if prop.key == HEADER_KEY]
    assert json.loads(header) == load_generator(model)[1]
    printed = capsys.readouterr().out
    assert "a.onnx, at most 0.00" in printed and "H and W are multiples of 64" in printed
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.onnx"]


def test_pictures_of_a_folder_are_compared_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photo: RgbImage, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_model(tmp_path / "m.safetensors", ngf=2, pair_task="none")
    for i in range(2):
        write_png(tmp_path / "in" / f"{i}.png", photo)
    run_export(monkeypatch, "--model", model, "-o", tmp_path / "a.pt2", "--pictures", tmp_path / "in")
    assert "on 5 pictures" in capsys.readouterr().out  # one alone, both, both at another size


def test_file_that_differs_is_not_left(tmp_path: Path) -> None:
    generator, settings = load_generator(write_model(tmp_path / "m.safetensors", ngf=2))
    program = trace(exportable(generator, "eval"), 64)
    with pytest.raises(InputError, match=r"differs from PyTorch by 25\.50 of 255"):
        export(
            lambda x: program.module()(x) + 0.1,
            program,
            settings,
            tmp_path / "a.pt2",
            [torch.rand(1, 3, 64, 64)],
        )
    assert not (tmp_path / "a.pt2").exists()


def test_dropout_of_train_mode_is_said_to_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_model(tmp_path / "m.safetensors", ngf=2, test_mode="train")
    run_export(monkeypatch, "--model", model, "-o", tmp_path / "a.pt2")
    assert "dropout, which translate seeds by the picture, is left out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"), [(["-o", "a.h5"], r"a\.h5: found \.h5; expected"), ([], "no model at")]
)
def test_errors_are_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=message):
        run_export(monkeypatch, *arguments)


def test_model_of_the_original_code_is_handed_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_model(tmp_path / "m.safetensors", generator="resnet_6blocks", norm="instance_plain")
    run_export(monkeypatch, "--model", model, "--format", "original")
    assert "m.pth, as latest_net_G.pth of the original code" in capsys.readouterr().out
    generator, _ = read_original(tmp_path / "m.pth")
    expected = load_generator(model)[0].state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in generator.state_dict().items())


def test_network_that_the_original_code_has_not_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_model(tmp_path / "m.safetensors", generator="efficientnet_unet")
    with pytest.raises(SystemExit, match="the original code has no such network: this one has generator"):
        run_export(monkeypatch, "--model", model, "--format", "original")


def test_each_direction_is_exported_to_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_unpaired_model(tmp_path / "m.safetensors", ngf=2)
    run_export(monkeypatch, "--model", model, "--format", "pt2")
    run_export(monkeypatch, "--model", model, "--format", "pt2", "--direction", "BtoA")
    picture = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
    for name, direction in (("m.pt2", "AtoB"), ("m_BtoA.pt2", "BtoA")):
        extra = {HEADER_KEY: ""}
        torch.export.load(str(tmp_path / name), extra_files=extra)
        assert json.loads(extra[HEADER_KEY])["direction"] == direction
        image = np.rint(picture[0].transpose(1, 2, 0) * 255).astype(np.uint8)
        exact = (image.transpose(2, 0, 1)[None] / 255).astype(np.float32)
        found = np.rint(outputs_of(tmp_path / name, exact) * 255)[0].transpose(1, 2, 0)
        expected = Translator.load(model, "cpu", direction=direction).translate(image, fit="full")
        assert np.abs(found - expected).max() <= 1 and expected.std() > 1


def test_original_of_a_direction_has_its_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"generator": "resnet_6blocks", "norm": "instance_plain", "dropout": 0.0}
    model = write_unpaired_model(tmp_path / "m.safetensors", ngf=2, **settings)
    run_export(monkeypatch, "--model", model, "--format", "original", "--direction", "BtoA")
    generator, _ = read_original(tmp_path / "m_BtoA.pth")
    assert same(generator.state_dict(), load_generator(model, "BtoA")[0].state_dict())


def test_direction_that_a_model_has_not_ends_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_unpaired_model(tmp_path / "m.safetensors", "cut")
    with pytest.raises(SystemExit, match=r"error: .* translates AtoB alone; objective: cyclegan") as raised:
        run_export(monkeypatch, "--model", model, "--direction", "BtoA")
    assert "\n" not in str(raised.value) and list(tmp_path.iterdir()) == [model]
