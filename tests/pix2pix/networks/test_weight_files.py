import hashlib
import io
from pathlib import Path

import pytest
import torch
from loopback import Server
from loopback import server as server  # a fixture

from pix2pix.core.errors import InputError
from pix2pix.core.hashes import file_hash
from pix2pix.networks.weight_files import UnavailableError, checked_file, download_weights, read_weights


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights.pth"
    torch.save({"weight": torch.arange(3.0)}, path)
    return path


def test_checked_file_is_the_path(file: Path) -> None:
    assert checked_file(str(file), file_hash(file), "init_from") == file


def test_weights_are_those_of_the_file(file: Path) -> None:
    weights = read_weights(str(file), file_hash(file), "pretrained")
    assert weights.keys() == {"weight"} and torch.equal(weights["weight"], torch.arange(3.0))


@pytest.mark.parametrize("sha256", ["", "0" * 64])
def test_another_hash_is_told_with_the_one_found(file: Path, sha256: str) -> None:
    with pytest.raises(InputError) as error:
        read_weights(str(file), sha256, "feature_weights")
    assert str(error.value) == (
        f"feature_weights: the sha256 of {file} is {file_hash(file)}, expected {sha256}"
    )


def test_failed_download_is_no_fatal_error(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The train stage stops at it; evaluation goes on without what needs the weights."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server.status = 404
    url = f"http://127.0.0.1:{server.server_port}/weights-0123abcd.pth"
    with pytest.raises(
        UnavailableError, match=f"lpips_weights: {url} could not be downloaded: HTTP Error 404"
    ):
        download_weights(url, "lpips_weights")


def test_download_runs_no_code_of_the_file(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    buffer = io.BytesIO()
    torch.save(Stranger(), buffer)
    name = f"weights-{hashlib.sha256(buffer.getvalue()).hexdigest()[:8]}.pth"
    server.by_name = {name: buffer.getvalue()}
    with pytest.raises(UnavailableError, match="could not be downloaded: Weights only load failed"):
        download_weights(f"http://127.0.0.1:{server.server_port}/{name}", "lpips_weights")


class Stranger:
    def __reduce__(self) -> tuple[object, ...]:
        return pytest.fail, ("the file's code was run",)
