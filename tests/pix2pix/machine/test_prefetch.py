from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from pix2pix.machine.prefetch import ahead, on_device


def batches(count: int, pinned: bool = False) -> Iterator[Tensor]:
    for number in range(count):
        batch = torch.full((2, 2, 3, 64, 64), float(number))
        yield batch.pin_memory() if pinned else batch


@pytest.mark.parametrize("count", [0, 1, 5])
def test_batches_arrive_in_order(count: int) -> None:
    arrived = list(on_device(batches(count), torch.device("cpu")))
    assert [batch.unique().tolist() for batch in arrived] == [[number] for number in range(count)]


def test_no_batch_is_taken_before_it_is_asked_for_without_a_gpu() -> None:
    taken: list[Tensor] = []

    def counted() -> Iterator[Tensor]:
        for batch in batches(3):
            taken.append(batch)
            yield batch

    coming = on_device(counted(), torch.device("cpu"))
    next(coming)
    assert len(taken) == 1


@pytest.mark.gpu
@pytest.mark.parametrize("count", [0, 1, 2, 50])
@pytest.mark.parametrize("pinned", [False, True])
def test_batches_arrive_whole_on_a_gpu(count: int, pinned: bool) -> None:
    """Work on each batch is still queued when the next one is copied over."""
    sums = []
    for batch in on_device(batches(count, pinned), torch.device("cuda")):
        assert batch.is_cuda
        waste = torch.randn(1000, 1000, device="cuda")
        for _ in range(10):
            waste = (waste @ waste).tanh()
        sums.append(batch.mean())
    assert [float(total) for total in sums] == list(range(count))


def test_results_come_in_order_and_few_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for i in range(50):
            taken.append(i)
            yield i

    with ThreadPoolExecutor(4) as pool:
        for done, result in enumerate(ahead(lambda i: i * i, items(), pool, 6)):
            assert result == done * done and len(taken) <= done + 7
    assert len(taken) == 50


def test_error_of_an_item_comes_in_its_place() -> None:
    with ThreadPoolExecutor(2) as pool:
        results = ahead(lambda i: 1 // (3 - i), range(6), pool, 10)
        assert [next(results) for _ in range(3)] == [0, 0, 1]
        with pytest.raises(ZeroDivisionError):
            next(results)
