import io
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import PROJECT
from loopback import Server
from loopback import server as server  # a fixture
from realism_cases import alexnet_file as alexnet_file  # this and the following are fixtures
from realism_cases import alexnet_weights as alexnet_weights
from realism_cases import inception as inception
from realism_cases import inception_file as inception_file
from realism_cases import lpips, pictures
from realism_cases import offline as offline
from torch import Tensor, nn
from torch_fidelity import feature_extractor_inceptionv3
from torchvision.models import AlexNet_Weights

from pix2pix.core.errors import InputError
from pix2pix.core.hashes import file_hash
from pix2pix.networks.weight_files import UnavailableError
from pix2pix.realism.networks import load_inception, load_lpips


@pytest.mark.parametrize("side", [64, 299, 400])
def test_features_are_those_of_torch_fidelitys_network(
    inception: nn.Module, inception_file: Path, side: int
) -> None:
    """Its own way of scaling to 299 px included, which differs from torchmetrics' default."""
    network = load_inception(str(inception_file), file_hash(inception_file))
    images = pictures(2, side, 0)
    with torch.inference_mode():
        features, (expected,) = network(images), inception(images)
    assert features.shape == (2, 2048) and expected.std() > 1e-3
    assert torch.allclose(features, expected, rtol=1e-5, atol=1e-6)
    assert not network.training


