"""The project as a wheel, installed beside its dependencies and away from the checkout."""

import email
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from email.message import Message
from pathlib import Path

import numpy as np
import pytest
from clones import copy_files
from conftest import PROJECT
from packaging.requirements import Requirement
from small_model import small_translator

from pix2pix import __version__
from pix2pix.pictures.images import RgbImage, read_image, write_png

pytestmark = pytest.mark.slow

PROGRAMS = "Scripts" if os.name == "nt" else "bin"
EXTRAS = {"demo", "export", "kaggle", "realism", "s3", "ssh", "dev", "all"}


def run(*command: str | Path, folder: Path, fails: bool = False) -> str:
    """Run a command in ``folder`` that hears nothing of the checkout, and return its output."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"OMP_NUM_THREADS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        [*map(str, command)],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert (done.returncode != 0) == fails, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy: a build leaves folders in what it is built from."""
    copy, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    copy_files(copy)
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", built, copy, folder=built)
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has the wheel, and the dependencies of the tests' environment."""
    environment = tmp_path_factory.mktemp("installed") / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment, folder=wheel.parent)
    python = environment / PROGRAMS / "python"
    packages = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=wheel.parent
    )
    # Python reads no .pth of a folder that a .pth names, so an editable installation there does not count.
    Path(packages.strip(), "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = (sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", wheel)
    run(*install, folder=wheel.parent)
    return environment / PROGRAMS


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata_of(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_wheel_holds_the_library_with_its_pages_and_nothing_else(wheel: Path) -> None:
    names = names_in(wheel)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"pix2pix", "pix2pix_pipeline"}
    library = {path for path in (PROJECT / "pix2pix").rglob("*.*") if "__pycache__" not in path.parts}
    expected = {path.relative_to(PROJECT).as_posix() for path in library if path.is_file()}
    assert {Path(name).suffix for name in expected} >= {".py", ".html", ".css", ".js"}
    assert {name for name in names if name.startswith("pix2pix/")} == expected
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_wheel_names_the_pins_and_the_extras(wheel: Path) -> None:
    metadata = metadata_of(wheel)
    assert metadata["Version"] == __version__
    needed = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    always = {str(requirement) for requirement in needed if requirement.marker is None}
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    pins = {line.split("#")[0].strip() for line in lines} - {""}
    assert always == pins
    assert set(metadata.get_all("Provides-Extra", [])) == EXTRAS


def test_all_is_every_extra_of_a_user(wheel: Path) -> None:
    needed = [Requirement(line) for line in metadata_of(wheel).get_all("Requires-Dist", [])]
    (every,) = (r for r in needed if r.marker and r.marker.evaluate({"extra": "all"}) and r.extras)
    assert every.extras == EXTRAS - {"all", "dev"}
    pins = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert all(len(Requirement(pin).specifier) == 1 for extra in every.extras for pin in pins[extra])


def test_what_is_imported_is_what_was_installed(programs: Path, tmp_path: Path) -> None:
    script = "import pix2pix; print(pix2pix.__file__); from pix2pix import Translator; print(Translator.load)"
    output = run(programs / "python", "-c", script, folder=tmp_path).splitlines()
    assert Path(output[0]).is_relative_to(programs.parent) and "Translator.load" in output[1]
    run(programs / "python", "-c", "import stages", folder=tmp_path, fails=True)


def test_import_of_the_package_does_not_wait_for_torch(programs: Path, tmp_path: Path) -> None:
    script = "import sys, pix2pix; print(sorted({'torch', 'numpy', 'pandas', 'cv2'} & set(sys.modules)))"
    assert run(programs / "python", "-c", script, folder=tmp_path) == "[]\n"


def test_program_and_module_say_the_same(programs: Path, tmp_path: Path) -> None:
    for words in (["--version"], ["--help"], ["translate", "--help"], ["--print-completion", "bash"]):
        output = run(programs / "pix2pix", *words, folder=tmp_path)
        assert output == run(programs / "python", "-m", "pix2pix", *words, folder=tmp_path)
    assert run(programs / "pix2pix", "--version", folder=tmp_path) == f"pix2pix {__version__}\n"


def test_installed_program_translates_as_the_checkout_does(
    programs: Path, tmp_path: Path, photo: RgbImage
) -> None:
    translator = small_translator(tmp_path)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    shutil.move(tmp_path / "model.safetensors", folder / "m.safetensors")
    write_png(folder / "photo.png", photo)
    translate = (programs / "pix2pix", "translate", "photo.png", "-o", "out.png", "--model", "m.safetensors")
    run(*translate, "--accelerator", "cpu", folder=folder)
    picture = read_image(folder / "out.png")
    np.testing.assert_array_equal(picture, translator.translate(photo))
    assert picture.std() > 5
    assert {path.name for path in folder.iterdir()} == {"m.safetensors", "photo.png", "out.png"}
