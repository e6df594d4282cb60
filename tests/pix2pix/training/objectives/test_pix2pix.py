import copy
from itertools import product
from typing import Any

import pytest
import torch
from plain_pix2pix import PlainLoop
from torch import Tensor, nn
from torch.nn import functional as F
from training_cases import small_options

from pix2pix.machine.device import open_fabric
from pix2pix.training.build import build_model
from pix2pix.training.objectives.pix2pix import Pix2Pix, Terms

TERMS = [weights for weights in product((100.0, 0.0), (50.0, 0.0), (1.0, 0.0)) if any(weights)]


def small_model(dtype: torch.dtype = torch.float32, **changes: Any) -> Pix2Pix:
    options = small_options(**({"dropout": 0.0, "learning_rate": 2e-4} | changes))
    torch.set_default_dtype(dtype)
    try:
        return build_model(open_fabric("cpu", precision=options.precision), options)
    finally:
        torch.set_default_dtype(torch.float32)


def pairs(count: int = 2, seed: int = 1) -> Tensor:
    """Pairs, (N, 2, 3, 64, 64), in [-1, 1], whose B is A with its colours turned."""
    a = torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    a = F.interpolate(a, size=64)
    return torch.stack([a, a.roll(1, dims=1)], dim=1)


def assert_close(ours: nn.Module | None, plain: nn.Module | None, atol: float = 1e-5) -> None:
    assert (ours is None) == (plain is None)
    if ours is None or plain is None:
        return
    for (name, mine), reference in zip(ours.state_dict().items(), plain.state_dict().values(), strict=True):
        assert torch.allclose(mine, reference, rtol=1e-5, atol=atol), name


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    state = other.state_dict()
    return all(torch.equal(tensor, state[name]) for name, tensor in one.state_dict().items())


def run(model: Pix2Pix, steps: int = 3, batches: int = 1, **options: Any) -> list[Terms]:
    return [
        model.step([pairs(seed=100 * number + i) for i in range(batches)], number, **options)
        for number in range(1, steps + 1)
    ]


CHANGES: dict[str, dict[str, Any]] = {
    "as in the paper": {"norm": "batch"},
    "instance": {},
    "no norm": {"norm": "none"},
    "separate updates": {"discriminator_updates": "separate"},
    "separate updates, batch": {"discriminator_updates": "separate", "norm": "batch"},
    "sum of D's losses": {"discriminator_loss_factor": 1.0},
    "unit range": {"pixel_range": "unit", "lambda_l1": 10.0},
    "chroma": {"output": "chroma"},
    "chroma, unit range": {"output": "chroma", "pixel_range": "unit", "norm": "batch"},
    "D's own rate": {"discriminator_learning_rate": 1e-3},
    "betas of 001": {"beta1": 0.9, "beta2": 0.999, "lambda_l1": 200.0},
    "lsgan": {"gan_loss": "lsgan"},
    "hinge": {"gan_loss": "hinge"},
    "tracked D": {"lambda_gan": 0.0, "track_gan": True},
    "spectral norm": {"spectral_norm": True},
    "patch of 16": {"patch_size": 16},
    "large lambda_gan": {"lambda_gan": 30.0},
    "feature matching": {"lambda_feature_matching": 10.0},
    "feature matching alone": {"lambda_feature_matching": 10.0, "lambda_gan": 0.0},
}
EXACT_ONLY: dict[
    str, dict[str, Any]
] = {  # in fp32 other sums would turn signs of gradients, and Adam's steps
    "perceptual": {"lambda_perceptual": 10.0},
    "perceptual, unit range": {"lambda_perceptual": 10.0, "pixel_range": "unit"},
    "projected": {"lambda_projected": 1.0},
    "both, without a patch's": {"lambda_projected": 1.0, "lambda_perceptual": 5.0, "lambda_gan": 0.0},
    "on EfficientNet": {"generator": "efficientnet_unet", "gan_loss": "lsgan"},
    "networks of CycleGAN": {"generator": "resnet_6blocks", "norm": "instance_plain", "gan_loss": "lsgan"},
}