def test_batches_of_any_size_give_the_same_features(inception_file: Path) -> None:
    network = load_inception(str(inception_file), file_hash(inception_file))
    images = pictures(3, 64, 0)
    with torch.inference_mode():
        together, alone = network(images), torch.cat([network(image[None]) for image in images])
    assert torch.allclose(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("side", [64, 96])
def test_lpips_is_the_papers_distance(
    alexnet_weights: dict[str, Tensor], alexnet_file: Path, side: int
) -> None:
    network = load_lpips(str(alexnet_file), file_hash(alexnet_file))
    a, b = (pictures(3, side, seed) / 127.5 - 1 for seed in (0, 1))
    b[2] = a[2]
    with torch.inference_mode():
        scores = network(a, b).flatten()
    assert scores[2] == 0 and scores[:2].min() > 1e-3
    assert torch.allclose(scores, lpips(alexnet_weights, a, b), rtol=1e-4, atol=1e-7)


LOADERS = [(load_inception, "feature_weights", "no InceptionV3"), (load_lpips, "lpips_weights", "no AlexNet")]
WRONG: dict[str, Any] = {
    "another network": {"weight": torch.zeros(3)},
    "other shapes": {"features.0.weight": torch.zeros(3), "Conv2d_1a_3x3.conv.weight": torch.zeros(3)},
    "a tensor": torch.zeros(3),
    "a list": [torch.zeros(3)],
    "numbers": {"features.0.weight": 3},
    "keys that are numbers": {1: torch.zeros(3)},
    "nothing": {},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize(("load", "setting", "message"), LOADERS)
def test_file_of_other_weights_is_refused(
    tmp_path: Path, wrong: Any, load: Any, setting: str, message: str
) -> None:
    path = tmp_path / "wrong.pth"
    torch.save(wrong, path)
    with pytest.raises(InputError, match=f"{setting}: {path} is {message}"):
        load(str(path), file_hash(path))


@pytest.mark.parametrize(("load", "setting", "message"), LOADERS)
def test_alexnet_with_a_layer_of_another_shape_is_refused(
    tmp_path: Path, alexnet_weights: dict[str, Tensor], load: Any, setting: str, message: str
) -> None:
    path = tmp_path / "wrong.pth"
    torch.save(alexnet_weights | {"features.10.bias": torch.zeros(3)}, path)
    with pytest.raises(InputError, match=f"{setting}: {path} is {message}"):
        load(str(path), file_hash(path))


@pytest.mark.parametrize(("load", "setting", "_"), LOADERS)
def test_missing_file_and_one_of_another_hash_are_refused(
    alexnet_file: Path, load: Any, setting: str, _: str
) -> None:
    with pytest.raises(InputError, match=f"{setting}: there is no file /none.pth"):
        load("/none.pth", "0" * 64)
    with pytest.raises(
        InputError, match=f"{setting}: the sha256 of {alexnet_file} is [0-9a-f]*, expected 00"
    ):
        load(str(alexnet_file), "0" * 64)


class Stranger:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("kind", ["cut", "text", "code"])
@pytest.mark.parametrize(("load", "setting", "_"), LOADERS)
def test_damaged_file_is_refused_and_no_code_of_it_run(
    tmp_path: Path, alexnet_file: Path, load: Any, setting: str, _: str, kind: str
) -> None:
    path = tmp_path / "wrong.pth"
    code = io.BytesIO()
    torch.save({"features.0.weight": Stranger(tmp_path / "was here")}, code)
    path.write_bytes(
        {"cut": alexnet_file.read_bytes()[:-1000], "text": b"<html>", "code": code.getvalue()}[kind]
    )
    with pytest.raises(InputError, match=f"{setting}: {path} holds no weights"):
        load(str(path), file_hash(path))
    assert not (tmp_path / "was here").exists()


@pytest.mark.parametrize(("load", "setting", "_"), LOADERS)
def test_failed_download_says_from_where_and_what_to_do(
    offline: Server, load: Any, setting: str, _: str
) -> None:
    with pytest.raises(UnavailableError) as error:
        load("", "")
    assert f"{setting}: http://127.0.0.1:{offline.server_port}/" in str(error.value)
    assert "could not be downloaded: HTTP Error 404" in str(error.value)
    assert f"set {setting}: to its path and {setting}_sha256: to its hash" in str(error.value)


def test_downloaded_weights_are_used(
    offline: Server, alexnet_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"alexnet-{file_hash(alexnet_file)[:8]}.pth"
    offline.status, offline.by_name = 200, {name: alexnet_file.read_bytes()}
    url = f"http://127.0.0.1:{offline.server_port}/{name}"
    monkeypatch.setattr(AlexNet_Weights.IMAGENET1K_V1.value, "url", url)
    a, b = (pictures(1, 64, seed) / 127.5 - 1 for seed in (0, 1))
    downloaded, read = load_lpips("", ""), load_lpips(str(alexnet_file), file_hash(alexnet_file))
    assert torch.equal(downloaded(a, b), read(a, b))
    assert load_lpips("", "") and len(offline.paths) == 1


def test_published_addresses_carry_the_published_hashes() -> None:
    """The names that the documentation gives, whose end torch compares with the file's hash."""
    assert feature_extractor_inceptionv3.URL_INCEPTION_V3.endswith(
        "/weights-inception-2015-12-05-6726825d.pth"
    )
    assert AlexNet_Weights.IMAGENET1K_V1.url.endswith("/alexnet-owt-7be5be79.pth")


@pytest.mark.slow
def test_without_torch_fidelity_the_way_to_install_it_is_told(tmp_path: Path) -> None:
    """In a Python whose packages are all the installed ones but that."""
    for package in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not package.name.startswith(("torch_fidelity", "__")):
            (tmp_path / package.name).symlink_to(package)
    code = """
from pathlib import Path
import torch
from pix2pix.realism.options import RealismOptions
from pix2pix.realism.comparison import measure_realism
options = RealismOptions(realism_metrics="fid", seed=0)
print(measure_realism([(Path("a"), Path("b"))] * 2, options, torch.device("cpu")))
"""
    env = os.environ | {"PYTHONPATH": f"{PROJECT}{os.pathsep}{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        [sys.executable, "-S", "-c", code], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    line = "fid, kid: left out: torch-fidelity is not installed: pip install -e '.[realism]'"
    assert run.stdout == f"({{}}, [{line!r}])\n", run.stderr
