"""Work done ahead: batches on their way to the device, and files read and written by threads."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import TypeVar

import torch
from torch import Tensor

Item = TypeVar("Item")
Result = TypeVar("Result")


def on_device(batches: Iterable[Tensor], device: torch.device) -> Iterator[Tensor]:
    """Yield ``batches`` on the device; to a GPU the next one is copied while the current one is worked on."""
    if device.type != "cuda":
        yield from (batch.to(device) for batch in batches)
        return
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    ready: Tensor | None = None
    for batch in batches:
        with torch.cuda.stream(stream):
            coming = batch.to(device, non_blocking=True)
        if ready is not None:
            yield ready
        torch.cuda.current_stream(device).wait_stream(stream)
        coming.record_stream(torch.cuda.current_stream(device))
        ready = coming
    if ready is not None:
        yield ready


def to_device(values: Sequence[int], device: torch.device) -> Tensor:
    """A few numbers of the host as a tensor on the device, without waiting for it."""
    tensor = torch.tensor(values)
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def ahead(
    function: Callable[[Item], Result], items: Iterable[Item], pool: Executor, count: int
) -> Iterator[Result]:
    """Yield the results of ``function`` in the order of ``items``, computed at most ``count`` ahead.

    Unlike ``Executor.map`` it takes the items as they are needed, so that memory does not grow with them.
    """
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) > count:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
