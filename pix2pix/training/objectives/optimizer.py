"""Adam on weights in channels-last order, and the gradients that it gets."""

from functools import partial
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn


class DenseAdam(torch.optim.Adam):
    """Fused Adam (Kingma and Ba 2014, arXiv:1412.6980) that takes channels-last weights as dense arrays.

    On a CPU torch's fused kernel copies every tensor that is not contiguous, which takes four times as long
    as the update itself. So this optimiser holds views of the weights, and of their gradients, in which their
    memory is in order.

    Args:
        network: on its device; its weights are updated.
        betas: of the running means of gradients and of their squares.
    """

    def __init__(self, network: nn.Module, betas: tuple[float, float]) -> None:
        self._weights = list(network.parameters())
        is_permuted = [weight.dim() == 4 and not weight.is_contiguous() for weight in self._weights]
        views = [
            nn.Parameter(_channels_last(weight.detach()) if permuted else weight.detach())
            for weight, permuted in zip(self._weights, is_permuted, strict=True)
        ]
        super().__init__(views, betas=betas, fused=True)
        for weight, view, permuted in zip(self._weights, views, is_permuted, strict=True):
            share = partial(_share_gradient, view, permuted)
            weight.register_post_accumulate_grad_hook(share)  # type: ignore[no-untyped-call]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, those of the weights too."""
        super().zero_grad(set_to_none=True)
        for weight in self._weights:
            weight.grad = None


def set_up(
    fabric: Fabric, network: nn.Module, betas: tuple[float, float], *, compile: bool
) -> tuple[Any, Any]:
    """Put a network on the device, in channels-last order; return what to call, and its optimiser."""
    network.to(memory_format=torch.channels_last)
    module = fabric.setup_module(cast(nn.Module, torch.compile(network)) if compile else network)
    return module, fabric.setup_optimizers(DenseAdam(network, betas))


def gradient_norm(fabric: Fabric, network: nn.Module) -> Tensor | None:
    """The L2 norm of all gradients; None where fp16 has overflowed: it leaves the step out."""
    norm = torch.nn.utils.get_total_norm(
        [weight.grad for weight in network.parameters() if weight.grad is not None]
    )
    scaler = getattr(fabric.strategy.precision, "scaler", None)
    if scaler is None:
        return norm
    return norm / scaler.get_scale() if norm.isfinite() else None


def _channels_last(tensor: Tensor) -> Tensor:
    return tensor.permute(0, 2, 3, 1)


def _share_gradient(view: nn.Parameter, is_permuted: bool, weight: Tensor) -> None:
    if weight.grad is not None:
        view.grad = _channels_last(weight.grad) if is_permuted else weight.grad
