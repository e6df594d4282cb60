"""One training step of pix2pix (Isola et al. 2017, arXiv:1611.07004, sections 3.1 and 3.3)."""

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F

from pix2pix.networks import PatchDiscriminator, UnetGenerator


class Pix2Pix:
    """Generator, discriminator and their optimisers, and the step that trains them in turn.

    Args:
        fabric: puts networks on the device and runs their backward passes.
        generator: G.
        discriminator: D.
        lambda_l1: weight of the L1 term beside the GAN term, which has weight 1.
        learning_rate: Adam's, of both networks.
        beta1: Adam's.
        beta2: Adam's.
    """

    def __init__(
        self,
        fabric: Fabric,
        generator: UnetGenerator,
        discriminator: PatchDiscriminator,
        *,
        lambda_l1: float,
        learning_rate: float,
        beta1: float,
        beta2: float,
    ) -> None:
        def adam(network: nn.Module) -> torch.optim.Adam:
            return torch.optim.Adam(network.parameters(), lr=learning_rate, betas=(beta1, beta2), fused=True)

        self.fabric = fabric
        self.lambda_l1 = lambda_l1
        self.generator, self.optimizer_g = fabric.setup(generator, adam(generator))
        self.discriminator, self.optimizer_d = fabric.setup(discriminator, adam(discriminator))

    def step(self, real_a: Tensor, real_b: Tensor) -> dict[str, Tensor]:
        """Update D, then G, on pairs (N, 3, H, W) in [-1, 1]; return the terms, detached.

        ``l1`` is halved to be in [0, 1], as the metric of that name; the others are the losses themselves.
        """
        fake_b = self.generator(real_a)
        losses = self._update_discriminator(real_a, real_b, fake_b.detach())
        return losses | self._update_generator(real_a, real_b, fake_b)

    def _update_discriminator(self, real_a: Tensor, real_b: Tensor, fake_b: Tensor) -> dict[str, Tensor]:
        self.discriminator.requires_grad_(True)
        self.optimizer_d.zero_grad()
        loss_real = gan_loss(self.discriminator(real_a, real_b), is_real=True)
        loss_fake = gan_loss(self.discriminator(real_a, fake_b), is_real=False)
        self.fabric.backward(0.5 * (loss_real + loss_fake))
        self.optimizer_d.step()
        return {"discriminator_real": loss_real.detach(), "discriminator_fake": loss_fake.detach()}

    def _update_generator(self, real_a: Tensor, real_b: Tensor, fake_b: Tensor) -> dict[str, Tensor]:
        self.discriminator.requires_grad_(False)
        self.optimizer_g.zero_grad()
        loss_gan = gan_loss(self.discriminator(real_a, fake_b), is_real=True)
        loss_l1 = F.l1_loss(fake_b, real_b)
        self.fabric.backward(loss_gan + self.lambda_l1 * loss_l1)
        self.optimizer_g.step()
        return {"generator_gan": loss_gan.detach(), "l1": loss_l1.detach() / 2}


def gan_loss(logits: Tensor, *, is_real: bool) -> Tensor:
    """Binary cross-entropy of logits of any shape against ``real`` or ``fake``, averaged over patches."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(is_real)))
