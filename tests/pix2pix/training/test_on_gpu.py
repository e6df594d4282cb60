"""Training on a GPU: against the CPU, captured, going on, in all precisions, and with too little memory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from training_cases import EVERY_STEP, Notes, StoppedError, same, small_options, small_training, write_pairs

from pix2pix.core.errors import InputError
from pix2pix.machine.device import open_fabric
from pix2pix.machine.memory import explained_out_of_memory
from pix2pix.model.pair_folder import PairFolder
from pix2pix.training.build import build_model
from pix2pix.training.captured_step import FIRST_STEPS, CapturedStep
from pix2pix.training.objectives.objective import Objective
from pix2pix.training.options import AugmentOptions, MachineOptions
from pix2pix.training.training_pairs import TrainingPairs

pytestmark = pytest.mark.gpu

# cuBLAS reads it once, before its first product; without it deterministic algorithms are refused.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

STEPS = 3
RECORDED = FIRST_STEPS + 1  # the first step that a graph takes
# Relative differences: of a loss; and of weights, to what all steps have changed in them. On a CPU, noise of
# 3e-6 in the pictures makes 5e-6 and 0.004 of the paper's, and 2e-3 and 0.1 of the recommended, whose norms
# divide by less; steps that did something else would be at 1.
TOLERANCES = {"": (2e-3, 0.1), "lambda_projected": (2e-2, 0.4)}
ROUGH_TERM = {"bf16": 0.05, "fp16": 0.02}  # of a loss, after one step
SAME_ACCURACY = 0.03  # two of D's 72 patches
# Without what is drawn on the device, whose random numbers are others than the CPU's.
FIXED: dict[str, Any] = {
    "dropout": 0.0,
    "augment_discriminator": False,
    "learning_rate": 2e-5,
    "ngf": 8,
    "ndf": 8,
}
OBJECTIVES: dict[str, dict[str, Any]] = {
    "the paper's": {"norm": "batch"},
    "the recommended": {
        "lambda_perceptual": 10.0,
        "lambda_projected": 1.0,
        "lambda_feature_matching": 10.0,
        "gan_loss": "lsgan",
        "upsample": "resize",
        "ema_decay": 0.9,
    },
    "accumulated": {"accumulate_steps": 2, "discriminator_updates": "separate"},
}
CAPTURABLE = {name: changes for name, changes in OBJECTIVES.items() if "accumulate_steps" not in changes}
objectives = pytest.mark.parametrize("changes", OBJECTIVES.values(), ids=OBJECTIVES)


@pytest.fixture
def exact() -> Iterator[None]:
    """Convolutions and products that are not rounded to TF32."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


@pytest.fixture
def deterministic() -> Iterator[None]:
    """Algorithms that give the same bytes each time, where torch has one; it warns where it has none."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)
    yield
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.benchmark = before


def small_model(accelerator: Any, **changes: Any) -> Objective:
    options = small_options(**(FIXED | changes))
    return build_model(open_fabric(accelerator, precision=options.precision), options)


def pictures(count: int = 2) -> Tensor:
    """Smooth pairs, (N, 2, 3, 64, 64) in [-1, 1], the same each time."""
    noise = torch.rand(count, 6, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return torch.nn.functional.interpolate(noise, scale_factor=8, mode="bilinear").unflatten(1, (2, 3))


def batches_of(model: Objective, changes: dict[str, Any]) -> list[Tensor]:
    batch = pictures().to(model.fabric.device)
    return [batch] * int(changes.get("accumulate_steps", 1))


def weights_of(model: Objective) -> Tensor:
    """All weights of what the model's file gets, in one row on the CPU."""
    return torch.cat([weight.detach().float().cpu().flatten() for weight in model.weights().values()])


def assert_close(found: dict[str, Tensor], expected: dict[str, Tensor], tolerance: float) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        most = SAME_ACCURACY if name.endswith("_accuracy") else tolerance
        assert float(found[name]) == pytest.approx(float(value), rel=most, abs=most), name


def tolerances(changes: dict[str, Any]) -> tuple[float, float]:
    return TOLERANCES["lambda_projected" if "lambda_projected" in changes else ""]


def apart(found: Tensor, expected: Tensor, start: Tensor) -> float:
    """How far weights are from those expected, relative to how far these have come."""
    return float((found - expected).norm() / (expected - start).norm())


@pytest.mark.usefixtures("exact")
@objectives
def test_a_step_on_a_gpu_is_that_on_the_cpu(changes: dict[str, Any]) -> None:
    on_cpu, on_gpu = (small_model(accelerator, **changes) for accelerator in ("cpu", "cuda"))
    start = weights_of(on_cpu)
    assert torch.equal(weights_of(on_gpu), start)
    same_loss, same_update = tolerances(changes)
    for number in range(1, STEPS + 1):
        found, expected = (model.step(batches_of(model, changes), number) for model in (on_gpu, on_cpu))
        assert_close(found, expected, same_loss)
    assert apart(weights_of(on_gpu), weights_of(on_cpu), start) < same_update


