import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from loopback import Server
from loopback import server as server  # a fixture
from torch import Tensor
from torchvision.models import ResNet18_Weights, resnet18
from training_cases import same
from unpaired_cases import write_unpaired_model

from pix2pix.core.errors import InputError
from pix2pix.core.hashes import file_hash
from pix2pix.model.initial_weights import load_pretrained_encoder, load_start
from pix2pix.model.model_file import load_generator, save_generator
from pix2pix.networks.generators import build_generator
from pix2pix.networks.options import GeneratorOptions


@pytest.fixture(scope="module")
def imagenet() -> dict[str, Tensor]:
    """Weights in the format of torchvision's ImageNet ones, at random."""
    torch.manual_seed(3)
    network = resnet18()
    network.train()(torch.randn(2, 3, 64, 64))  # moves the running statistics
    return network.state_dict()


@pytest.fixture(scope="module")
def content(imagenet: dict[str, Tensor]) -> bytes:
    buffer = io.BytesIO()
    torch.save(imagenet, buffer)
    return buffer.getvalue()


@pytest.fixture
def file(content: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "resnet18.pth"
    path.write_bytes(content)
    return path


def resnet_unet() -> Any:
    return build_generator(GeneratorOptions(image_size=64, generator="resnet18_unet", norm="instance"))


def unet(**options: Any) -> Any:
    return build_generator(GeneratorOptions(image_size=64, **({"ngf": 2} | options)))


def settings(generator: Any) -> dict[str, Any]:
    return vars(generator.options)


def has_weights(generator: Any, weights: dict[str, Tensor]) -> bool:
    state = generator.encoder.state_dict()
    names = {name for name in weights if not name.startswith("fc.")}
    return state.keys() == names and all(torch.equal(state[name], weights[name]) for name in names)


def test_encoder_takes_a_file_of_torchvisions_format(file: Path, imagenet: dict[str, Tensor]) -> None:
    generator = resnet_unet()
    assert not has_weights(generator, imagenet)
    load_pretrained_encoder(generator, str(file), file_hash(file))
    assert has_weights(generator, imagenet)
    assert generator(torch.zeros(1, 3, 64, 64)).shape == (1, 3, 64, 64)


def test_file_of_another_hash_is_refused(file: Path) -> None:
    with pytest.raises(InputError) as error:
        load_pretrained_encoder(resnet_unet(), str(file), "0" * 64)
    assert f"pretrained: the sha256 of {file} is {file_hash(file)}, expected {'0' * 64}" in str(error.value)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"pretrained: there is no file .*none\.pth"):
        load_pretrained_encoder(resnet_unet(), str(tmp_path / "none.pth"), "0" * 64)


