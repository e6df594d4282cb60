import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from pix2pix.core.errors import DamagedError, InputError
from pix2pix.download.archives import unpack

FILES = {"rose/a.png": b"aaaa", "tulip/b.png": b"bb"}


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix in (".gz", ".tgz") else "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.TGZ"])
def test_files_come_out_with_their_folders(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    (make_zip if name.endswith("zip") else make_tar)(path, FILES)
    unpack(path, tmp_path / "out", max_gb=1)
    found = {
        p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in (tmp_path / "out").rglob("*.png")
    }
    assert found == FILES


@pytest.mark.parametrize(
    "name", ["../evil.png", "a/../../evil.png", "/tmp/evil.png", "..\\evil.png", "C:/evil.png", "."]
)
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_path_out_of_the_folder_is_refused(tmp_path: Path, name: str, make) -> None:  # type: ignore[no-untyped-def]
    path = make(tmp_path / ("a.zip" if make is make_zip else "a.tar"), {name: b"evil"})
    with pytest.raises(InputError, match="leads out of the folder"):
        unpack(path, tmp_path / "deep" / "out", max_gb=1)
    assert not list(tmp_path.rglob("*evil*")) and not Path("/tmp/evil.png").exists()


def test_links_are_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        member = tarfile.TarInfo("link.png")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("link.png")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    for name in ("a.tar", "a.zip"):
        with pytest.raises(InputError, match=r"link\.png is a link"):
            unpack(tmp_path / name, tmp_path / "out", max_gb=1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_bomb_is_stopped_at_the_limit(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    path = make(
        tmp_path / ("a.zip" if make is make_zip else "a.tar.gz"),
        {"a": bytes(6_000_000), "b": bytes(6_000_000)},
    )
    assert path.stat().st_size < 100_000
    with pytest.raises(InputError, match=r"unpacks to more than max_unpacked_gb: 0\.01"):
        unpack(path, tmp_path / "out", max_gb=0.01)
    assert sum(p.stat().st_size for p in (tmp_path / "out").rglob("*")) <= 10_000_000


def test_damaged_and_false_archives_are_refused(tmp_path: Path) -> None:
    whole = make_zip(tmp_path / "whole.zip", {"a": bytes(range(256)) * 100}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "flipped.zip").write_bytes(whole[:50] + bytes([whole[50] ^ 255]) + whole[51:])
    whole = make_tar(tmp_path / "whole.tar.gz", {"a": bytes(range(256)) * 100}).read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.tar").write_text("no archive")
    with tarfile.open(tmp_path / "whole.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "whole.tar.gz", "a")
    whole = (tmp_path / "whole.tar.xz").read_bytes()
    (tmp_path / "flipped.tar.xz").write_bytes(whole[:200] + bytes([whole[200] ^ 255]) + whole[201:])
    for name in ("cut.zip", "flipped.zip", "cut.tar.gz", "text.tar", "flipped.tar.xz"):
        with pytest.raises(DamagedError, match="cannot be unpacked"):
            unpack(tmp_path / name, tmp_path / "out", max_gb=1)


def test_file_and_folder_of_one_name_are_told_apart_from_damage(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "a.tar", {"a": b"1", "a/b": b"2"})
    with pytest.raises(InputError, match="cannot be unpacked") as error:
        unpack(path, tmp_path / "out", max_gb=1)
    assert not isinstance(error.value, DamagedError)


@pytest.mark.parametrize(("method", "name"), [(9, "deflate64"), (98, "ppmd"), (222, "method 222")])
def test_method_that_is_not_known_is_named_and_is_no_damage(tmp_path: Path, method: int, name: str) -> None:
    content = bytearray(make_zip(tmp_path / "a.zip", {"a.png": b"aaaa"}).read_bytes())
    content[8] = content[content.index(b"PK\x01\x02") + 10] = method
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(
        InputError, match=rf"a\.png is packed by {name}, .*7-Zip, and give the folder"
    ) as error:
        unpack(tmp_path / "a.zip", tmp_path / "out", max_gb=1)
    assert not isinstance(error.value, DamagedError)