@pytest.mark.usefixtures("exact", "deterministic")
@pytest.mark.parametrize("changes", CAPTURABLE.values(), ids=CAPTURABLE)
def test_captured_steps_are_uncaptured_ones(changes: dict[str, Any]) -> None:
    uncaptured, captured = (small_model("cuda", **changes) for _ in range(2))
    start, step = weights_of(uncaptured), CapturedStep(captured).step
    same_loss, same_update = tolerances(changes)
    for number in range(1, RECORDED + STEPS + 1):
        expected = uncaptured.step(batches_of(uncaptured, changes), number)
        assert_close(step(batches_of(captured, changes), number), expected, same_loss)
    assert apart(weights_of(captured), weights_of(uncaptured), start) < same_update


@pytest.mark.usefixtures("exact", "deterministic")
def test_captured_steps_follow_pictures_rates_and_sizes_of_batches() -> None:
    uncaptured, captured = (small_model("cuda") for _ in range(2))
    start, step = weights_of(uncaptured), CapturedStep(captured).step
    same_loss, same_update = tolerances({})
    for number in range(1, 4 * (RECORDED + STEPS) + 1):
        batch = pictures(3 if number % 4 == 0 else 2).roll(number, dims=-1).cuda()
        for model in (uncaptured, captured):
            model.scale_rates(1 / number)
        assert_close(step([batch], number), uncaptured.step([batch], number), same_loss)
    assert apart(weights_of(captured), weights_of(uncaptured), start) < same_update


@pytest.mark.usefixtures("exact", "deterministic")
def test_captured_steps_draw_what_uncaptured_ones_draw() -> None:
    drawing = {"dropout": 0.5, "augment_discriminator": True, "learning_rate": 1e-12}
    uncaptured, captured = (small_model("cuda", **drawing) for _ in range(2))
    step, batch = CapturedStep(captured).step, pictures().cuda()
    losses = []
    for number in range(1, RECORDED + STEPS + 1):
        found = step([batch], number)
        assert_close(found, uncaptured.step([batch], number), tolerances({})[0])
        losses.append(float(found["l1"]))
    assert len(set(losses)) == len(losses)  # nothing but what is drawn differs from step to step


def test_pairs_that_a_gpu_holds_are_changed_as_on_the_cpu(tmp_path: Path) -> None:
    folder = PairFolder(write_pairs(tmp_path) / "train")
    options = AugmentOptions(
        augment_jitter=True, augment_mirror=True, augment_color_jitter=0.5, augment_mosaic=0.5
    )
    on_cpu, on_gpu = (TrainingPairs(folder, options, "symmetric", seed=1) for _ in range(2))
    on_gpu.hold_on(torch.device("cuda"))
    keys = [(1, place, place % len(folder)) for place in range(24)]
    found, expected = (torch.stack(pairs.__getitems__(keys)) for pairs in (on_gpu, on_cpu))
    assert found.is_cuda and found.shape == expected.shape
    assert float((found.cpu() - expected).abs().mean()) < 1e-4


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_computes_nearly_the_same(precision: str) -> None:
    exact, rough = (small_model("cuda", precision=each) for each in ("fp32", precision))
    batch = [pictures().cuda()]
    expected, found = (model.step(batch, 1) for model in (exact, rough))
    assert_close(found, expected, ROUGH_TERM[precision])
    assert all(weight.dtype == torch.float32 for weight in rough.weights().values())


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize("is_captured", [False, True], ids=["uncaptured", "captured"])
def test_a_stopped_training_goes_on_to_the_same_bytes(is_captured: bool, tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs")
    changes = {"epochs": 12, "ema_decay": 0.9, "augment_jitter": False}
    machine = MachineOptions(cuda_graphs=is_captured)
    often = replace(machine, checkpoint_minutes=EVERY_STEP.checkpoint_minutes)

    def training(name: str, stop_at: int, options: MachineOptions) -> Any:
        notes = Notes(stop_at)
        return small_training(pairs, tmp_path / name, notes, accelerator="cuda", machine=options, **changes)

    whole = training("whole", 0, machine).run()
    with pytest.raises(StoppedError):
        training("stopped", 29, often).run()
    resumed = training("stopped", 0, machine).run()
    assert same(resumed.weights, whole.weights)
    assert resumed.metrics == whole.metrics


@contextmanager
def little_memory(n_bytes: int) -> Iterator[None]:
    """Leave the process so many bytes of the GPU's memory beside what it uses."""
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + n_bytes) / total)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        torch.cuda.empty_cache()


def test_a_batch_that_does_not_fit_is_explained_and_a_smaller_one_goes_on() -> None:
    model = small_model("cuda", ngf=16, ndf=16)
    step = CapturedStep(model).step
    small, large = pictures().cuda(), pictures(512).cuda()
    step([small], 1)
    with (
        little_memory(64_000_000),
        pytest.raises(InputError, match="out of memory: lower batch_size"),
        explained_out_of_memory(),
    ):
        step([large], 2)
    assert float(step([small], 3)["l1"]) < 2
