import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import nn

from pix2pix.core.errors import InputError
from pix2pix.networks import efficientnet
from pix2pix.networks.efficientnet import LITE1_WIDTHS, Lite1Encoder, load_network


def test_encoder_is_the_published_network_on_its_scale_of_pixels() -> None:
    network = load_network("lite1", "lambda_perceptual").eval()
    pixels = torch.randint(0, 256, (2, 3, 64, 64)).float()
    with torch.no_grad():
        found = Lite1Encoder(network)(pixels / 127.5 - 1)
        x = network._swish(network._bn0(network._conv_stem((pixels - 127) / 128)))
        for block in network._blocks:
            x = block(x)
    torch.testing.assert_close(found[-1], x, rtol=1e-4, atol=1e-4)


def test_features_are_there_at_five_sizes() -> None:
    levels = Lite1Encoder()(torch.zeros(1, 3, 64, 96))
    assert [tuple(level.shape) for level in levels] == [
        (1, width, 64 >> i, 96 >> i) for i, width in enumerate(LITE1_WIDTHS, start=1)
    ]


def test_network_knows_a_photo_from_noise() -> None:
    """With weights in the wrong places it would not."""
    skdata = pytest.importorskip("skimage.data")
    photo = torch.from_numpy(skdata.chelsea().copy()).permute(2, 0, 1)[None].float()
    network = load_network("lite1", "pretrained").eval()
    with torch.no_grad():
        likely = network((nn.functional.interpolate(photo, size=240) - 127) / 128).softmax(1)[0]
    cats = range(281, 286)  # of ImageNet's classes
    assert likely[cats].sum() > 0.8


def test_network_treats_pictures_alone_in_training_too() -> None:
    encoder = Lite1Encoder(EfficientNet.from_name("efficientnet-lite1")).train().double()
    pictures = torch.rand(3, 3, 64, 64, dtype=torch.float64)
    together, alone = encoder(pictures), encoder(pictures[:1])
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one[:1], other)


def test_other_weights_than_those_of_the_wheel_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(efficientnet.SHA256, "lite1", "0" * 64)
    with pytest.raises(InputError, match=r"pretrained: the sha256 of .*lite1.* expected 000"):
        load_network("lite1", "pretrained")
