import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import PROJECT
from original_networks import original
from torch import nn

from pix2pix.__main__ import main
from pix2pix.core.errors import InputError
from pix2pix.model.model_file import load_generator
from pix2pix.model.original_checkpoints import read_original, write_original
from pix2pix.networks.generators import build_generator
from pix2pix.networks.options import GeneratorOptions

CHECKPOINTS = Path(os.environ.get("DATASETS_DIR", PROJECT / "../shared/datasets")) / "checkpoints"
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("unet_128", {"norm": "batch", "dropout": True}),
    ("unet_128", {"norm": "instance", "dropout": False}),
    ("unet_256", {"norm": "batch", "dropout": False, "inputs": 1}),
    ("unet_256", {"norm": "instance", "dropout": True, "outputs": 1}),
    ("unet_64", {"norm": "none", "dropout": False}),
    ("resnet_6blocks", {"norm": "instance", "dropout": False}),
    ("resnet_9blocks", {"norm": "instance", "dropout": True, "inputs": 1, "outputs": 1}),
    ("resnet_9blocks", {"norm": "batch", "dropout": False}),
    ("resnet_6blocks", {"norm": "batch", "dropout": True, "outputs": 1}),
    ("resnet_6blocks", {"norm": "none", "dropout": False}),
]


def saved(path: Path, network: nn.Module) -> Path:
    torch.save(network.state_dict(), path)
    return path