CASES = [(torch.float32, case) for case in CHANGES] + [(torch.float64, case) for case in CHANGES | EXACT_ONLY]


@pytest.mark.parametrize(("dtype", "case"), CASES)
def test_steps_equal_a_plain_loop(dtype: torch.dtype, case: str) -> None:
    changes = (CHANGES | EXACT_ONLY)[case]
    model = small_model(dtype, **changes)
    plain = PlainLoop(model, **({"learning_rate": 2e-4} | changes))
    atol = {torch.float32: 1e-5, torch.float64: 1e-9}[dtype]
    for number in range(1, 4):
        batch = pairs(seed=number).to(dtype)
        expected = plain.step(batch[:, 0], batch[:, 1])
        terms = model.step([batch], number, measure=True)
        for name, value in expected.items():
            assert terms[name].item() == pytest.approx(value, rel=10 * atol, abs=atol), name
    assert_close(model.generator, plain.g, atol)
    assert_close(model.discriminator, plain.d, atol)


@pytest.mark.parametrize(("l1", "l2", "gan"), TERMS)
def test_each_of_the_seven_objectives_drives_g_by_its_terms(l1: float, l2: float, gan: float) -> None:
    changes = {"lambda_l1": l1, "lambda_l2": l2, "lambda_gan": gan}
    model = small_model(**changes)
    plain = PlainLoop(model, learning_rate=2e-4, **changes)
    assert (model.discriminator is None) == (gan == 0)
    for number in range(1, 4):
        batch = pairs(seed=number)
        expected = plain.step(batch[:, 0], batch[:, 1])
        terms = model.step([batch], number)
        assert terms["l1"].item() == pytest.approx(expected["l1"], abs=1e-5)
        assert terms["l2"].item() == pytest.approx(expected["l2"], abs=1e-5)
        assert ("generator_gan" in terms) == ("discriminator_real" in terms) == (gan > 0)
    assert_close(model.generator, plain.g)


@pytest.mark.parametrize("pixel_range", ["symmetric", "unit"])
def test_l1_and_l2_are_those_of_pixels_between_0_and_1(pixel_range: str) -> None:
    a, black = torch.zeros(1, 3, 64, 64), {"symmetric": -1.0, "unit": 0.0}[pixel_range]
    for target in (black, 1.0):
        model = small_model(pixel_range=pixel_range)
        distance = (model.generator(a).detach() - target).abs() / (1 - black)
        terms = model.step([torch.stack([a, torch.full_like(a, target)], dim=1)], 1)
        assert terms["l1"].item() == pytest.approx(distance.mean().item(), abs=1e-6)
        assert terms["l2"].item() == pytest.approx(distance.square().mean().item(), abs=1e-6)


def test_accuracies_are_the_shares_of_patches_that_d_tells_rightly() -> None:
    model, batch = small_model(), pairs()
    with torch.no_grad():
        real = model.discriminator(batch[:, 0], batch[:, 1])
        fake = model.discriminator(batch[:, 0], model.generator(batch[:, 0]))
    terms = model.step([batch], 1)
    assert terms["discriminator_real_accuracy"].item() == pytest.approx((real > 0).double().mean().item())
    assert terms["discriminator_fake_accuracy"].item() == pytest.approx((fake <= 0).double().mean().item())


def test_tracked_discriminator_learns_and_leaves_g_as_without_it() -> None:
    tracked = small_model(lambda_gan=0.0, track_gan=True, dropout=0.5, norm="batch")
    alone = small_model(lambda_gan=0.0, dropout=0.5, norm="batch")
    before = copy.deepcopy(tracked.discriminator)
    terms = run(tracked)
    run(alone)
    assert same_weights(tracked.generator, alone.generator)
    assert not any(map(torch.equal, tracked.discriminator.parameters(), before.parameters()))
    assert {"generator_gan", "discriminator_real", "discriminator_fake"} <= terms[0].keys()


