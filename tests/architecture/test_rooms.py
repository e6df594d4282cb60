"""The rules of the house: who imports whom, and what a stage depends on.

DVC follows no imports, so dvc.yaml lists the rooms that a stage uses; both are compared with the code.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT
from ruamel.yaml import YAML

from stages.settings.check import STAGE_SETTINGS

STAGES = YAML(typ="safe").load(PROJECT / "dvc.yaml")["stages"]
ROOMS = sorted(path.parent for path in (PROJECT / "pix2pix").rglob("__init__.py"))
# The version and the names that ``from pix2pix import`` finds: no result depends on them.
FRONT_DOOR = Path("pix2pix/__init__.py")
WITHOUT_TORCH = ("core", "pictures", "items", "videos", "download", "pairs")
NOT_OF_TRAINING = ("pages", "release", "translation", "evaluation", "commands", "download", "pairs", "faces")


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
    return {found for name in names if (found := module_file(name)) is not None}


def all_imports(stage: str) -> set[Path]:
    """The files that a stage's script imports, itself among them, without packages of a docstring alone."""
    seen: set[Path] = set()
    todo = {Path("stages", f"{stage}.py")}
    while todo:
        seen |= todo
        todo = {found for file in todo for found in imports(file)} - seen
    return {file for file in seen if not is_empty_package(file)} - {FRONT_DOOR}


def is_empty_package(file: Path) -> bool:
    """Whether a file is an ``__init__.py`` of nothing but a docstring, which no result depends on."""
    body = ast.parse((PROJECT / file).read_text()).body
    return file.name == "__init__.py" and all(isinstance(node, ast.Expr) for node in body)


def code_dependencies(stage: str) -> list[Path]:
    return [Path(dep) for dep in STAGES[stage]["deps"] if dep.startswith(("stages", "pix2pix"))]


def covers(dependency: Path, file: Path) -> bool:
    return file == dependency or file.is_relative_to(dependency)


@pytest.mark.parametrize("stage", STAGES)
def test_every_module_that_a_stage_imports_is_a_dependency(stage: str) -> None:
    listed = code_dependencies(stage)
    assert {file for file in all_imports(stage) if not any(covers(dep, file) for dep in listed)} == set()


@pytest.mark.parametrize("stage", STAGES)
def test_every_dependency_is_there_and_used(stage: str) -> None:
    used = all_imports(stage)
    for dependency in code_dependencies(stage):
        assert (PROJECT / dependency).exists()
        assert any(covers(dependency, file) for file in used), dependency


@pytest.mark.parametrize("room", NOT_OF_TRAINING)
def test_training_depends_on_no_room_above_or_beside_it(room: str) -> None:
    files = [path.relative_to(PROJECT) for path in (PROJECT / "pix2pix" / room).rglob("*.py")]
    assert files
    assert not [file for file in files for dep in code_dependencies("train") if covers(dep, file)]


def test_evaluation_does_not_depend_on_training() -> None:
    files = [path.relative_to(PROJECT) for path in (PROJECT / "pix2pix/training").glob("*.py")]
    assert Path("pix2pix/training/augment.py") in files
    assert not [file for file in files for dep in code_dependencies("evaluate") if covers(dep, file)]


def test_dvc_yaml_is_read_in_a_minute() -> None:
    assert len((PROJECT / "dvc.yaml").read_text().splitlines()) <= 140
    assert sum(len(code_dependencies(stage)) for stage in STAGES) <= 55


@pytest.mark.parametrize("stage", STAGES)
def test_params_are_the_settings_that_the_stage_reads(stage: str) -> None:
    assert set(STAGES[stage].get("params", [])) == set(STAGE_SETTINGS[stage].model_fields)


@pytest.mark.parametrize("stage", STAGES)
def test_stage_loads_no_settings_but_its_own_and_names_no_path(stage: str) -> None:
    settings = {file for file in all_imports(stage) if file.parent == Path("stages/settings")}
    assert settings == {Path(f"stages/settings/{stage}.py")}
    tree = ast.parse((PROJECT / "stages" / f"{stage}.py").read_text())
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert not any(name in text for text in texts for name in ("params.yaml", "machine.yaml", "metrics/"))


@pytest.mark.parametrize("stage", STAGES)
def test_stage_script_leaves_the_work_to_the_library(stage: str) -> None:
    """It reads settings, calls and writes: it has no class, no loop, and imports no tool of the work."""
    tree = ast.parse((PROJECT / "stages" / f"{stage}.py").read_text())
    assert not any(isinstance(node, ast.ClassDef | ast.While) for node in ast.walk(tree))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    tops = {module.partition(".")[0] for module in modules}
    assert tops <= {"pix2pix", "stages"} | set(sys.stdlib_module_names)


def test_every_setting_is_a_parameter_of_some_stage() -> None:
    params = set(YAML(typ="safe").load(PROJECT / "params.yaml"))
    assert params == {key for stage in STAGES.values() for key in stage.get("params", [])}


def test_only_the_data_stages_check_all_settings_first() -> None:
    checks = {name for name, stage in STAGES.items() if "python -m stages.settings" in stage["cmd"]}
    assert checks == {"download", "extract_frames", "crop_faces", "build_pairs"}


def test_imports_go_down_and_never_in_a_circle() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_rooms_of_data_import_no_torch() -> None:
    """Also not through another package."""
    modules = [
        ".".join(path.relative_to(PROJECT).with_suffix("").parts)
        for folder in (*(PROJECT / "pix2pix" / room for room in WITHOUT_TORCH), PROJECT / "stages/settings")
        for path in sorted(folder.glob("*.py"))
        if not path.stem.startswith("__")
    ]
    script = f"import importlib, sys\nfor name in {modules}: importlib.import_module(name)\n"
    script += "print([name for name in sys.modules if name.split('.')[0] in ('torch', 'torchvision')][:5])"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_overview_names_every_room_in_its_own_words() -> None:
    overview = (PROJECT / "docs/overview.md").read_text()
    for room in ROOMS:
        if room.parent == PROJECT / "pix2pix":
            words = (ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or "").partition(
                "\n\n"
            )[0]
            line = " ".join(words.split()).replace("|", "\\|").replace("``", "`")
            assert f"| `{room.name}` | {line} |" in overview


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_room_says_what_it_is_for_and_has_few_modules(room: Path) -> None:
    docstring = ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""
    assert docstring.endswith(".") or room.name == "pix2pix"
    assert len([path for path in room.glob("*.py") if not path.stem.startswith("__")]) <= 13
    if room.parent.name == "pix2pix" and room.name != "pix2pix":
        assert "Know" in docstring, "it also says what it does not know"
