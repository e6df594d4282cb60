import copy

import pytest
import torch
from torch.nn import functional as F

from pix2pix.device import open_fabric
from pix2pix.networks import PatchDiscriminator, UnetGenerator, initialize
from pix2pix.objective import Pix2Pix, gan_loss


def networks() -> tuple[UnetGenerator, PatchDiscriminator]:
    torch.manual_seed(0)
    generator, discriminator = UnetGenerator(64, 4, "batch", dropout=0), PatchDiscriminator(4, "batch")
    initialize(generator)
    initialize(discriminator)
    return generator, discriminator


def test_gan_loss_is_binary_cross_entropy() -> None:
    logits = torch.tensor([[0.0, 2.0], [-1.0, 0.5]])
    probability = torch.sigmoid(logits)
    assert gan_loss(logits, is_real=True) == pytest.approx(-probability.log().mean().item(), rel=1e-6)
    assert gan_loss(logits, is_real=False) == pytest.approx(-(1 - probability).log().mean().item(), rel=1e-6)


def test_steps_equal_a_plain_loop() -> None:
    """The algorithm of the paper in plain PyTorch: D first, its loss halved, then G on the updated D."""
    generator, discriminator = networks()
    plain_g, plain_d = copy.deepcopy(generator), copy.deepcopy(discriminator)
    model = Pix2Pix(
        open_fabric("cpu"),
        generator,
        discriminator,
        lambda_l1=100,
        learning_rate=2e-4,
        beta1=0.5,
        beta2=0.999,
    )
    adam_g = torch.optim.Adam(plain_g.parameters(), lr=2e-4, betas=(0.5, 0.999))
    adam_d = torch.optim.Adam(plain_d.parameters(), lr=2e-4, betas=(0.5, 0.999))
    for _ in range(3):
        a, b = torch.rand(2, 2, 3, 64, 64) * 2 - 1
        fake = plain_g(a)
        real_logits, fake_logits = plain_d(a, b), plain_d(a, fake.detach())
        loss_d = 0.5 * (
            F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
            + F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
        )
        adam_d.zero_grad()
        loss_d.backward()
        adam_d.step()
        logits = plain_d(a, fake)
        loss_g = (
            F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
            + 100 * (fake - b).abs().mean()
        )
        adam_g.zero_grad()
        loss_g.backward()
        adam_g.step()

        terms = model.step(a, b)
        ours_d = 0.5 * (terms["discriminator_real"] + terms["discriminator_fake"])
        ours_g = terms["generator_gan"] + 100 * 2 * terms["l1"]
        assert ours_d.item() == pytest.approx(loss_d.item(), abs=1e-5)
        assert ours_g.item() == pytest.approx(loss_g.item(), rel=1e-5)
    for ours, plain in ((generator, plain_g), (discriminator, plain_d)):
        for mine, reference in zip(ours.parameters(), plain.parameters(), strict=True):
            assert torch.allclose(mine, reference, atol=1e-5)


def test_lambda_l1_weighs_the_l1_term() -> None:
    gradients = []
    for weight in (0.0, 1000.0):
        generator, discriminator = networks()
        model = Pix2Pix(
            open_fabric("cpu"),
            generator,
            discriminator,
            lambda_l1=weight,
            learning_rate=1e-9,
            beta1=0.5,
            beta2=0.999,
        )
        torch.manual_seed(1)
        model.step(*torch.rand(2, 1, 3, 64, 64))
        gradients.append(generator.output[1].weight.grad.abs().mean().item())
    assert gradients[1] > 10 * gradients[0] > 0
