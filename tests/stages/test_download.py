"""The stage as DVC starts it, on hostile input and killed."""

import hashlib
import io
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT
from loopback import Server, server

from pix2pix.pictures.images import write_png

__all__ = ["server"]


class Project:
    """A folder with the settings, in which the stage runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.output = ""
        self.settings = {
            "dataset": "folder",
            "source": "data/input",
            "source_sha256": '""',
            "max_unpacked_gb": "1",
            "layout": "auto",
        }
        (path / "data/input").mkdir(parents=True)
        shutil.copyfile(PROJECT / "machine.yaml", path / "machine.yaml")

    def start(self) -> "subprocess.Popen[str]":
        lines = [f"{key}: {value}\n" for key, value in self.settings.items()]
        (self.path / "params.yaml").write_text("".join(lines))
        return subprocess.Popen(
            [sys.executable, "-m", "stages.download", "--raw", "data/raw", "--performance", "p.json"],
            cwd=self.path,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def succeeds(self) -> dict[str, bytes]:
        stage = self.start()
        self.output, errors = stage.communicate(timeout=120)
        assert stage.returncode == 0, errors
        assert self.kept_work() == []
        return self.raw()

    def fails(self) -> str:
        """Run the stage, which must fail in plain words and leave nothing but the work that is kept."""
        before = self.files()
        stage = self.start()
        output, errors = stage.communicate(timeout=120)
        assert stage.returncode == 1, output
        assert all(line.startswith("error: ") for line in errors.splitlines()), errors
        assert self.files() == before
        return errors

    def files(self) -> set[Path]:
        """All files and folders, but for those that the stage keeps for the next run."""
        return {path for path in self.path.rglob("*") if ".dvc" not in path.parts} - {
            self.path / "params.yaml"
        }

    def kept_work(self) -> list[Path]:
        work = self.path / ".dvc/tmp/work"
        return [path for path in work.rglob("*") if path.is_file() and path.suffix != ".lock"]

    def raw(self) -> dict[str, bytes]:
        raw = self.path / "data/raw"
        return {
            path.relative_to(raw).as_posix(): path.read_bytes() for path in raw.rglob("*") if path.is_file()
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "deep" / "project")


def picture(tmp_path: Path) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (500, 500, 3), dtype=np.uint8)
    write_png(tmp_path / "noise.png", noise)
    return (tmp_path / "noise.png").read_bytes()


def archive(path: Path, files: dict[str, bytes], link: str = "") -> Path:
    """A zip or tar of files, and of a link to /etc/passwd where ``link`` names one."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, content in files.items():
                zipped.writestr(name, content)
            if link:
                info = zipfile.ZipInfo(link)
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
                zipped.writestr(info, "/etc/passwd")
        return path
    with tarfile.open(path, "w:gz") as tarred:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tarred.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tarred.addfile(member)
    return path


def test_files_that_dvc_would_stop_at_are_told_before(project: Project, tmp_path: Path) -> None:
    source = project.path / "data/input"
    (source / "a.png").write_bytes(picture(tmp_path))
    (source / "gone.png").symlink_to("nothing.png")
    (source / os.fsdecode(b"caf\xe9.txt")).touch()
    message = project.fails()
    assert "DVC cannot read 2 files of the source data/input" in message
    assert (
        r"caf\udce9.txt (a name that is no UTF-8), gone.png (broken link); remove or rename them" in message
    )


def test_archive_with_odd_names_is_used(project: Project, tmp_path: Path) -> None:
    files = {os.fsdecode(b"rose/caf\xe9.png"): picture(tmp_path), "rose/line\nbreak.png": picture(tmp_path)}
    project.settings["source"] = str(archive(tmp_path / "photos.tar.gz", files))
    raw = project.succeeds()
    copies = [name for name in raw if name.startswith("images/rose/")]
    assert len(copies) == 2 and all(name.isprintable() and name.encode() for name in copies)
    assert r"rose/caf\udce9.png" in raw["manifest.csv"].decode()


