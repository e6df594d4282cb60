"""DVC follows neither imports nor reads, so dvc.yaml must list them; both are compared with the code."""

import ast
from pathlib import Path

import pytest
from conftest import PROJECT
from ruamel.yaml import YAML

from stages.settings.all import STAGE_SETTINGS

STAGES = YAML(typ="safe").load(PROJECT / "dvc.yaml")["stages"]


def module_file(name: str) -> Path | None:
    """The file of a module of this project, relative to it."""
    path = Path(*name.split("."))
    return next(
        (file for file in (path.with_suffix(".py"), path / "__init__.py") if (PROJECT / file).is_file()), None
    )


def imports(file: Path) -> set[Path]:
    """The project's files that ``file`` imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((PROJECT / file).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute in this project"
            names |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    parents = {".".join(name.split(".")[:i]) for name in names for i in range(1, name.count(".") + 1)}
    return {found for name in names | parents if (found := module_file(name)) is not None}


def all_imports(file: Path) -> set[Path]:
    seen: set[Path] = set()
    todo = {file}
    while todo:
        seen |= todo
        todo = {found for file in todo for found in imports(file)} - seen
    return seen


def is_empty_package(file: Path) -> bool:
    """Whether a file is an ``__init__.py`` of nothing but a docstring, which no result depends on."""
    body = ast.parse((PROJECT / file).read_text()).body
    return file.name == "__init__.py" and all(isinstance(node, ast.Expr) for node in body)


@pytest.mark.parametrize("stage", STAGES)
def test_deps_are_the_modules_that_the_stage_imports(stage: str) -> None:
    used = {file for file in all_imports(Path("stages", f"{stage}.py")) if not is_empty_package(file)}
    listed = {Path(dep) for dep in STAGES[stage]["deps"] if str(dep).endswith(".py")}
    assert listed == used


@pytest.mark.parametrize("stage", STAGES)
def test_params_are_the_settings_that_the_stage_reads(stage: str) -> None:
    model = STAGE_SETTINGS.get(stage)
    read = set(model.model_fields) if model is not None else set()
    assert set(STAGES[stage].get("params", [])) == read


@pytest.mark.parametrize("stage", STAGES)
def test_stage_loads_no_settings_but_its_own(stage: str) -> None:
    own = {
        Path("stages/settings/base.py"),
        Path("stages/settings/machine.py"),
        Path(f"stages/settings/{stage}.py"),
    }
    found = {file for file in all_imports(Path("stages", f"{stage}.py")) if file.parent.name == "settings"}
    assert {file for file in found if not is_empty_package(file)} <= own
    tree = ast.parse((PROJECT / "stages" / f"{stage}.py").read_text())
    text = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not any(name in value for value in text for name in ("params.yaml", "machine.yaml", "metrics/"))


def test_every_setting_is_a_parameter_of_some_stage() -> None:
    params = set(YAML(typ="safe").load(PROJECT / "params.yaml"))
    assert params == {key for stage in STAGES.values() for key in stage.get("params", [])}


def test_only_the_data_stages_check_all_settings_first() -> None:
    checks = {name for name, stage in STAGES.items() if "python -m stages.settings" in stage["cmd"]}
    assert checks == {"download", "extract_frames", "crop_faces", "build_pairs"}


def test_stage_scripts_stay_small() -> None:
    lengths = {stage: len((PROJECT / "stages" / f"{stage}.py").read_text().splitlines()) for stage in STAGES}
    assert max(lengths.values()) <= 65, lengths
