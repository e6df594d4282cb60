"""Adam on weights in channels-last order, the gradients that it gets, and the average of the weights."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

GRADIENT = "_gradient"  # how the names of terms end that are norms of gradients


class DenseAdam(torch.optim.Adam):
    """Fused Adam (Kingma and Ba 2014, arXiv:1412.6980) that takes channels-last weights as dense arrays.

    On a CPU torch's fused kernel copies every tensor that is not contiguous, which takes four times as long
    as the update itself. So this optimiser holds views of the weights, and of their gradients, in which their
    memory is in order.

    On a GPU a step can be captured in a CUDA graph: the rate lies on the device, where the graph reads it.

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
        self._device = views[0].device
        self._is_capturable = self._device.type == "cuda"
        super().__init__(views, betas=betas, fused=True, capturable=self._is_capturable)
        for weight, view, permuted in zip(self._weights, views, is_permuted, strict=True):
            share = partial(_share_gradient, view, permuted)
            weight.register_post_accumulate_grad_hook(share)  # type: ignore[no-untyped-call]

    def set_rate(self, rate: float) -> None:
        """Set the learning rate."""
        for group in self.param_groups:
            if not self._is_capturable:
                group["lr"] = rate
            elif isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = torch.tensor(rate, device=self._device)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a state, of any device, and put it on this one."""
        own = self.param_groups[0]["capturable"]
        super().load_state_dict(dict(state_dict))
        rate = float(self.param_groups[0]["lr"])
        for group in self.param_groups:
            group.update(capturable=own, lr=rate)
        self.set_rate(rate)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, those of the weights too."""
        super().zero_grad(set_to_none=True)
        for weight in self._weights:
            weight.grad = None


class MovingAverage(AveragedModel):
    """The moving average of a network's weights, from its first step on; buffers are those of the network.

    Its updates never ask the host, so that a CUDA graph can hold them.

    Args:
        network: of which an average is kept.
        decay: the share of the average that stays at each step.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__(network)
        self._decay = decay

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Take a step's weights into the average."""
        if not self.n_averaged:  # it lies on the CPU
            super().update_parameters(model)
            return
        torch._foreach_lerp_(list(self.module.parameters()), list(model.parameters()), 1 - self._decay)
        for own, other in zip(self.module.buffers(), model.buffers(), strict=True):
            own.copy_(other)


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