@pytest.mark.parametrize("suffix", [".zip", pytest.param(".tar.gz", marks=pytest.mark.slow)])
def test_hostile_archive_is_refused_and_a_good_one_then_used(
    suffix: str, project: Project, tmp_path: Path
) -> None:
    good = {"rose/a.png": picture(tmp_path)}
    path = tmp_path / f"photos{suffix}"
    project.settings["source"] = str(path)
    outside = str(tmp_path / "evil.png")
    for files, link, message in (
        ({"../../evil.png": b"evil"}, "", "'../../evil.png' leads out of the folder"),
        ({outside: b"evil"}, "", f"'{outside}' leads out of the folder"),
        ({}, "evil.png", "evil.png is a link"),
        ({"evil.png": bytes(20_000_000)}, "", "unpacks to more than max_unpacked_gb: 0.01"),
    ):
        archive(path, good | files, link)
        project.settings["max_unpacked_gb"] = "0.01"
        assert message in project.fails()
        assert not list(tmp_path.rglob("*evil*"))
    archive(path, good)
    assert project.succeeds()["images/rose/a.png"] == good["rose/a.png"]


def test_hostile_archive_of_a_server_is_refused(project: Project, tmp_path: Path, server: Server) -> None:
    path = archive(tmp_path / "photos.zip", {"a.png": picture(tmp_path), "../evil.png": b"evil"})
    server.content = path.read_bytes()
    project.settings["source"] = server.url()
    assert "leads out of the folder" in project.fails()
    assert not list(tmp_path.rglob("*evil*"))
    server.content, server.etag = archive(path, {"a.png": picture(tmp_path)}).read_bytes(), '"mended"'
    assert "images/a.png" in project.succeeds()


def test_missing_file_is_told_and_a_retry_works(project: Project, tmp_path: Path, server: Server) -> None:
    server.content = archive(tmp_path / "photos.zip", {"a.png": picture(tmp_path)}).read_bytes()
    project.settings["source"] = server.url()
    server.status = 404
    assert "404" in project.fails()
    server.status = 200
    assert "images/a.png" in project.succeeds()


def test_wrong_bytes_are_told_and_a_retry_works(project: Project, tmp_path: Path, server: Server) -> None:
    right = archive(tmp_path / "photos.zip", {"a.png": picture(tmp_path)}).read_bytes()
    project.settings["source"] = server.url()
    project.settings["source_sha256"] = f'"{hashlib.sha256(right).hexdigest()}"'
    server.content = right[::-1]
    assert "expected source_sha256" in project.fails()
    server.content = right
    assert "images/a.png" in project.succeeds()
    assert server.statuses == [200, 200]


def test_server_that_breaks_off_is_gone_on_with(project: Project, tmp_path: Path, server: Server) -> None:
    server.content = archive(tmp_path / "photos.zip", {"a.png": picture(tmp_path)}).read_bytes()
    server.break_off_first = 2
    project.settings["source"] = server.url()
    assert project.succeeds()["images/a.png"] == picture(tmp_path)
    assert server.statuses == [200, 206, 206]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_killed_download_goes_on_and_gives_the_same_bytes(
    project: Project, tmp_path: Path, server: Server
) -> None:
    files = {f"rose/{number}.png": picture(tmp_path) for number in range(3)}
    server.content = archive(tmp_path / "photos.zip", files).read_bytes()
    project.settings["source"] = server.url()
    undisturbed = project.succeeds()

    server.ranges.clear()
    server.pause_s = 0.1
    stage = project.start()
    wait_for(lambda: sum(path.stat().st_size for path in project.kept_work()) > 500_000)
    stage.kill()
    stage.communicate()
    left = max(path.stat().st_size for path in project.kept_work())
    assert left < len(server.content) and project.raw() == undisturbed

    project.settings["layout"] = "photos"  # which need not be downloaded again
    server.pause_s = 0.0
    assert project.succeeds() == undisturbed
    assert server.ranges == [None, f"bytes={left}-"]


def test_named_dataset_is_downloaded_from_its_address(
    project: Project, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_png(tmp_path / "pair.png", np.zeros((32, 64, 3), dtype=np.uint8))
    pair = (tmp_path / "pair.png").read_bytes()
    files = {f"facades/{split}/1.png": pair for split in ("train", "val", "test")}
    server.content = archive(tmp_path / "facades.tar.gz", files).read_bytes()
    for name in ("http_proxy", "no_proxy", "NO_PROXY"):  # requests reach loopback, whatever their address
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    project.settings["dataset"] = "facades"
    server.status = 404
    assert "set dataset: folder and source: to that copy" in project.fails()
    server.status = 200
    raw = project.succeeds()
    assert {name for name in raw if name.endswith(".png")} == {
        "pairs/test/1.png",
        "pairs/train/1.png",
        "pairs/val/1.png",
    }
    assert server.paths == ["http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/facades.tar.gz"] * 2
    assert "facades: pairs; 0.03 GB; licence or terms: unknown (CMP Facades)" in project.output
