from typing import Any

import pytest
from training_cases import small_options

from pix2pix.core.errors import InputError
from pix2pix.machine.device import open_fabric
from pix2pix.training.build import build_model
from pix2pix.training.captured_step import step_of, why_uncaptured
from pix2pix.training.objectives.objective import Objective


def objective(**changes: Any) -> Objective:
    options = small_options(**changes)
    return build_model(open_fabric("cpu", precision=options.precision), options)


@pytest.mark.parametrize("cuda_graphs", ["auto", False])
def test_on_a_cpu_steps_are_taken_as_they_are(cuda_graphs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    model = objective()
    assert step_of(model, cuda_graphs, accumulate_steps=1) == model.step
    assert capsys.readouterr().out == ""


def test_capture_that_is_asked_for_and_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match=r"cuda_graphs: true .* but the device is cpu, not cuda; take auto"):
        step_of(objective(), True, accumulate_steps=1)


@pytest.mark.parametrize(
    ("changes", "accumulate_steps", "reason"),
    [
        ({}, 1, ""),
        ({}, 2, "accumulate_steps: each batch has a seed of its own"),
        ({"precision": "fp16"}, 1, "precision: fp16 finds its scale on the host"),
        ({"compile": True}, 1, "compile: true captures in its own way"),
        (
            {"objective": "cyclegan", "generator": "resnet_6blocks"},
            1,
            "objective: cyclegan draws from random numbers of the host",
        ),
    ],
)
def test_reason_is_given_where_a_step_cannot_be_captured(
    changes: dict[str, Any], accumulate_steps: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = objective(**changes)
    assert why_uncaptured(model, accumulate_steps).startswith("the device is cpu")
    monkeypatch.setattr(type(model.fabric), "device", property(lambda fabric: _Gpu()))
    assert why_uncaptured(model, accumulate_steps) == reason


class _Gpu:
    type = "cuda"
