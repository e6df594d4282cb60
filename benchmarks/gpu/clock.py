"""Time on a device: seconds of calls that run behind the host's back, kernels' own time, peak memory."""

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

Call = Callable[[], object]

ROUNDS = 3
WARM_UP = 3  # calls before any is timed, at least
WARM_UP_S = 0.5
BUSY = ("kernel", "gpu_memcpy", "gpu_memset")  # categories of a trace: what keeps a GPU busy


def wait_for(device: torch.device) -> None:
    """Wait until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def warm_up(call: Call, device: torch.device, calls: int = WARM_UP) -> float:
    """Call several times, for half a second at least on a GPU; return the seconds of one call of the last."""
    for _ in range(calls):
        call()
    wait_for(device)
    count, elapsed = 1, _seconds(call, device, 1)
    while device.type == "cuda" and elapsed < WARM_UP_S:
        count *= 2
        elapsed = _seconds(call, device, count)
    return elapsed / count


def seconds_per_call(
    ways: Mapping[str, Call],
    device: torch.device,
    seconds: float,
    *,
    rounds: int = ROUNDS,
    calls: int = WARM_UP,
) -> dict[str, list[float]]:
    """Time several ways to do the same work, by turns.

    The host waits for the device before and after each turn, not within it.

    Args:
        ways: the calls, by name.
        device: that they run on.
        seconds: of each turn, about.
        rounds: turns of each.
        calls: before the first one is timed.

    Returns:
        the seconds of a call, of each way by round.
    """
    counts = {name: max(1, round(seconds / warm_up(call, device, calls))) for name, call in ways.items()}
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, call in ways.items():
            call()  # brings back to the caches what the others drove out
            found[name].append(_seconds(call, device, counts[name]) / counts[name])
    return found


def _seconds(call: Call, device: torch.device, count: int) -> float:
    wait_for(device)
    start = time.perf_counter()
    for _ in range(count):
        call()
    wait_for(device)
    return time.perf_counter() - start


def busy_per_call(call: Call, device: torch.device, calls: int) -> dict[str, float]:
    """Profile some calls on a GPU; nothing on another device, or where no kernel is seen.

    Returns:
        ``busy_ms``: the time of a call in which a kernel or a copy ran; ``kernels`` of a call;
        ``idle_share_profiled``: the share of the profiled time in which none ran.
    """
    if device.type != "cuda":
        return {}
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "trace.json")
        wait_for(device)
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
            for _ in range(calls):
                call()
            wait_for(device)
        profile.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text())["traceEvents"]
    return busy_time(events, calls)


def busy_time(events: Iterable[Mapping[str, Any]], calls: int) -> dict[str, float]:
    """What ``busy_per_call`` returns, from the events of a trace, whose times are in microseconds."""
    spans = sorted(
        (float(event["ts"]), float(event["ts"]) + float(event["dur"]))
        for event in events
        if event.get("ph") == "X" and event.get("cat") in BUSY
    )
    if not spans:
        return {}
    busy_us, end = 0.0, spans[0][0]
    for start, stop in spans:  # their union: kernels of several streams overlap
        busy_us += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return {
        "busy_ms": round(busy_us / 1000 / calls, 4),
        "kernels": round(len(spans) / calls, 1),
        "idle_share_profiled": round(max(0.0, 1 - busy_us / max(end - spans[0][0], 1e-9)), 4),
    }


def forget_peak_memory(device: torch.device) -> int:
    """Start to measure peak memory anew; return the bytes that are in use now."""
    if device.type != "cuda":
        return 0
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    return torch.cuda.memory_allocated(device)


def peak_memory(device: torch.device, before: int) -> dict[str, float]:
    """The most memory in use since ``forget_peak_memory``, beyond what was in use then; on a GPU alone."""
    if device.type != "cuda":
        return {}
    return {"peak_memory_mb": round((torch.cuda.max_memory_allocated(device) - before) / 1e6)}
