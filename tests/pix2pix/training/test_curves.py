import math
from typing import Any

import pytest
import torch
from torch import Tensor
from training_cases import Notes

from pix2pix.training.curves import Curves, DivergedError


def mean_of_one(values: Tensor) -> Tensor:
    return values.cpu().double()


def curves(log_every: int = 2, log: Notes | None = None) -> tuple[Curves, Notes]:
    log = log or Notes()
    return Curves(log, log_every, mean_of_one), log


def term(value: float) -> dict[str, Tensor]:
    return {"l1": torch.tensor(value)}


@pytest.mark.parametrize("log_every", [1, 2, 3, 7])
def test_points_are_means_over_so_many_steps(log_every: int) -> None:
    made, log = curves(log_every)
    values = [0.1 * step**2 for step in range(1, 13)]
    for step, value in enumerate(values, start=1):
        made.add(step, term(value))
    steps = list(range(log_every, 13, log_every))
    assert [step for step, _ in log.curves["train/l1"]] == steps
    means = [sum(values[last - log_every : last]) / log_every for last in steps]
    assert [mean for _, mean in log.curves["train/l1"]] == pytest.approx(means)


def test_points_are_means_over_so_many_steps_across_epochs() -> None:
    made, log = curves(log_every=4)
    for step in range(1, 13):
        made.add(step, term(float(step)))
        if step % 3 == 0:
            made.end_epoch(step, {})
    assert log.curves["train/l1"] == [(4, 2.5), (8, 6.5), (12, 10.5)]


def test_epochs_means_are_those_of_its_steps() -> None:
    made, log = curves(log_every=2)
    means = []
    for step in range(1, 7):
        made.add(step, term(float(step)))
        if step % 3 == 0:
            means.append(made.end_epoch(step, {"val/l1": step / 10}))
    assert means == [{"l1": 2.0}, {"l1": 5.0}]
    assert log.curves["val/l1"] == [(3, 0.3), (6, 0.6)]


def test_terms_that_come_later_have_their_own_means() -> None:
    made, log = curves(log_every=2)
    made.add(1, term(1.0))
    made.add(2, term(2.0) | {"generator_gan": torch.tensor(5.0)})
    assert log.curves == {"train/l1": [(2, 1.5)], "train/generator_gan": [(2, 5.0)]}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_loss_that_is_no_number_is_told_with_its_name_and_step(value: float) -> None:
    made, _ = curves(log_every=2)
    made.add(1, term(value))
    with pytest.raises(DivergedError, match=rf"l1 is {value} by step 2: training has diverged"):
        made.add(2, term(1.0))


def test_infinite_gradient_is_told_too() -> None:
    made, _ = curves(log_every=1)
    with pytest.raises(DivergedError, match=r"generator_gradient is inf by step 1: training has diverged"):
        made.add(1, {"generator_gradient": torch.tensor(math.inf)})


@pytest.mark.parametrize("collected_at", range(1, 10))
def test_collecting_in_between_and_going_on_changes_no_digit(collected_at: int) -> None:
    values = torch.rand(9, generator=torch.Generator().manual_seed(0), dtype=torch.double) * 1e6
    undisturbed, expected = curves(log_every=4)
    before, _ = curves(log_every=4)
    for step, value in enumerate(values, start=1):
        undisturbed.add(step, {"l1": value})
        if step <= collected_at:
            before.add(step, {"l1": value})
    before.collect(collected_at)
    resumed, log = curves(log_every=4)
    resumed.load_state_dict(before.state_dict())
    for step, value in list(enumerate(values, start=1))[collected_at:]:
        resumed.add(step, {"l1": value})
    means = [made.end_epoch(9, {"val/l1": 1.0}) for made in (undisturbed, resumed)]
    assert means[0] == means[1] and log.curves == expected.curves


def test_state_is_made_of_what_can_be_kept_without_code(tmp_path: Any) -> None:
    made, _ = curves(log_every=2)
    for step in (1, 2, 3):
        made.add(step, term(float(step)))
    made.collect(3)
    torch.save(made.state_dict(), tmp_path / "state")
    again, log = curves(log_every=2)
    again.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
    again.add(4, term(4.0))
    assert log.curves["train/l1"] == [(2, 1.5), (4, 3.5)]


def test_state_still_grows_after_going_on() -> None:
    made, _ = curves(log_every=1)
    made.add(1, term(1.0))
    again, _ = curves(log_every=1)
    again.load_state_dict(made.state_dict())
    again.add(2, term(2.0))
    third, log = curves(log_every=1)
    third.load_state_dict(again.state_dict())
    assert log.curves["train/l1"] == [(1, 1.0), (2, 2.0)]


def test_curves_without_a_log_are_kept_alone() -> None:
    made = Curves(None, 1, mean_of_one)
    made.add(1, term(1.0))
    assert made.end_epoch(1, {"val/l1": 0.5}) == {"l1": 1.0}
    assert made.state_dict()["points"] == [(1, {"train/l1": 1.0}), (1, {"val/l1": 0.5})]


def test_mean_over_processes_is_asked_once_for_all_waiting_steps() -> None:
    asked: list[int] = []

    def mean(values: Tensor) -> Tensor:
        asked.append(len(values))
        return values.double()

    made = Curves(None, 4, mean)
    for step in range(1, 9):
        made.add(step, term(float(step)))
    assert asked == [4, 4]
