"""Adam on weights in channels-last order."""

from functools import partial

import torch
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


def _channels_last(tensor: Tensor) -> Tensor:
    return tensor.permute(0, 2, 3, 1)


def _share_gradient(view: nn.Parameter, is_permuted: bool, weight: Tensor) -> None:
    if weight.grad is not None:
        view.grad = _channels_last(weight.grad) if is_permuted else weight.grad