@pytest.mark.parametrize(
    "changes",
    [{}, {"lambda_l1": 0.0}, {"lambda_perceptual": 5.0, "lambda_projected": 1.0}],
    ids=["paper", "no L1", "features"],
)
def test_pretraining_teaches_g_by_l1_and_leaves_d_untouched(changes: dict[str, float]) -> None:
    model = small_model(lambda_l2=30.0, norm="batch", **changes)
    before = copy.deepcopy(model.discriminator)
    plain = PlainLoop(
        model, lambda_l1=changes.get("lambda_l1", 100.0) or 1.0, lambda_l2=0.0, learning_rate=2e-4
    )
    plain.d = plain.encoder = None
    for number in range(1, 4):
        batch = pairs(seed=number)
        plain.step(batch[:, 0], batch[:, 1])
        terms = model.step([batch], number, pretrain=True, measure=True)
        assert terms.keys() == {"l1", "l2", "generator_gradient"}
    assert same_weights(model.discriminator, before)
    assert_close(model.generator, plain.g)


@pytest.mark.parametrize("norm", ["none", "instance"])
@pytest.mark.parametrize(
    "changes",
    [{}, {"lambda_gan": 0.0}, {"discriminator_updates": "separate", "gan_loss": "lsgan"}],
    ids=["joint", "no gan", "separate"],
)
@pytest.mark.parametrize("parts", [(1, 1), (2, 1)])
def test_accumulated_batches_equal_one_large_batch(
    norm: str, changes: dict[str, Any], parts: tuple[int, ...]
) -> None:
    large, accumulated = (small_model(torch.float64, norm=norm, **changes) for _ in range(2))
    for number in range(1, 4):
        batch = pairs(sum(parts), seed=number).double()
        whole = large.step([batch], number, measure=True)
        terms = accumulated.step(list(batch.split(list(parts))), number, measure=True)
        assert terms.keys() == whole.keys()
        for name, value in terms.items():
            assert value.item() == pytest.approx(whole[name].item(), rel=1e-6), name
    for ours, other in (
        (accumulated.generator, large.generator),
        (accumulated.discriminator, large.discriminator),
    ):
        if ours is not None and other is not None:
            for mine, reference in zip(ours.parameters(), other.parameters(), strict=True):
                assert torch.allclose(mine, reference, rtol=1e-6, atol=1e-9)


def test_accumulated_batches_take_the_same_dropout_twice() -> None:
    """G runs once for D and once for itself; both must be the same pictures."""
    model = small_model(dropout=0.5, lambda_l1=0.0, learning_rate=1e-12)
    seen: list[Tensor] = []
    model.generator.register_forward_hook(lambda _module, _inputs, output: seen.append(output.detach()))
    model.step([pairs(seed=1), pairs(seed=2)], 1)
    assert len(seen) == 4
    assert torch.allclose(seen[0], seen[2], atol=1e-6) and torch.allclose(seen[1], seen[3], atol=1e-6)


def test_dropout_depends_on_the_number_of_the_step_and_the_seed_alone() -> None:
    start = small_model(dropout=0.5)

    def after(number: int, chance: int, seed: int = 0) -> nn.Module:
        model = small_model(dropout=0.5, seed=seed)
        model.load_state_dict(start.state_dict())
        torch.manual_seed(chance)
        model.step([pairs()], number)
        return model.generator

    first = after(number=5, chance=1)
    assert same_weights(first, after(number=5, chance=2))
    assert not same_weights(first, after(number=6, chance=1))
    assert not same_weights(first, after(number=5, chance=1, seed=1))


def test_dropout_differs_between_the_parts_of_a_step() -> None:
    model = small_model(dropout=0.5, lambda_l1=0.0)
    seen: list[Tensor] = []
    model.generator.register_forward_hook(lambda _module, _inputs, output: seen.append(output.detach()))
    model.step([pairs(), pairs()], 1)
    assert not torch.allclose(seen[0], seen[1], atol=1e-6)


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_moving_average_is_that_of_the_weights(norm: str) -> None:
    decay = 0.9
    model = small_model(ema_decay=decay, norm=norm, learning_rate=1e-2)
    expected: dict[str, Tensor] = {}
    for number in range(1, 6):
        model.step([pairs(seed=number)], number)
        for name, weight in model.generator.named_parameters():
            now = weight.detach().double()
            expected[name] = now if number == 1 else decay * expected[name] + (1 - decay) * now
    for name, weight in model.result.named_parameters():
        assert torch.allclose(weight.double(), expected[name], atol=1e-6)
    buffers = dict(model.generator.named_buffers())
    assert all(torch.equal(buffer, buffers[name]) for name, buffer in model.result.named_buffers())
    assert not same_weights(model.result, model.generator)


