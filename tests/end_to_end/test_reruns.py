"""What an edit of the code reruns, by DVC's word: a stage that uses the file, and no other."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from clones import Clone, clone_project, ran
from conftest import PROJECT

pytestmark = pytest.mark.slow

NO_STAGE_USES = ("pages/demo", "pages/rating", "release", "translation", "commands")
AUGMENTATION = "pix2pix/training/augment.py"


def modules(room: str) -> list[str]:
    found = (path for path in (PROJECT / "pix2pix" / room).glob("*.py") if path.stem != "__init__")
    return sorted(path.relative_to(PROJECT).as_posix() for path in found)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone in which the pipeline has run once and is committed."""
    clone = clone_project(tmp_path_factory.mktemp("reruns") / "clone")
    clone.run("dvc", "repro")
    clone.commit("Run the pipeline")
    return clone


@contextmanager
def edited(clone: Clone, *files: str) -> Iterator[None]:
    """A comment more at the end of each file, for as long as the context lasts."""
    for file in files:
        with (clone.path / file).open("a") as text:
            text.write("# changed\n")
    yield
    clone.run("git", "checkout", "--quiet", "--", *files)


def stages_to_run(clone: Clone) -> set[str]:
    return set(json.loads(clone.run("dvc", "status", "--json")))


def stages_to_run_after_an_edit_of(clone: Clone, *files: str) -> set[str]:
    with edited(clone, *files):
        return stages_to_run(clone)


def test_nothing_is_to_run_after_a_run(clone: Clone) -> None:
    assert stages_to_run(clone) == set()


@pytest.mark.parametrize("room", NO_STAGE_USES)
def test_edit_of_what_uses_a_model_reruns_nothing(room: str, clone: Clone) -> None:
    assert modules(room)
    assert stages_to_run_after_an_edit_of(clone, *modules(room)) == set()


def test_edit_of_experiments_tests_and_documents_reruns_nothing(clone: Clone) -> None:
    folders = ("experiments", "benchmarks", "tests/helpers")
    files = [path.relative_to(PROJECT).as_posix() for f in folders for path in (PROJECT / f).glob("*.py")]
    files += ["README.md", "Makefile", "pyproject.toml", "pix2pix/__init__.py", "pix2pix/__main__.py"]
    assert stages_to_run_after_an_edit_of(clone, *files) == set()


@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("pix2pix/evaluation/metrics.py", {"evaluate"}),
        ("pix2pix/evaluation/results.py", {"evaluate"}),
        (AUGMENTATION, {"train"}),
        ("pix2pix/training/loop.py", {"train"}),
        ("pix2pix/download/sample.py", {"download"}),
        ("pix2pix/download/buckets.py", {"download"}),
        ("pix2pix/pairs/making.py", {"build_pairs"}),
        ("pix2pix/pairs/splits.py", {"build_pairs"}),
        ("pix2pix/videos/frames.py", {"extract_frames"}),
        ("pix2pix/faces/crops.py", {"crop_faces"}),
        ("pix2pix/networks/generators.py", {"train", "evaluate"}),
        ("stages/settings/train.py", {"train"}),
        ("stages/settings/check.py", set()),
    ],
)
def test_edit_of_a_module_reruns_the_stages_that_use_it(file: str, stages: set[str], clone: Clone) -> None:
    assert stages_to_run_after_an_edit_of(clone, file) == stages


@pytest.mark.parametrize("room", ["download", "pairs", "videos", "faces", "evaluation"])
def test_edit_anywhere_in_the_data_or_the_metrics_does_not_train_again(room: str, clone: Clone) -> None:
    assert "train" not in stages_to_run_after_an_edit_of(clone, *modules(room))


def test_evaluation_does_not_run_after_a_training_that_gives_the_same_model(clone: Clone) -> None:
    model = clone.path / "models" / "generator.safetensors"
    before = model.read_bytes()
    with edited(clone, AUGMENTATION):
        assert ran(clone.run("dvc", "repro")) == ["train"]
    assert model.read_bytes() == before
