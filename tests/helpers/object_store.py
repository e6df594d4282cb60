"""An S3 API on loopback, moto's."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of moto's S3 on loopback."""
    pytest.importorskip("moto.server", reason="needs moto[server] of the extra dev")
    pytest.importorskip("s3fs", reason="needs the extra s3")
    code = (
        "from moto.moto_server.threaded_moto_server import ThreadedMotoServer as S\n"
        "s = S('127.0.0.1', 0, verbose=False); s.start(); print(s.get_host_and_port()[1], flush=True)\n"
        "import sys; sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as moto:
        assert moto.stdout
        yield f"http://127.0.0.1:{moto.stdout.readline().strip()}"
        moto.kill()
