"""What the last commit has of the project, where the working folder has something else."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from scmrepo.exceptions import SCMError

from stages.shared.settings import PARAMS, read_settings_file


def left_behind(problems: str) -> str:
    """Say which of the settings in ``problems`` differ from the last commit, and how to go back.

    DVC leaves the settings of an experiment in params.yaml, also those that were refused.

    Returns:
        A line, which is empty where none differs or there is no commit.
    """
    before, now = _committed_settings(), read_settings_file(PARAMS)
    differing = [key for key in before if key in now and before[key] != now[key]]
    refused = [key for key in differing if re.search(rf"\b{key}\b", problems)]
    if not refused:
        return ""
    was = ", ".join(f"{key}: {before[key]}" for key in refused)
    others = [key for key in differing if key not in refused]
    also = f", and takes back {', '.join(others)} too" if others else ""
    return (
        f"{PARAMS}: the last commit has {was}; if an earlier run has left what is there now, "
        f"`git checkout {PARAMS}` goes back{also}"
    )


def link_for_folder(path: Path) -> str:
    """Say what to do where ``path`` is a link in the place of a folder of the last commit.

    `dvc exp run` puts the changes since the last commit away and cannot bring this one back.

    Returns:
        A line, which is empty where ``path`` is none.
    """
    if path.is_absolute() or not path.is_symlink() or not _was_folder(path):
        return ""
    return (
        f"source: {path} is a link where the last commit has a folder, at which `dvc exp run` stops (could "
        f"not apply stash): name its target, -S source={path.resolve()}, or commit that it is a link"
    )


def _was_folder(path: Path) -> bool:
    try:
        with _repository() as git:
            return bool(git.get_fs("HEAD").isdir(_name_in(git, path)))
    except SCMError:
        return False


def _committed_settings() -> Mapping[str, Any]:
    try:
        with _repository() as git:
            text = git.get_fs("HEAD").read_text(_name_in(git, PARAMS))
    except (SCMError, FileNotFoundError):
        return {}
    return dict(YAML(typ="safe", pure=True).load(text))


def _repository() -> Any:
    from scmrepo.git import Git  # importing it takes as long as checking all settings

    return Git(str(Path.cwd()), search_parent_directories=True)


def _name_in(git: Any, path: Path) -> str:
    """The name of a path of the working folder in the repository that it is part of."""
    return (Path.cwd().resolve() / path).relative_to(Path(git.root_dir).resolve()).as_posix()
