"""A project whose lock file says that its model was evaluated."""

import hashlib
import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from small_model import write_model

FIGURES = {"l1": 0.0647, "baseline_input_l1": 0.1, "psnr": 21.86, "ssim": 0.767, "n_images": 24}


def evaluated_project(root: Path, **changes: Any) -> Path:
    """Write ``models/generator.safetensors``, its metrics and ``dvc.lock``; return the model's path."""
    path = write_model(root / "models" / "generator.safetensors", **changes)
    metrics = root / "metrics" / "evaluate.json"
    metrics.parent.mkdir()
    metrics.write_text(json.dumps(FIGURES))
    evaluate = {
        "deps": [{"path": "models/generator.safetensors", "md5": hashlib.md5(path.read_bytes()).hexdigest()}],
        "outs": [{"path": "metrics/evaluate.json", "md5": hashlib.md5(metrics.read_bytes()).hexdigest()}],
    }
    YAML().dump({"stages": {"evaluate": evaluate}}, root / "dvc.lock")
    return path
