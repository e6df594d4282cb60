"""Batches on their way to the device."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor


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
