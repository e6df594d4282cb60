"""Weights of the networks that realism is measured with, at random, and LPIPS from its formula."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
import torchmetrics
from loopback import Server
from torch import Tensor, nn
from torch_fidelity import feature_extractor_inceptionv3
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torchvision.models import AlexNet_Weights, alexnet


def pictures(n: int, side: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    small = torch.randint(0, 256, (n, 3, side // 8, side // 8), dtype=torch.uint8, generator=generator)
    return small.repeat_interleave(8, dim=2).repeat_interleave(8, dim=3)


class RandomInception(FeatureExtractorInceptionV3):
    """InceptionV3 as torch-fidelity has it, with the weights that it starts from instead of a file's."""

    def __init__(self) -> None:
        nothing = io.BytesIO()
        torch.save({}, nothing)
        nothing.seek(0)
        super().__init__("random", ["2048"], nothing)

    def load_state_dict(self, *_: Any, **__: Any) -> Any:
        return None


@pytest.fixture(scope="session")
def inception() -> nn.Module:
    torch.manual_seed(1)
    network = RandomInception().train()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0  # so that one batch scales all layers; the features would vanish
    with torch.inference_mode():
        network(pictures(4, 64, 9))
    return network.eval()


@pytest.fixture(scope="session")
def inception_file(inception: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(inception.state_dict(), path)
    return path


@pytest.fixture(scope="session")
def alexnet_weights() -> dict[str, Tensor]:
    """Weights in torchvision's format, at random, with a small classifier in place of one of 200 MB."""
    torch.manual_seed(2)
    features = {f"features.{name}": value for name, value in alexnet().features.state_dict().items()}
    return features | {"classifier.6.bias": torch.zeros(1000)}


@pytest.fixture(scope="session")
def alexnet_file(alexnet_weights: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "alexnet.pth"
    torch.save(alexnet_weights, path)
    return path


@pytest.fixture
def offline(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The weights' addresses are those of a server on loopback that has none; torch's cache is empty."""
    server.status = 404
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(
        feature_extractor_inceptionv3, "URL_INCEPTION_V3", f"{address}/inception-0123abcd.pth"
    )
    monkeypatch.setattr(AlexNet_Weights.IMAGENET1K_V1.value, "url", f"{address}/alexnet-0123abcd.pth")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return server


def lpips(weights: dict[str, Tensor], a: Tensor, b: Tensor) -> Tensor:
    """LPIPS from the formula of arXiv:1801.03924, of pictures in [-1, 1]."""
    shift = torch.tensor([-0.030, -0.088, -0.188]).reshape(3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450]).reshape(3, 1, 1)
    folder = Path(torchmetrics.__file__).parent / "functional" / "image" / "lpips_models"
    linear = torch.load(folder / "alex.pth", map_location="cpu", weights_only=True)
    x, y = (a - shift) / scale, (b - shift) / scale
    score = torch.zeros(len(a))
    layers = [("0", 4, 2), ("3", 1, 2), ("6", 1, 1), ("8", 1, 1), ("10", 1, 1)]
    for number, (name, stride, padding) in enumerate(layers):
        if number in (1, 2):
            x, y = (F.max_pool2d(value, 3, 2) for value in (x, y))
        kernel, bias = weights[f"features.{name}.weight"], weights[f"features.{name}.bias"]
        x, y = (F.conv2d(value, kernel, bias, stride, padding).relu() for value in (x, y))
        u, v = (value / (value.square().sum(dim=1, keepdim=True) + 1e-8).sqrt() for value in (x, y))
        weighted = (u - v).square() * linear[f"lin{number}.model.1.weight"].reshape(1, -1, 1, 1)
        score += weighted.sum(dim=1).mean(dim=(1, 2))
    return score
