import hashlib
import io
import sys
import tarfile
import types
import zipfile
from pathlib import Path

import pytest
import torchvision.datasets
from loopback import Server, server
from scipy.io import savemat

from pix2pix.core.errors import InputError
from pix2pix.download.torchvision_sets import fetch_torchvision

__all__ = ["server"]


def tar_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def country211(server: Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """A tiny Country211 on loopback, and what it holds."""
    files = {f"{split}/{country}/1.jpg": f"{split}{country}".encode() for split in ("train", "valid", "test")
             for country in ("AD", "ZW")}  # fmt: skip
    server.content = tar_of({f"country211/{name}": content for name, content in files.items()})
    monkeypatch.setattr(torchvision.datasets.Country211, "_URL", server.url("country211.tgz").split("?")[0])
    monkeypatch.setattr(torchvision.datasets.Country211, "_MD5", hashlib.md5(server.content).hexdigest())
    return files


def test_country211_comes_in_its_splits_and_classes(
    country211: dict[str, bytes], server: Server, tmp_path: Path
) -> None:
    assert files_in(fetch_torchvision("torchvision://Country211", tmp_path)) == country211
    assert server.statuses == [200]


def test_half_unpacked_set_is_unpacked_again_but_not_downloaded(
    country211: dict[str, bytes], server: Server, tmp_path: Path
) -> None:
    folder = fetch_torchvision("torchvision://Country211", tmp_path)
    (folder / "test/ZW/1.jpg").unlink()
    assert files_in(fetch_torchvision("torchvision://Country211", tmp_path)) == country211
    assert server.statuses == [200, 416]


def test_wrong_bytes_are_told_and_a_retry_works(
    country211: dict[str, bytes], server: Server, tmp_path: Path
) -> None:
    right = server.content
    server.content = right[::-1]
    with pytest.raises(InputError, match="its md5 is not the"):
        fetch_torchvision("torchvision://Country211", tmp_path)
    server.content = right
    assert files_in(fetch_torchvision("torchvision://Country211", tmp_path)) == country211


def test_server_that_is_gone_is_told_with_the_way_out(
    country211: dict[str, bytes], server: Server, tmp_path: Path
) -> None:
    server.status = 404
    with pytest.raises(InputError, match=r"country211\.tgz.*404.*set dataset: folder and source:"):
        fetch_torchvision("torchvision://Country211", tmp_path)


def test_flowers102_comes_in_folders_of_its_labels(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"image": "102flowers.tgz", "label": "imagelabels.mat", "setid": "setid.mat"}
    tables = {
        "label": {"labels": [[77, 1, 55, 1, 1, 55]]},
        "setid": {"trnid": [[1, 2]], "valid": [[3, 4]], "tstid": [[5, 6]]},
    }
    server.by_name = {
        names["image"]: tar_of({f"jpg/image_{number:05}.jpg": b"%d" % number for number in range(1, 7)})
    }
    for key, table in tables.items():
        savemat(tmp_path / "table.mat", table)
        server.by_name[names[key]] = (tmp_path / "table.mat").read_bytes()
    hashes = {key: (name, hashlib.md5(server.by_name[name]).hexdigest()) for key, name in names.items()}
    flowers = torchvision.datasets.Flowers102
    monkeypatch.setattr(flowers, "_download_url_prefix", server.url("").split("?")[0])
    monkeypatch.setattr(flowers, "_file_dict", hashes)
    for _ in range(2):  # the second time as after a run that was killed before its end
        found = files_in(fetch_torchvision("torchvision://Flowers102", tmp_path / "work"))
        assert found == {
            "train/077_passion_flower/image_00001.jpg": b"1",
            "train/001_pink_primrose/image_00002.jpg": b"2",
            "val/055_pelargonium/image_00003.jpg": b"3",
            "val/001_pink_primrose/image_00004.jpg": b"4",
            "test/001_pink_primrose/image_00005.jpg": b"5",
            "test/055_pelargonium/image_00006.jpg": b"6",
        }


def test_celeba_comes_in_the_splits_that_keep_people_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gdown", types.ModuleType("gdown"))  # everything is there already
    names = [f"{number:06}.jpg" for number in range(1, 7)]
    tables = {
        "list_attr_celeba.txt": ["6", "Bald", *(f"{name} 1" for name in names)],
        "identity_CelebA.txt": [f"{name} 1" for name in names],
        "list_bbox_celeba.txt": ["6", "image_id x", *(f"{name} 1" for name in names)],
        "list_landmarks_align_celeba.txt": ["6", "x", *(f"{name} 1" for name in names)],
        "list_eval_partition.txt": [f"{name} {number // 2}" for number, name in enumerate(names)],
    }
    root = tmp_path / "celeba"
    root.mkdir()
    for name, lines in tables.items():
        (root / name).write_text("\n".join(lines) + "\n")
    with zipfile.ZipFile(root / "img_align_celeba.zip", "w") as archive:
        for name in names:
            archive.writestr(f"img_align_celeba/{name}", name)
    there = [
        ("", hashlib.md5((root / name).read_bytes()).hexdigest(), name)
        for name in ["img_align_celeba.zip", *tables]
    ]
    monkeypatch.setattr(torchvision.datasets.CelebA, "file_list", there)
    found = files_in(fetch_torchvision("torchvision://CelebA", tmp_path))
    assert sorted(found) == [
        "test/000005.jpg",
        "test/000006.jpg",
        "train/000001.jpg",
        "train/000002.jpg",
        "valid/000003.jpg",
        "valid/000004.jpg",
    ]


def test_missing_gdown_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gdown", None)
    with pytest.raises(InputError, match="pip install gdown"):
        fetch_torchvision("torchvision://CelebA", tmp_path)
