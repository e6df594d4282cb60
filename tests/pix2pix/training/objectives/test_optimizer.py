import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pix2pix.training.objectives.optimizer import DenseAdam


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 6, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(6, 3, 4, 2, 1))
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def loss_of(network: nn.Module, seed: int) -> torch.Tensor:
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    return F.l1_loss(network(x), x)


def train(network: nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> None:
    for step in steps:
        optimizer.zero_grad()
        loss_of(network, step).backward()
        optimizer.step()


def test_updates_are_those_of_plain_adam(network: nn.Module) -> None:
    plain = copy.deepcopy(network)
    train(network, DenseAdam(network, (0.5, 0.999)), range(5))
    train(plain, torch.optim.Adam(plain.parameters(), betas=(0.5, 0.999)), range(5))
    for ours, reference in zip(network.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(ours, reference, atol=1e-6)


def test_gradients_add_up_over_backward_passes(network: nn.Module) -> None:
    plain = copy.deepcopy(network)
    optimizer, reference = (
        DenseAdam(network, (0.5, 0.999)),
        torch.optim.Adam(plain.parameters(), betas=(0.5, 0.999)),
    )
    for net, adam in ((network, optimizer), (plain, reference)):
        for seed in range(3):
            loss_of(net, seed).backward()
        adam.step()
    for ours, expected in zip(network.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(ours, expected, atol=1e-6)


def test_forgotten_gradients_are_forgotten_in_the_network_too(network: nn.Module) -> None:
    optimizer = DenseAdam(network, (0.5, 0.999))
    loss_of(network, 0).backward()
    assert all(weight.grad is not None for weight in network.parameters())
    optimizer.zero_grad()
    assert all(weight.grad is None for weight in network.parameters())


def test_saved_state_goes_on_exactly(network: nn.Module) -> None:
    optimizer = DenseAdam(network, (0.5, 0.999))
    train(network, optimizer, range(3))
    other = copy.deepcopy(network)
    going_on = DenseAdam(other, (0.5, 0.999))
    going_on.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    train(network, optimizer, range(3, 6))
    train(other, going_on, range(3, 6))
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), other.parameters(), strict=True))