def test_without_average_the_weights_themselves_are_the_result() -> None:
    model = small_model()
    assert model.result is model.generator


def test_rates_are_scaled_for_both_networks() -> None:
    still = small_model(discriminator_learning_rate=1e-3)
    before = copy.deepcopy(still.state_dict())
    still.scale_rates(0.0)
    run(still, 1)
    assert all(torch.equal(w, before["network"][name]) for name, w in still.generator.named_parameters())
    assert all(
        torch.equal(w, before["discriminator"][name]) for name, w in still.discriminator.named_parameters()
    )
    halved, plain = small_model(), PlainLoop(small_model(), learning_rate=1e-4)
    halved.scale_rates(0.5)
    for number in (1, 2):
        batch = pairs(seed=number)
        halved.step([batch], number)
        plain.step(batch[:, 0], batch[:, 1])
    assert_close(halved.generator, plain.g)
    assert_close(halved.discriminator, plain.d)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("updates", ["joint", "separate"])
def test_every_precision_trains(precision: str, updates: str) -> None:
    model = small_model(
        precision=precision, discriminator_updates=updates, ngf=4, learning_rate=5e-3, spectral_norm=True
    )
    batch = pairs(4)
    values = [model.step([batch], number)["l1"].item() for number in range(1, 31)]
    assert sum(values[-3:]) < 0.7 * sum(values[:3])
    assert {weight.dtype for weight in model.generator.parameters()} == {torch.float32}
    assert all(weight.isfinite().all() for weight in model.generator.parameters())
    assert all(weight.isfinite().all() for weight in model.discriminator.parameters())


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("batches", [1, 2])
def test_gradient_norms_are_those_of_full_precision(precision: str, batches: int) -> None:
    changes = {"ngf": 4, "ndf": 4, "lambda_l1": 1.0}  # little enough for fp16's first scale, 65536
    full = run(small_model(**changes), 1, batches, measure=True)[0]
    mixed = run(small_model(precision=precision, **changes), 1, batches, measure=True)[0]
    for name in ("generator_gradient", "discriminator_gradient"):
        assert mixed[name].item() == pytest.approx(full[name].item(), rel=0.1)


def test_fp16_leaves_out_a_step_whose_gradients_overflow() -> None:
    model = small_model(precision="fp16", lambda_l1=1e6)  # times the first scale, 65536
    before = copy.deepcopy(model.generator)
    model.step([pairs()], 1)
    assert same_weights(model.generator, before)
    for number in range(2, 40):
        model.step([pairs()], number)
    assert not same_weights(model.generator, before)
    assert all(weight.isfinite().all() for weight in model.generator.parameters())


@pytest.mark.parametrize(
    "changes",
    [{}, {"ema_decay": 0.9}, {"precision": "fp16"}, {"spectral_norm": True}, {"lambda_gan": 0.0}],
    ids=["plain", "average", "fp16", "spectral norm", "no D"],
)
def test_state_goes_on_bit_for_bit(changes: dict[str, Any]) -> None:
    changes |= {"dropout": 0.5, "norm": "batch"}
    undisturbed, first = small_model(**changes), small_model(**changes)
    run(undisturbed, 4)
    run(first, 2)
    again = small_model(**changes)
    again.load_state_dict(copy.deepcopy(first.state_dict()))
    for number in (3, 4):
        again.step([pairs(seed=100 * number)], number)
    assert same_weights(again.generator, undisturbed.generator)
    assert same_weights(again.result, undisturbed.result)
    if again.discriminator is not None and undisturbed.discriminator is not None:
        assert same_weights(again.discriminator, undisturbed.discriminator)
