"""What the last evaluation of a project measured, where it was of a given model's file."""

import hashlib
import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

METRICS = Path("metrics/evaluate.json")
LOCK = Path("dvc.lock")


def last_evaluation(model: Path, root: Path) -> dict[str, Any]:
    """Return what the last evaluation measured, if it was of this very file; else nothing.

    DVC's lock file tells the hashes of the model that was evaluated and of the metrics that came of it.

    Args:
        model: its file, anywhere.
        root: the project's folder.
    """
    try:
        stages = YAML(typ="safe").load(root / LOCK)["stages"]
        evaluate = stages["evaluate"]
        measured = {item["md5"] for item in evaluate["deps"] if item["path"].endswith(".safetensors")}
        written = {item["md5"] for item in evaluate["outs"] if item["path"] == METRICS.as_posix()}
        if _md5(model) not in measured or _md5(root / METRICS) not in written:
            return {}
        metrics: dict[str, Any] = json.loads((root / METRICS).read_text(encoding="utf-8"))
    except (OSError, YAMLError, KeyError, TypeError, ValueError):  # none of it is there, or not yet
        return {}
    return metrics


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
