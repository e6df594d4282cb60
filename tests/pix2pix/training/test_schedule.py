import math
from typing import Any

import pytest
import torch
from training_cases import small_settings

from pix2pix.training.options import LearningRateOptions, ScheduleOptions
from pix2pix.training.schedule import rate_factor

EPOCHS = 20


def rates(lr_schedule: Any, **changes: Any) -> list[float]:
    values = {"epochs": EPOCHS, "epochs_decay": 8, "lr_step_epochs": 3, "lr_step_factor": 0.5} | changes
    options = LearningRateOptions(lr_schedule=lr_schedule, **values)
    return [rate_factor(options, epoch) for epoch in range(1, EPOCHS + 1)]


def test_constant_is_one() -> None:
    assert rates("constant") == [1.0] * EPOCHS


@pytest.mark.parametrize("n_decay", [0, 1, 8, 20])
def test_linear_is_that_of_the_pix2pix_authors(n_decay: int) -> None:
    """``lambda_rule`` in models/networks.py of junyanz/pytorch-CycleGAN-and-pix2pix, epochs from 1 on."""
    n_epochs = EPOCHS - n_decay
    expected = [1.0 - max(0, epoch - n_epochs) / float(n_decay + 1) for epoch in range(1, EPOCHS + 1)]
    assert rates("linear", epochs_decay=n_decay) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "of_torch"),
    [
        ("step", lambda adam: torch.optim.lr_scheduler.StepLR(adam, step_size=3, gamma=0.5)),
        ("cosine", lambda adam: torch.optim.lr_scheduler.CosineAnnealingLR(adam, T_max=EPOCHS)),
    ],
)
def test_step_and_cosine_are_those_of_torch(name: str, of_torch: Any) -> None:
    adam = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = of_torch(adam)
    expected = []
    for _ in range(EPOCHS):
        expected.append(adam.param_groups[0]["lr"])
        adam.step()
        scheduler.step()
    assert rates(name) == pytest.approx(expected)


def test_step_of_the_kharagpur_report_is_a_tenth_every_20_epochs() -> None:
    options = LearningRateOptions(
        lr_schedule="step", epochs=500, epochs_decay=0, lr_step_epochs=20, lr_step_factor=0.1
    )
    factors = [rate_factor(options, epoch) for epoch in (1, 20, 21, 40, 41, 61)]
    assert factors == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.001])


def test_cosine_falls_from_one_towards_zero() -> None:
    factors = rates("cosine")
    assert factors[0] == 1 and factors == sorted(factors, reverse=True)
    assert factors[-1] == pytest.approx(math.sin(math.pi / (2 * EPOCHS)) ** 2)


@pytest.mark.parametrize("name", ["constant", "linear", "step", "cosine"])
def test_pretraining_keeps_the_first_rate(name: Any) -> None:
    options = LearningRateOptions(
        lr_schedule=name, epochs=4, epochs_decay=4, lr_step_epochs=1, lr_step_factor=0.1
    )
    assert [rate_factor(options, epoch) for epoch in (-3, -1, 0)] == [1.0] * 3


def test_options_are_taken_out_of_a_models_header() -> None:
    options = ScheduleOptions.of(small_settings(lr_schedule="step", epochs=7, seed=3))
    assert (options.lr_schedule, options.epochs, options.seed) == ("step", 7, 3)