WRONG: dict[str, Any] = {
    "another network": {"weight": torch.zeros(3)},
    "a resnet18 of other classes' shape": {"conv1.weight": torch.zeros(64, 1, 7, 7)},
    "a tensor": torch.zeros(3),
    "a list": [torch.zeros(3)],
    "numbers": {"conv1.weight": 3},
    "keys that are numbers": {1: torch.zeros(3)},
    "nothing": {},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_file_of_other_weights_is_refused(tmp_path: Path, wrong: Any) -> None:
    path = tmp_path / "wrong.pth"
    torch.save(wrong, path)
    with pytest.raises(InputError, match=f"pretrained: {path} is no ResNet-18"):
        load_pretrained_encoder(resnet_unet(), str(path), file_hash(path))


class Stranger:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("kind", ["text", "empty", "cut", "code"])
def test_file_without_weights_is_refused_and_no_code_of_it_run(
    tmp_path: Path, content: bytes, kind: str
) -> None:
    path = tmp_path / "wrong.pth"
    code = pickle.dumps({"conv1.weight": Stranger(tmp_path / "was here")})
    path.write_bytes({"text": b"<html>", "empty": b"", "cut": content[:-1000], "code": code}[kind])
    with pytest.raises(InputError, match=f"pretrained: {path} holds no weights"):
        load_pretrained_encoder(resnet_unet(), str(path), file_hash(path))
    assert not (tmp_path / "was here").exists()


@pytest.fixture
def download(server: Server, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Torchvision's address of the weights is that of a server on loopback, and its cache is empty."""
    name = f"resnet18-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    server.by_name = {name: content}
    address = f"http://127.0.0.1:{server.server_port}/models/{name}"
    monkeypatch.setattr(ResNet18_Weights.IMAGENET1K_V1.value, "url", address)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return server


def test_weights_are_downloaded_once(download: Server, imagenet: dict[str, Tensor]) -> None:
    for _ in range(2):
        generator = resnet_unet()
        load_pretrained_encoder(generator, True, "")
        assert has_weights(generator, imagenet)
    assert len(download.paths) == 1


@pytest.mark.parametrize("status", [404, 403, 500])
def test_failed_download_says_what_to_do(download: Server, status: int) -> None:
    download.status = status
    with pytest.raises(InputError) as error:
        load_pretrained_encoder(resnet_unet(), True, "")
    message = str(error.value)
    assert f"pretrained: {ResNet18_Weights.IMAGENET1K_V1.url} could not be downloaded" in message
    assert (
        str(status) in message and "set pretrained: to its path and pretrained_sha256: to its hash" in message
    )


def test_absent_server_is_told_too(download: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        ResNet18_Weights.IMAGENET1K_V1.value, "url", "http://127.0.0.1:9/resnet18-00000000.pth"
    )
    with pytest.raises(InputError, match="could not be downloaded"):
        load_pretrained_encoder(resnet_unet(), True, "")


@pytest.mark.parametrize("wrong", [b"<html>sign in</html>", b""])
def test_download_of_other_bytes_is_refused(download: Server, wrong: bytes) -> None:
    (name,) = download.by_name
    download.by_name = {name: wrong}
    with pytest.raises(InputError, match="could not be downloaded: invalid hash value"):
        load_pretrained_encoder(resnet_unet(), True, "")
    download.by_name = {}


def test_broken_off_download_is_refused_and_leaves_nothing(download: Server, tmp_path: Path) -> None:
    download.break_off_first = 1
    with pytest.raises(InputError, match="could not be downloaded"):
        load_pretrained_encoder(resnet_unet(), True, "")
    assert not [path for path in (tmp_path / "torch").rglob("*") if path.is_file()]


@pytest.mark.parametrize("options", [{}, {"generator": "resnet18_unet"}, {"norm": "instance", "levels": 3}])
def test_training_starts_from_a_saved_model(tmp_path: Path, options: dict[str, Any]) -> None:
    saved, generator = unet(**options), unet(**options)
    path = tmp_path / "saved.safetensors"
    save_generator(path, saved.state_dict(), settings(saved))
    load_start(generator, str(path), file_hash(path))
    state = generator.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in saved.state_dict().items())
    assert generator.training


def test_training_starts_from_the_generator_of_the_training_of_a_model_of_both_directions(
    tmp_path: Path,
) -> None:
    path = write_unpaired_model(tmp_path / "both")
    forth, _ = load_generator(path)
    generator = build_generator(forth.options)
    load_start(generator, str(path), file_hash(path))
    assert same(generator.state_dict(), forth.state_dict())
    assert not same(generator.state_dict(), load_generator(path, "BtoA")[0].state_dict())


def test_options_without_weights_may_be_others(tmp_path: Path) -> None:
    """As for a pretraining without dropout, whose weights then go on in another training."""
    saved, generator = unet(dropout=0.0), unet(dropout=0.5, activation="mish")
    path = tmp_path / "saved.safetensors"
    save_generator(path, saved.state_dict(), settings(saved))
    load_start(generator, str(path), file_hash(path))


@pytest.mark.parametrize(
    "options", [{"ngf": 4}, {"levels": 4}, {"norm": "none"}, {"generator": "resnet18_unet"}]
)
def test_model_of_other_layers_is_refused_with_its_settings(tmp_path: Path, options: dict[str, Any]) -> None:
    saved = unet(**options)
    path = tmp_path / "saved.safetensors"
    save_generator(path, saved.state_dict(), settings(saved))
    with pytest.raises(InputError) as error:
        load_start(unet(), str(path), file_hash(path))
    assert f"init_from: {path} is a model of other layers; take its settings:" in str(error.value)
    assert all(f"{name}={value!r}" in str(error.value) for name, value in options.items())


def test_start_of_another_hash_and_no_model_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("not a model")
    with pytest.raises(InputError, match="init_from: the sha256 of"):
        load_start(unet(), str(path), "0" * 64)
    with pytest.raises(InputError, match="is not a model written by the train stage"):
        load_start(unet(), str(path), file_hash(path))