def difference(ours: nn.Module, original: Any, inputs: int, size: int) -> float:
    """The largest one of the outputs for the same picture, grey where the original takes one channel."""
    picture = torch.rand(1, inputs, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.inference_mode():
        return float((ours(picture.expand(1, 3, -1, -1)) - original(picture)).abs().max())


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_gives_what_the_original_network_gives(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    network = original(kind, **options)
    generator, settings = read_original(saved(tmp_path / "g.pth", network))
    size = settings["image_size"]
    assert difference(generator, network, options.get("inputs", 3), size) <= 1e-5
    assert settings["generator"] == ("unet" if kind.startswith("unet") else kind)
    assert settings["norm"] == {"instance": "instance_plain"}.get(options["norm"], options["norm"])
    assert settings["ngf"] == 4 and size == (int(kind[5:]) if kind.startswith("unet") else 256)
    if kind.startswith("resnet"):
        assert bool(settings["dropout"]) == options["dropout"]


@pytest.mark.skipif(
    not CHECKPOINTS.is_dir(), reason=f"{CHECKPOINTS} holds no checkpoints of the original code"
)
@pytest.mark.parametrize("name", sorted(path.name for path in CHECKPOINTS.glob("*")) or ["none"])
def test_gives_what_the_original_code_gave(name: str) -> None:
    generator, _ = read_original(CHECKPOINTS / name / "latest_net_G.pth")
    known = np.load(CHECKPOINTS / name / "eval.npz")
    picture, expected = torch.from_numpy(known["input"]), torch.from_numpy(known["output"])
    with torch.inference_mode():
        found = generator(picture.expand(-1, 3, -1, -1))
    torch.testing.assert_close(found, expected.expand_as(found), rtol=0, atol=1e-5)


def test_file_of_several_devices_is_read(tmp_path: Path) -> None:
    network = original("resnet_6blocks", norm="instance", dropout=False)
    torch.save(
        {f"module.{name}": tensor for name, tensor in network.state_dict().items()}, tmp_path / "g.pth"
    )
    assert difference(read_original(tmp_path / "g.pth")[0], network, 3, 64) <= 1e-5


def test_statistics_that_instance_norm_once_kept_are_left_out(tmp_path: Path) -> None:
    network = original("unet_128", norm="instance", dropout=False)
    old = network.state_dict() | {
        f"model.model.1.model.2.running_{name}": torch.ones(8) for name in ("mean", "var")
    }
    torch.save(old, tmp_path / "g.pth")
    assert difference(read_original(tmp_path / "g.pth")[0], network, 3, 128) <= 1e-5


def test_batches_that_old_pytorch_did_not_count_are_none(tmp_path: Path) -> None:
    network = original("unet_128", norm="batch", dropout=False)
    old = {name: tensor for name, tensor in network.state_dict().items() if "num_batches" not in name}
    torch.save(old, tmp_path / "g.pth")
    assert difference(read_original(tmp_path / "g.pth")[0], network, 3, 128) <= 1e-5


def test_old_format_of_pytorch_is_read(tmp_path: Path) -> None:
    network = original("resnet_6blocks", norm="batch", dropout=False)
    torch.save(network.state_dict(), tmp_path / "g.pth", _use_new_zipfile_serialization=False)
    assert difference(read_original(tmp_path / "g.pth")[0], network, 3, 64) <= 1e-5


class _Code:
    """What a pickle runs when it is read without care."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("ran"),)


def test_no_code_of_a_file_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("g.pth").write_bytes(pickle.dumps({"model.1.weight": _Code()}))
    with pytest.raises(InputError, match=r"g\.pth is no generator of the original code"):
        read_original(Path("g.pth"))
    assert not Path("ran").exists()


def discriminator() -> dict[str, torch.Tensor]:
    return nn.Sequential(nn.Conv2d(6, 4, 4), nn.LeakyReLU(), nn.Conv2d(4, 1, 4)).state_dict()


def changed(**changes: Any) -> dict[str, Any]:
    weights: dict[str, Any] = dict(original("unet_128", norm="batch", dropout=False).state_dict())
    return {name: tensor for name, tensor in (weights | changes).items() if tensor is not None}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (discriminator(), "its first layer is that of another network"),
        ({"epoch": 3, "weights": discriminator()}, "it holds more than tensors by their names"),
        (torch.zeros(3), "it holds more than tensors by their names"),
        (changed(**{"model.model.3.bias": torch.zeros(4)}), r"model.model.3.bias is 4, expected 3"),
        (
            changed(**{"model.model.1.model.2.running_mean": None}),
            r"it has no model.model.1.model.2.running_mean",
        ),
        (changed(extra=torch.zeros(2)), "it has extra, which that network has not"),
        (changed(**{"model.model.0.weight": torch.zeros(4, 6, 4, 4)}), "model.model.0.weight is 4x6x4x4"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path: Path, content: Any, reason: str) -> None:
    torch.save(content, tmp_path / "g.pth")
    with pytest.raises(InputError, match=reason) as error:
        read_original(tmp_path / "g.pth")
    assert "\n" not in str(error.value)


def test_blocks_of_another_number_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it has 7 residual blocks"):
        read_original(saved(tmp_path / "g.pth", original("resnet_7blocks", norm="batch", dropout=False)))


def test_missing_file_and_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        read_original(tmp_path / "none.pth")
    with pytest.raises(InputError, match="is no generator of the original code"):
        read_original(tmp_path)


@pytest.mark.parametrize(("kind", "options"), [case for case in KINDS if case[1]["norm"] != "none"])
def test_original_code_loads_what_is_written(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    options = options | {"inputs": 3, "outputs": 3}
    network, other = original(kind, **options), original(kind, **options)
    for tensor in other.state_dict().values():
        tensor.zero_()
    generator, _ = read_original(saved(tmp_path / "g.pth", network))
    write_original(generator, tmp_path / "again.pth")
    other.load_state_dict(torch.load(tmp_path / "again.pth", weights_only=True))
    assert all(torch.equal(tensor, other.state_dict()[name]) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"generator": "resnet18_unet"}, "generator: resnet18_unet; there it is unet or resnet_6blocks"),
        ({"norm": "instance"}, "norm: instance; there it is batch or instance_plain"),
        ({"upsample": "resize"}, "upsample: resize; there it is transpose"),
        ({"pixel_range": "unit"}, "pixel_range: unit; there it is symmetric"),
        ({"output": "chroma"}, "output: chroma; there it is colour"),
        ({"skip_connections": False}, "skip_connections: False; there it is True"),
        ({"levels": 3}, "halve the side down to 1, not 3 times"),
        ({"palette": [(0, 0, 0), (9, 9, 9)]}, "takes classes of label maps"),
    ],
)
def test_network_that_the_original_code_has_not_is_not_written(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    palette = changes.get("palette", ())
    options = {"image_size": 64, "ngf": 2} | {
        name: value for name, value in changes.items() if name != "palette"
    }
    with pytest.raises(InputError, match=reason):
        write_original(build_generator(GeneratorOptions(**options), palette), tmp_path / "g.pth")
    assert not (tmp_path / "g.pth").exists()


def test_command_writes_a_model_and_says_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    network = original("resnet_9blocks", norm="instance", dropout=False)
    path = saved(tmp_path / "latest_net_G.pth", network)
    monkeypatch.setattr("sys.argv", ["pix2pix", "import", str(path), "--test-mode", "train"])
    main()
    told = capsys.readouterr().out
    assert "holds generator: resnet_9blocks, image_size: 256, ngf: 4, norm: instance_plain" in told
    generator, settings = load_generator(tmp_path / "latest_net_G.safetensors")
    assert difference(generator, network, 3, 64) <= 1e-5 and settings["test_mode"] == "train"
