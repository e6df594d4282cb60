import os

import pytest

from pix2pix.core.errors import InputError, run_command


def test_name_in_an_error_does_not_steer_the_console() -> None:
    name = os.fsdecode(b"\x1b[31mcaf\xe9\r.jpg")

    def fail() -> None:
        raise InputError(f"{name}: no such file\ntry another")

    with pytest.raises(SystemExit) as ended:
        run_command(fail)
    assert ended.value.code == "error: \\x1b[31mcaf\\udce9\\x0d.jpg: no such file\nerror: try another"
