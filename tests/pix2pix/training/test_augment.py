import colorsys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from pix2pix.training.augment import HUE_RANGE, Disguise, augment, color_jitter, jitter, mosaic
from pix2pix.training.options import AugmentOptions


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def random_pair(size: int = 64, seed: int = 0) -> Tensor:
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(seed))


Others = Callable[[int], Tensor]


def augmented(pair: Tensor, options: AugmentOptions, others: Others, chance: np.random.Generator) -> Tensor:
    """A pair, (2, 3, H, W), changed as the only one of a batch."""
    return augment(pair[None], options, lambda count, _: others(count), [chance])[0]


def no_others(count: int) -> Tensor:
    raise AssertionError("no other pair was to be drawn")


def test_without_augmentation_pairs_stay_as_they_are() -> None:
    pair = random_pair()
    assert torch.equal(augmented(pair.clone(), AugmentOptions(), no_others, rng()), pair)


@pytest.mark.parametrize("size", [64, 256])
def test_jitter_is_a_window_of_the_picture_at_286_to_256(size: int) -> None:
    ramp = torch.linspace(-1, 1, size).expand(2, 3, size, size).contiguous()
    larger = round(size * 286 / 256)
    starts = []
    for seed in range(60):
        window = jitter(ramp[None], [rng(seed)])[0]
        assert window.shape == ramp.shape
        step = (window[0, 0, 0, size - 20] - window[0, 0, 0, 20]) / (size - 40)
        assert step == pytest.approx(2 / (size - 1) * size / larger, rel=1e-3)
        starts.append(round(float((window[0, 0, 0, size // 2] + 1) / step)) - size // 2)
    room = larger - size
    assert 0 <= min(starts) <= room / 5 and room * 4 / 5 <= max(starts) <= room + 1


def test_jitter_and_mirror_treat_both_halves_alike() -> None:
    a = random_pair()[0]
    pair = torch.stack([a, 1 - a])
    options = AugmentOptions(augment_jitter=True, augment_mirror=True)
    for seed in range(8):
        changed = augmented(pair, options, no_others, rng(seed))
        assert torch.allclose(changed[0], 1 - changed[1], atol=1e-5) and not torch.equal(changed, pair)


def outputs(options: AugmentOptions, pair: Tensor, times: int = 300) -> list[Tensor]:
    chance = rng()
    return [augmented(pair, options, no_others, chance) for _ in range(times)]


def test_mirror_flips_half_of_the_pairs() -> None:
    pair = random_pair(8)
    flipped = [torch.equal(out, pair.flip(-1)) for out in outputs(AugmentOptions(augment_mirror=True), pair)]
    assert sum(flipped) / len(flipped) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("probability", [0.0, 0.25, 0.5, 1.0])
def test_color_jitter_changes_a_alone_with_its_probability(probability: float) -> None:
    pair = random_pair(8)
    changed = outputs(AugmentOptions(augment_color_jitter=probability), pair)
    share = sum(not torch.equal(out[0], pair[0]) for out in changed) / len(changed)
    assert share == pytest.approx(probability, abs=0.08 if 0 < probability < 1 else 0)
    assert all(torch.equal(out[1], pair[1]) for out in changed)
    assert all(out.min() >= 0 and out.max() <= 1 for out in changed)


def test_color_jitter_changes_every_picture_otherwise_and_a_little() -> None:
    image = random_pair(16)[0]
    changed = [color_jitter(image, rng(seed)) for seed in range(20)]
    assert len({tuple(out.flatten()[:5].tolist()) for out in changed}) == 20
    assert all(0.001 < (out - image).abs().mean() < 0.2 for out in changed)


def test_color_jitter_turns_the_hue_within_its_range() -> None:
    red = torch.tensor([0.6, 0.2, 0.2]).view(3, 1, 1).expand(3, 8, 8)
    hues = []
    for seed in range(40):
        hue, _, _ = colorsys.rgb_to_hsv(*color_jitter(red, rng(seed))[:, 0, 0].tolist())
        hues.append((hue + 0.5) % 1 - 0.5)
    assert -HUE_RANGE - 1e-3 <= min(hues) < -HUE_RANGE / 2 and HUE_RANGE / 2 < max(hues) <= HUE_RANGE + 1e-3


@pytest.mark.parametrize("size", [8, 64])
def test_mosaic_takes_a_window_of_each_of_four_pairs_the_same_for_a_and_b(size: int) -> None:
    """Each pixel tells by its colours which pair, row and column it comes from."""
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    a = torch.stack([torch.stack([torch.full((size, size), n), y, x]) for n in range(4)]).float()
    pairs = torch.stack([a, a + 1000], dim=1)
    half, starts = size // 2, set()
    for seed in range(20):
        out = mosaic(pairs, rng(seed))
        assert out.shape == (2, 3, size, size) and torch.equal(out[1], out[0] + 1000)
        for n, (top, left) in enumerate([(0, 0), (0, half), (half, 0), (half, half)]):
            quarter = out[0, :, top : top + half, left : left + half]
            first_y, first_x = quarter[1, 0, 0], quarter[2, 0, 0]
            assert (quarter[0] == n).all()
            assert torch.equal(quarter[1], first_y + y[:half, :half])
            assert torch.equal(quarter[2], first_x + x[:half, :half])
            starts.add((int(first_y), int(first_x)))
    assert len(starts) > 10
    assert max(max(start) for start in starts) <= half


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_mosaic_draws_three_more_pairs_with_its_probability(probability: float) -> None:
    drawn: list[int] = []

    def others(count: int) -> Tensor:
        drawn.append(count)
        return torch.zeros(count, 2, 3, 8, 8)

    pair, chance = random_pair(8), rng()
    for _ in range(300):
        augmented(pair, AugmentOptions(augment_mosaic=probability), others, chance)
    assert set(drawn) <= {3}
    assert len(drawn) / 300 == pytest.approx(probability, abs=0.08 if 0 < probability < 1 else 0)


def test_pair_is_changed_the_same_alone_and_in_a_batch() -> None:
    everything = AugmentOptions(
        augment_jitter=True, augment_mirror=True, augment_color_jitter=0.5, augment_mosaic=0.5
    )
    pairs, other = torch.stack([random_pair(seed=n) for n in range(6)]), random_pair(seed=9)

    def others(count: int) -> Tensor:
        return other.expand(count, -1, -1, -1, -1)

    together = augment(pairs, everything, lambda count, _: others(count), [rng(n) for n in range(6)])
    alone = [augmented(pair, everything, others, rng(n)) for n, pair in enumerate(pairs)]
    assert torch.equal(together, torch.stack(alone))


def test_same_chance_gives_the_same_pair() -> None:
    everything = AugmentOptions(
        augment_jitter=True, augment_mirror=True, augment_color_jitter=0.5, augment_mosaic=0.5
    )
    pair, other = random_pair(), random_pair(seed=1).expand(3, -1, -1, -1, -1)
    twice = [[augmented(pair, everything, lambda _: other, rng(seed)) for seed in range(6)] for _ in range(2)]
    assert all(map(torch.equal, *twice))


def test_augmentation_leaves_its_input_as_it_was() -> None:
    pair = random_pair()
    before = pair.clone()
    everything = AugmentOptions(
        augment_jitter=True, augment_mirror=True, augment_color_jitter=1.0, augment_mosaic=0.5
    )
    for seed in range(6):
        augmented(pair, everything, lambda n: pair.expand(n, -1, -1, -1, -1), rng(seed))
    assert torch.equal(pair, before)


def pictures(count: int = 3, height: int = 64, width: int = 64) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(5)) * 2 - 1


def disguise(like: Tensor, seed: int = 1) -> Disguise:
    torch.manual_seed(seed)
    return Disguise.draw(like, 2)


def test_disguise_changes_real_and_fake_pairs_in_the_same_way() -> None:
    a, b = pictures(), pictures().flip(0)
    change = disguise(a)
    for one, other in zip(change.on(a, b), change.on(a, b), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(change.on(a, b)[0], disguise(a, seed=2).on(a, b)[0])


def test_disguise_shifts_a_and_b_alike_and_leaves_the_colours_of_a() -> None:
    a = pictures(1)
    change = disguise(a)
    moved_a, moved_b = change.on(a, a)
    down, right = int(change.rows[0, 0]), int(change.columns[0, 0])
    assert abs(down) <= 8 and abs(right) <= 8
    expected = torch.zeros_like(a)
    for y in range(64):
        for x in range(64):
            if 0 <= y + down < 64 and 0 <= x + right < 64:
                expected[..., y, x] = a[..., y + down, x + right]
    assert torch.equal(moved_a, expected * change.kept)
    assert torch.equal(moved_a == 0, moved_b == 0)


def test_disguise_has_a_hole_of_a_quarter_of_the_side() -> None:
    for each in disguise(pictures(8, 64, 128)).kept:
        hole = each[0] == 0
        assert hole.any(dim=1).sum() == 16 and hole.any(dim=0).sum() == 32 and hole.sum() == 16 * 32


def test_gradient_flows_through_a_disguise_to_what_is_still_seen() -> None:
    b = pictures().requires_grad_()
    change = disguise(b)
    change.on(pictures(), b)[1].square().sum().backward()
    assert b.grad is not None and b.grad.isfinite().all() and (b.grad != 0).float().mean() > 0.7


def test_disguise_differs_from_picture_to_picture() -> None:
    change = disguise(pictures(8))
    for part in (change.shade, change.saturation, change.contrast, change.rows, change.columns, change.kept):
        assert len(part.unique(dim=0)) > 1
