"""What the working folder has in the place of what is committed, as the command of the settings tells it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT


class Repository:
    """A repository of the settings alone, in which their check is run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.params = path / "params.yaml"
        (path / "data/input").mkdir(parents=True)
        (path / "data/input/.gitkeep").touch()
        for name in ("params.yaml", "machine.yaml"):
            (path / name).write_text((PROJECT / name).read_text())
        self.git("init", "--quiet")
        self.commit()

    def git(self, *words: str) -> None:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *who, *words], cwd=self.path, check=True)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "--quiet", "--no-verify", "-m", "state")

    def set(self, **settings: str) -> None:
        lines = self.params.read_text().splitlines()
        changed = [
            f"{key}: {settings[key]}" if (key := line.split(":")[0]) in settings else line for line in lines
        ]
        assert changed != lines
        self.params.write_text("\n".join(changed) + "\n")

    def check(self, *options: str) -> tuple[int, list[str]]:
        done = subprocess.run(
            [sys.executable, "-m", "stages.settings", *options],
            cwd=self.path,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_refused_setting_that_differs_from_the_last_commit_comes_with_the_way_back(
    repository: Repository,
) -> None:
    repository.set(epochs="0", lambda_l1="150", dataset="folder")
    status, lines = repository.check()
    assert status == 1 and lines == [
        "error: params.yaml: epochs: found 0; input should be greater than or equal to 1",
        "error: params.yaml: the last commit has epochs: 4; if an earlier run has left what is there now, "
        "`git checkout params.yaml` goes back, and takes back dataset, lambda_l1 too",
    ]
    repository.git("checkout", "--quiet", "params.yaml")
    assert repository.check() == (0, [])


def test_settings_that_are_wrong_only_together_are_named(repository: Repository) -> None:
    repository.set(val_fraction="0.9")
    _, lines = repository.check()
    assert "val_fraction + test_fraction is 1.05" in lines[0]
    assert "the last commit has val_fraction: 0.15" in lines[1] and "takes back" not in lines[1]


def test_wrong_setting_that_is_committed_is_told_alone(repository: Repository) -> None:
    repository.set(epochs="0")
    repository.commit()
    repository.set(lambda_l1="150")
    assert len(repository.check()[1]) == 1


def test_wrong_setting_is_told_where_there_is_no_commit_or_no_repository(repository: Repository) -> None:
    repository.set(epochs="0")
    (repository.path / ".git").rename(repository.path / "no git")
    assert len(repository.check()[1]) == 1
    repository.git("init", "--quiet")
    assert len(repository.check()[1]) == 1


def test_project_may_be_a_folder_of_a_repository(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    inner = Repository(project)
    (project / ".git").rename(tmp_path.with_name(f"{tmp_path.name} unused"))
    Repository(tmp_path)  # which commits the folder with it
    inner.set(epochs="0")
    assert "the last commit has epochs: 4" in inner.check()[1][1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": "folder"}, "give the path of a folder, zip or tar, or an address"),
        (
            {"dataset": "facades"},
            "dataset: facades does not read it, but DVC looks at it: set it to data/input",
        ),
    ],
)
def test_source_that_is_not_there_is_told_before_dvc_starts(
    repository: Repository, settings: dict[str, str], message: str
) -> None:
    repository.set(source="nowhere/photos", **settings)
    assert repository.check() == (0, [])  # of a stage, which may be run where the source is not
    error = f"error: params.yaml: source: found 'nowhere/photos', where there is nothing; {message}"
    assert repository.check("--source") == (1, [error])
    repository.set(source="https://example.org/photos.zip")
    assert repository.check("--source") == (0, [])


@pytest.mark.parametrize("source", ['""', "", "null", "5", "true", "[a]"])
def test_source_that_dvc_cannot_read_as_a_path_is_named(repository: Repository, source: str) -> None:
    repository.set(source=source)
    status, lines = repository.check("--source")
    assert status == 1 and lines[0].startswith("error: params.yaml: source: found")


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_link_in_the_place_of_a_committed_folder_is_noted_with_what_to_do(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory
) -> None:
    photos = tmp_path_factory.mktemp("photos")
    (repository.path / "data/input/.gitkeep").unlink()
    (repository.path / "data/input").rmdir()
    (repository.path / "data/input").symlink_to(photos)
    status, (line,) = repository.check()
    assert status == 0 and line.startswith("note: source: data/input is a link where the last commit has a")
    assert f"-S source={photos.resolve()}" in line
    repository.commit()
    assert repository.check() == (0, [])
