"""``python -m benchmarks.cyclegan_step`` on small pictures, and whether both ways do the same work."""

from collections.abc import Iterator

import pytest
import torch
from conftest import PROJECT
from torch import nn

from benchmarks.cyclegan_step import measured, our_model
from benchmarks.plain_cyclegan import PlainCycleGan
from pix2pix.training.objectives.objective import Objective


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


def networks(model: Objective, plain: PlainCycleGan) -> Iterator[tuple[nn.Module, nn.Module]]:
    ours = [*model.results, *(adversary.network for adversary in model._adversaries)]
    yield from zip(ours, (plain.net_g, plain.net_f, plain.net_d_b, plain.net_d_a), strict=True)


@pytest.fixture
def in_double() -> Iterator[None]:
    """So exact that Adam, which divides by the gradients' size, makes nothing of noise."""
    torch.set_default_dtype(torch.double)
    yield
    torch.set_default_dtype(torch.float)


@pytest.mark.usefixtures("in_double")
def test_both_ways_do_the_same_work() -> None:
    torch.manual_seed(0)
    model, plain = our_model(64, 4, precision="fp32"), PlainCycleGan.of_width(4)
    for ours, theirs in networks(model, plain):
        weights = dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True))
        theirs.load_state_dict(weights)
    before = [weight.clone() for weight in plain.net_g.parameters()]
    pictures = torch.rand(1, 2, 3, 64, 64) * 2 - 1
    step = plain.step_on(*pictures.unbind(1))
    for number in (1, 2):
        model.step([pictures.to(model.fabric.device)], number)
        step()
    for ours, theirs in networks(model, plain):
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(mine.cpu(), other, rtol=1e-6, atol=1e-8)
    moved = zip(before, plain.net_g.parameters(), strict=True)
    assert all((old - new).abs().mean() > 1e-4 for old, new in moved if old.dim() > 1)


def test_both_ways_are_timed(capsys: pytest.CaptureFixture[str]) -> None:
    figures = measured(size=64, width=4, rounds=2)
    assert figures.keys() == {"cyclegan_speedup"} and figures["cyclegan_speedup"] > 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:12].strip() for line in lines] == ["ours", "plain loop"]
    assert all(line.count(".") == 2 for line in lines)  # a time of each round
