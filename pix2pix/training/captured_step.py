"""Training steps on a GPU without the host: recorded once as a CUDA graph, then replayed.

A step of pix2pix launches a thousand small kernels. At the paper's batch of one a modern GPU is done with
each before the host has launched the next one; a graph launches all of them at once.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pix2pix.core.choices import WherePossible
from pix2pix.core.errors import InputError
from pix2pix.training.objectives.adversary import Terms
from pix2pix.training.objectives.objective import Objective
from pix2pix.training.objectives.optimizer import GRADIENT

FIRST_STEPS = 3  # of each kind, as they are: optimisers make their state, cuDNN finds its fastest kernels

Kind = tuple[torch.Size, bool]  # shape of the batch, and whether G is pretrained
Step = Callable[..., Terms]  # as ``Objective.step``


def step_of(objective: Objective, cuda_graphs: WherePossible, accumulate_steps: int) -> Step:
    """The training step of an objective, captured where that is possible.

    Args:
        objective: what is trained.
        cuda_graphs: ``auto`` captures where it can, and says on a GPU why where it cannot; ``true`` captures;
            ``false`` does not.
        accumulate_steps: batches of a step.

    Raises:
        InputError: ``cuda_graphs`` is true, and the step cannot be captured.
    """
    if cuda_graphs is False:
        return objective.step
    reason = why_uncaptured(objective, accumulate_steps)
    if not reason:
        return CapturedStep(objective).step
    if cuda_graphs is True:
        raise InputError(f"cuda_graphs: true in machine.yaml, but {reason}; take auto or false")
    if objective.fabric.device.type == "cuda" and objective.fabric.is_global_zero:
        print(f"train: steps are not captured as a CUDA graph: {reason}", flush=True)
    return objective.step


def why_uncaptured(objective: Objective, accumulate_steps: int = 1) -> str:
    """Why a step cannot be captured; empty where it can be."""
    fabric = objective.fabric
    reasons = {
        f"the device is {fabric.device.type}, not cuda": fabric.device.type != "cuda",
        "several processes exchange gradients in it": fabric.world_size > 1,
        "precision: fp16 finds its scale on the host": hasattr(fabric.strategy.precision, "scaler")
        and fabric.strategy.precision.scaler is not None,
        f"objective: {objective.objective.objective} draws from random numbers of the host": (
            not objective.is_capturable
        ),
        "accumulate_steps: each batch has a seed of its own": accumulate_steps > 1,
        "compile: true captures in its own way": objective.is_compiled,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


class CapturedStep:
    """The step of an objective on a GPU; after the first few of a kind it is recorded and then replayed.

    A batch of another shape, such as an epoch's last one, is of a kind of its own.

    Args:
        objective: of which ``why_uncaptured`` has nothing to say.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._stream = torch.cuda.Stream(objective.fabric.device)  # type: ignore[no-untyped-call]
        self._done: Counter[Kind] = Counter()
        self._recorded: dict[Kind, _Recorded] = {}

    def step(
        self, batches: Sequence[Tensor], number: int, *, pretrain: bool = False, measure: bool = False
    ) -> Terms:
        """Update all networks on one batch, as ``Objective.step`` says."""
        (batch,) = batches
        kind = batch.shape, pretrain
        # Backward passes run on the stream of their forward passes: so all are on the one that records.
        ours = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(ours)
        with torch.cuda.stream(self._stream):
            if self._done[kind] < FIRST_STEPS:
                terms = self._objective.step(batches, number, pretrain=pretrain, measure=measure)
                names, values = list(terms), _stacked(terms)
            else:
                if kind not in self._recorded:
                    self._recorded[kind] = self._record(batch, number, pretrain)
                recorded = self._recorded[kind]
                recorded.batch.copy_(batch)
                torch.manual_seed(self._seed(number))
                recorded.graph.replay()
                names, values = recorded.names, recorded.values
        ours.wait_stream(self._stream)
        self._done[kind] += 1
        terms = dict(zip(names, values.clone().unbind(), strict=True))  # the next replay overwrites them
        return {name: value for name, value in terms.items() if measure or not name.endswith(GRADIENT)}

    def _record(self, batch: Tensor, number: int, pretrain: bool) -> "_Recorded":
        batch, graph = batch.clone(), torch.cuda.CUDAGraph()
        torch.manual_seed(self._seed(number))
        # Other threads, such as the loader's, may use the GPU meanwhile.
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            terms = self._objective.step([batch], number, pretrain=pretrain, measure=True)
            values = _stacked(terms)
        return _Recorded(graph, batch, list(terms), values)

    def _seed(self, number: int) -> int:
        (seed,) = self._objective.seeds(number, 1)
        return seed


@dataclass(frozen=True)
class _Recorded:
    """A step as a graph, what it reads, and what it writes beside the networks."""

    graph: torch.cuda.CUDAGraph
    batch: Tensor
    names: list[str]
    values: Tensor


def _stacked(terms: Terms) -> Tensor:
    return torch.stack([term.float() for term in terms.values()])
