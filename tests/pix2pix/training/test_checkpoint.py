import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pix2pix.core.errors import InputError
from pix2pix.training.checkpoint import STATE, TrainingFiles


class Stranger:
    """Its pickle creates a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def state() -> dict[str, Any]:
    weights = {name: torch.randn(8, 3, 4, 4).to(memory_format=torch.channels_last) for name in "abc"}
    return {"weights": weights, "points": [(1, {"train/l1": 0.1})], "step": 3, "name": "x", "none": None}


def test_no_state_is_none(tmp_path: Path) -> None:
    assert TrainingFiles(tmp_path / "absent", {}).load_state() is None


def test_state_comes_back_as_it_was(tmp_path: Path) -> None:
    before = state()
    TrainingFiles(tmp_path / "work", {}).save_state(before)
    after = TrainingFiles(tmp_path / "work", {}).load_state()
    assert after is not None and after.keys() == before.keys()
    assert all(torch.equal(after["weights"][name], before["weights"][name]) for name in "abc")
    assert after["weights"]["a"].stride() == before["weights"]["a"].stride()
    assert all(after[key] == before[key] for key in ("points", "step", "name", "none"))


def test_failed_save_leaves_the_state_before(tmp_path: Path) -> None:
    TrainingFiles(tmp_path, {}).save_state({"step": 1})
    with pytest.raises((AttributeError, pickle.PicklingError, TypeError)):
        TrainingFiles(tmp_path, {}).save_state({"step": 2, "code": lambda: None})
    assert TrainingFiles(tmp_path, {}).load_state() == {"step": 1}
    assert [path.name for path in tmp_path.iterdir()] == [STATE]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_cut_state_is_refused(tmp_path: Path, share: float) -> None:
    TrainingFiles(tmp_path, {}).save_state(state())
    whole = (tmp_path / STATE).read_bytes()
    (tmp_path / STATE).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match=rf"is not a training's state, or damaged .*; remove {tmp_path}"):
        TrainingFiles(tmp_path, {}).load_state()


@pytest.mark.parametrize("is_in_table", [False, True], ids=["anywhere", "table of contents"])
@pytest.mark.filterwarnings("ignore")
def test_changed_bytes_end_in_no_other_error(tmp_path: Path, is_in_table: bool) -> None:
    TrainingFiles(tmp_path, {}).save_state(state())
    whole = (tmp_path / STATE).read_bytes()
    first = whole.index(b"data.pkl") if is_in_table else 0
    refused = 0
    for seed in range(300):
        damaged, rng = bytearray(whole), np.random.default_rng(seed)
        for place in rng.integers(first, first + 600 if is_in_table else len(whole), size=1 + seed % 3):
            damaged[place] ^= int(rng.integers(1, 256))
        (tmp_path / STATE).write_bytes(damaged)
        try:
            TrainingFiles(tmp_path, {}).load_state()
        except InputError as error:
            assert f"remove {tmp_path}" in str(error)
            refused += 1
    assert refused > 10


@pytest.mark.parametrize(
    "content", [b"", b"not a state", b"\x80\x04.", b"PK\x03\x04" + bytes(100), bytes(1000)]
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STATE).write_bytes(content)
    with pytest.raises(InputError, match="is not a training's state, or damaged"):
        TrainingFiles(tmp_path, {}).load_state()


@pytest.mark.parametrize("is_torchs", [True, False])
def test_no_code_of_a_strangers_file_is_run(tmp_path: Path, is_torchs: bool) -> None:
    content = {"model": Stranger(tmp_path / "was here")}
    if is_torchs:
        torch.save(content, tmp_path / STATE)
    else:
        (tmp_path / STATE).write_bytes(pickle.dumps(content))
    with pytest.raises(InputError, match="is not a training's state"):
        TrainingFiles(tmp_path, {}).load_state()
    assert not (tmp_path / "was here").exists()
    pickle.loads(pickle.dumps(content))
    assert (tmp_path / "was here").exists(), "the case shows nothing"
