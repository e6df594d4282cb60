"""Datasets of torchvision, which knows their files, hashes, labels and splits.

torchvision's own download starts anew when it breaks off; so the large archive comes by ``fetch`` where it
has an HTTP address, and torchvision checks its hash and unpacks it.
"""

import shutil
from pathlib import Path
from typing import Any

from pix2pix.core.errors import DamagedError, InputError
from pix2pix.download.fetch import fetch
from pix2pix.download.retries import download_error


def fetch_torchvision(address: str, folder: Path) -> Path:
    """Download a dataset of torchvision.

    Args:
        address: ``torchvision://CLASS``: ``Country211``, ``Flowers102`` or ``CelebA``.
        folder: torchvision's ``root``; finished downloads in it are not repeated.

    Returns:
        A folder of splits, below them class folders where the dataset has classes.

    Raises:
        InputError: a server cannot be reached or refuses, a hash is wrong, or a package is missing.
    """
    make = {"Country211": _country211, "Flowers102": _flowers102, "CelebA": _celeba}
    try:
        return make[address.removeprefix("torchvision://")](folder)
    except InputError:
        raise
    except (RuntimeError, OSError, ImportError) as error:  # what torchvision's downloads fail with
        raise download_error(address, error) from error


def _country211(folder: Path) -> Path:
    from torchvision.datasets import Country211

    _fetch_checked(Country211._URL, folder, Country211._MD5)
    shutil.rmtree(folder / "country211", ignore_errors=True)  # torchvision takes half of it for whole
    Country211(str(folder), download=True)
    return folder / "country211"


def _flowers102(folder: Path) -> Path:
    from torchvision.datasets import Flowers102

    name, md5 = Flowers102._file_dict["image"]
    _fetch_checked(Flowers102._download_url_prefix + name, folder / "flowers-102", md5)
    shutil.rmtree(folder / "flowers-102/jpg", ignore_errors=True)
    out = _empty(folder / "arranged")
    for split in ("train", "val", "test"):
        dataset = Flowers102(str(folder), split=split, download=True)
        for file, label in zip(dataset._image_files, dataset._labels, strict=True):
            words = "".join(c if c.isalnum() else " " for c in dataset.classes[label]).split()
            _move(file, out / split / f"{label + 1:03}_{'_'.join(words)}")
    return out


def _celeba(folder: Path) -> Path:
    from torchvision.datasets import CelebA

    pictures = folder / "celeba/img_align_celeba"
    shutil.rmtree(pictures, ignore_errors=True)
    out = _empty(folder / "arranged")
    try:
        sets: dict[str, Any] = {
            split: CelebA(str(folder), split=split, download=True) for split in ("train", "valid", "test")
        }
    except Exception as error:  # gdown, with which torchvision reads Google Drive, has errors of its own
        raise download_error("torchvision://CelebA", error) from error
    for split, dataset in sets.items():
        for name in dataset.filename:
            _move(pictures / name, out / split)
    return out


def _fetch_checked(url: str, folder: Path, md5: str) -> None:
    """Download an archive to where torchvision looks for it; a wrong one is not kept."""
    from torchvision.datasets.utils import check_integrity

    archive = fetch(url, folder)
    if not check_integrity(str(archive), md5):
        archive.unlink()
        raise DamagedError(f"source: {url}: its md5 is not the {md5} that torchvision expects")


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _move(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file.rename(folder / file.name)
