"""CycleGAN's and CUT's steps beside the same in plain PyTorch, and what is particular to each."""

from typing import Any

import numpy as np
import pytest
import torch
from plain_unpaired import PlainCut, PlainCycleGan
from torch import Tensor, nn
from torch.nn import functional as F
from training_cases import small_options

from pix2pix.machine.device import open_fabric
from pix2pix.networks import patch_heads
from pix2pix.networks.patch_heads import PatchHeads
from pix2pix.training.build import build_model
from pix2pix.training.objectives.contrast import contrastive_loss
from pix2pix.training.objectives.picture_pool import PicturePool

SAME: dict[str, Any] = {
    "generator": "resnet_6blocks",
    "norm": "instance_plain",
    "gan_loss": "lsgan",
    "dropout": 0.0,
    "learning_rate": 2e-4,
    "discriminator_loss_factor": 0.5,
}


def build(dtype: torch.dtype = torch.float32, **changes: Any) -> Any:
    options = small_options(**(SAME | changes))
    torch.set_default_dtype(dtype)
    try:
        return build_model(open_fabric("cpu", precision=options.precision), options)
    finally:
        torch.set_default_dtype(torch.float32)


def sides(count: int = 1, seed: int = 1) -> Tensor:
    """Pictures of A and of B, (N, 2, 3, 64, 64), in [-1, 1]."""
    blocks = torch.rand(2 * count, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return F.interpolate(blocks, size=64).unflatten(0, (count, 2))


def assert_close(ours: nn.Module, plain: nn.Module) -> None:
    for (name, mine), reference in zip(ours.state_dict().items(), plain.state_dict().values(), strict=True):
        assert torch.allclose(mine, reference, rtol=1e-6, atol=1e-9), name


@pytest.mark.parametrize(
    "changes", [{}, {"lambda_cycle": 5.0, "lambda_identity": 2.0, "lambda_gan": 3.0}, {"beta1": 0.9}]
)
@pytest.mark.parametrize("count", [1, 2])
def test_cyclegans_steps_equal_a_plain_loop(changes: dict[str, Any], count: int) -> None:
    model = build(torch.double, objective="cyclegan", **changes)
    plain = PlainCycleGan(model, **(SAME | changes))
    for number in range(1, 4):
        pictures = sides(count, seed=number).double()
        expected = plain.step(*pictures.unbind(1))
        terms = model.step([pictures], number)
        for name, value in expected.items():
            assert terms[name].item() == pytest.approx(value, rel=1e-7, abs=1e-9), name
    for ours, reference in zip(model._generators, (plain.g, plain.f), strict=True):
        assert_close(ours, reference)
    for adversary, reference in zip(model._adversaries, plain.ds, strict=True):
        assert_close(adversary.network, reference)


@pytest.mark.parametrize("changes", [{}, {"lambda_nce": 10.0, "lambda_nce_identity": 0.0}])
@pytest.mark.parametrize("count", [1, 2])
def test_cuts_steps_equal_a_plain_loop(
    changes: dict[str, Any], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patch_heads, "PATCHES", 70 * 70)  # all, so that none needs to be drawn
    model = build(torch.double, objective="cut", **changes)
    plain = PlainCut(model, **(SAME | changes))
    for number in range(1, 3):
        pictures = sides(count, seed=number).double()
        expected = plain.step(*pictures.unbind(1))
        terms = model.step([pictures], number)
        for name, value in expected.items():  # unit vectors are of fp32
            assert terms[name].item() == pytest.approx(value, rel=1e-4, abs=1e-5), name
    assert {"contrast_identity"} <= terms.keys() or not changes.get("lambda_nce_identity", 1)


@pytest.mark.parametrize("objective", ["cyclegan", "cut"])
def test_accumulated_batches_learn_what_one_large_batch_does(objective: str) -> None:
    """Of CUT without the contrast, whose places are drawn for each batch."""
    changes = {"objective": objective, "lambda_nce": 0.0, "lambda_nce_identity": 0.0}
    one, many = build(torch.double, **changes), build(torch.double, **changes)
    pictures = sides(4).double()
    one_terms, many_terms = one.step([pictures], 1), many.step(list(pictures.split(2)), 1)
    for name, value in one_terms.items():
        if not name.startswith("contrast"):
            assert many_terms[name].item() == pytest.approx(value.item(), rel=1e-9), name
    assert_close(many.generator, one.generator)


@pytest.mark.parametrize("objective", ["cyclegan", "cut"])
def test_step_is_random_by_its_seed_and_number_alone(objective: str) -> None:
    changes = {"objective": objective, "dropout": 0.5, "augment_discriminator": True, "nce_flip": True}
    runs = []
    for noise in range(2):
        model = build(**changes)
        for number in (1, 2):
            torch.manual_seed(noise)
            terms = model.step([sides(2, seed=number)], number, measure=True)
        runs.append({name: value.item() for name, value in terms.items()})
    assert runs[0] == runs[1]
    assert {"generator_gradient", "discriminator_gradient"} <= runs[0].keys()


def test_identity_loss_is_left_out_where_it_weighs_nothing() -> None:
    terms = build(objective="cyclegan", lambda_identity=0.0).step([sides()], 1)
    assert "cycle" in terms and "identity" not in terms


def test_half_of_the_steps_mirror_the_input() -> None:
    """A generator that is given the mirrored picture, and features that are mirrored back."""
    model = build(objective="cut", nce_flip=True)
    seen: list[Tensor] = []
    model.generator.down.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    pictures = sides()
    flipped = []
    for number in range(1, 21):
        seen.clear()
        model.step([pictures], number)
        flipped.append(torch.equal(seen[0], pictures[:, 0].flip(-1)))
        assert flipped[-1] or torch.equal(seen[0], pictures[:, 0])
    assert 3 <= sum(flipped) <= 17


def test_contrast_is_lowest_where_each_patch_is_like_its_own() -> None:
    torch.manual_seed(0)
    heads = PatchHeads([3])
    features = torch.randn(2, 3, 8, 8)
    own = contrastive_loss(heads([features], [features]))
    assert own < contrastive_loss(heads([features.flip(-1)], [features]))


def test_no_gradient_reaches_the_input_through_its_features() -> None:
    heads = PatchHeads([3])
    query, key = torch.randn(2, 1, 3, 8, 8).requires_grad_().unbind()
    query.retain_grad(), key.retain_grad()
    contrastive_loss(heads([query], [key])).backward()
    assert query.grad is not None and query.grad.abs().sum() > 0 and key.grad is None


def test_pool_returns_older_pictures_in_half_of_the_cases() -> None:
    pool, rng = PicturePool(50), np.random.default_rng(0)
    pictures = torch.arange(1050.0).reshape(-1, 1, 1, 1).expand(-1, 3, 1, 1)
    drawn = torch.cat([pool.exchanged(picture[None], rng) for picture in pictures])
    values = drawn[:, 0, 0, 0]
    assert torch.equal(values[:50], torch.arange(50.0))  # while it is not full
    older = (values[50:] != torch.arange(50.0, 1050.0)).float().mean()
    assert 0.45 < older < 0.55 and len(values[50:].unique()) == 1000  # none comes back twice


def test_pool_goes_on_where_it_was() -> None:
    pool, again = PicturePool(3), PicturePool(3)
    pool.exchanged(torch.rand(5, 3, 4, 4), np.random.default_rng(0))
    again.load_state_dict(pool.state_dict(), torch.device("cpu"))
    new = torch.rand(8, 3, 4, 4)
    one, other = (each.exchanged(new, np.random.default_rng(1)) for each in (pool, again))
    assert torch.equal(one, other)
