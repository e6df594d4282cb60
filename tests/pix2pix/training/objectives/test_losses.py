import pytest
import torch
from torch.nn import functional as F

from pix2pix.training.objectives.losses import (
    accuracy,
    discriminator_loss,
    feature_matching_loss,
    generator_loss,
    perceptual_loss,
)

LOGITS = torch.tensor([[0.0, 2.0], [-1.0, 0.5]])
P = torch.sigmoid(LOGITS)
REAL = {
    "bce": -P.log().mean(),
    "lsgan": (LOGITS - 1).square().mean(),
    "hinge": torch.tensor([1.0, 0.0, 2.0, 0.5]).mean(),
}
FAKE = {
    "bce": -(1 - P).log().mean(),
    "lsgan": LOGITS.square().mean(),
    "hinge": torch.tensor([1.0, 3.0, 0.0, 1.5]).mean(),
}
GENERATOR = {"bce": -P.log().mean(), "lsgan": (LOGITS - 1).square().mean(), "hinge": -LOGITS.mean()}
KINDS = ["bce", "lsgan", "hinge"]


@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_their_formulas(kind: str) -> None:
    torch.testing.assert_close(discriminator_loss(kind, LOGITS, is_real=True), REAL[kind])
    torch.testing.assert_close(discriminator_loss(kind, LOGITS, is_real=False), FAKE[kind])
    torch.testing.assert_close(generator_loss(kind, LOGITS), GENERATOR[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_losses_average_over_patches_and_pictures(kind: str) -> None:
    logits = torch.randn(3, 1, 5, 5)
    for is_real in (True, False):
        one_by_one = [discriminator_loss(kind, logit, is_real=is_real) for logit in logits.flatten()]
        mean = discriminator_loss(kind, logits, is_real=is_real)
        assert mean.item() == pytest.approx(torch.stack(one_by_one).mean().item(), rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_real", [True, False])
def test_gradients_push_logits_to_their_side(kind: str, is_real: bool) -> None:
    logits = torch.full((4,), 0.5, requires_grad=True)
    (gradient,) = torch.autograd.grad(discriminator_loss(kind, logits, is_real=is_real), logits)
    assert ((gradient < 0) if is_real else (gradient > 0)).all()
    (gradient,) = torch.autograd.grad(generator_loss(kind, logits), logits)
    assert (gradient < 0).all()


def test_bce_of_large_logits_stays_a_number() -> None:
    logits = torch.tensor([-1e4, 1e4])
    assert discriminator_loss("bce", logits, is_real=True).item() == pytest.approx(5e3)
    assert F.binary_cross_entropy_with_logits(logits, torch.zeros(2)).isfinite()


@pytest.mark.parametrize(("kind", "threshold"), [("bce", 0.0), ("hinge", 0.0), ("lsgan", 0.5)])
def test_accuracy_is_the_share_told_rightly(kind: str, threshold: float) -> None:
    logits = threshold + torch.tensor([[-0.2, 0.1], [0.3, 4.0]])
    assert accuracy(kind, logits, is_real=True).item() == 0.75
    assert accuracy(kind, logits, is_real=False).item() == 0.25


def test_feature_matching_weighs_every_layer_the_same() -> None:
    fake = [torch.zeros(1, 2, 8, 8), torch.zeros(1, 4, 2, 2)]
    real = [torch.full((1, 2, 8, 8), 0.5), torch.full((1, 4, 2, 2), -1.5)]
    assert feature_matching_loss(fake, real).item() == pytest.approx(1.0)


def test_perceptual_loss_is_relative_to_each_layer_of_the_target() -> None:
    fake = [torch.zeros(1, 2, 8, 8), torch.full((1, 4, 2, 2), 30.0)]
    real = [torch.full((1, 2, 8, 8), 0.5), torch.full((1, 4, 2, 2), 20.0)]
    assert perceptual_loss(fake, real).item() == pytest.approx((1.0 + 0.5) / 2, rel=2e-3)
