"""The part ``tests``: the tests marked ``gpu``, by pytest in a process of its own."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.gpu.record import Notes, Plan

TESTS = Path("tests")
MARK = "pytest.mark.gpu"
IN_A_DRY_RUN = "test_memory.py"
MARGIN_S = 5.0  # for writing down what was found
DETERMINISTIC = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}  # what torch's deterministic algorithms ask for


def measure(plan: Plan, notes: Notes, _which: str = "") -> None:
    """Run the tests, and note how many passed, and which did not.

    Raises:
        ModuleNotFoundError: pytest is not installed.
    """
    if importlib.util.find_spec("pytest") is None:
        raise ModuleNotFoundError("pytest is not installed", name="pytest")
    # Only files with such a test: others may need packages that are not here.
    files = [path for path in sorted(TESTS.rglob("test_*.py")) if MARK in path.read_text()]
    if plan.is_dry:
        files = [path for path in files if path.name == IN_A_DRY_RUN]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-m", "gpu", "-p", "no:cacheprovider", "--tb=short", "-v"]
        command += ["--continue-on-collection-errors", f"--junitxml={report}", *map(str, files)]
        limit_s = max(1.0, plan.ends_at - time.time() - MARGIN_S)
        subprocess.run(command, timeout=limit_s, env=os.environ | DETERMINISTIC, check=False)
        passed, skipped, failed = results(report.read_text())
    notes.failures |= failed
    notes.add(passed=passed, skipped=skipped, failed=sorted(failed))


def results(report: str) -> tuple[int, int, dict[str, str]]:
    """What a report in JUnit's XML says: how many tests passed and were skipped, and what failed, and why."""
    passed = skipped = 0
    failed: dict[str, str] = {}
    for case in ElementTree.fromstring(report).iter("testcase"):
        problem = next(
            (found for kind in ("failure", "error") if (found := case.find(kind)) is not None), None
        )
        if problem is not None:
            name = f"{case.get('classname')}::{case.get('name')}"
            failed[name] = f"{problem.get('message')}\n{problem.text or ''}".strip()
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return passed, skipped, failed
