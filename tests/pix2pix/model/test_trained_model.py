from pathlib import Path
from typing import Any

import pytest
import torch
from training_cases import same
from unpaired_cases import write_unpaired_model

from pix2pix.core.errors import InputError
from pix2pix.model.model_file import load_generator
from pix2pix.model.trained_model import TrainedModel


@pytest.mark.parametrize("trained", ["AtoB", "BtoA"])
@pytest.mark.parametrize("direction", [None, "AtoB", "BtoA"])
def test_generators_are_those_of_the_direction_and_of_the_other(
    tmp_path: Path, trained: Any, direction: Any
) -> None:
    path = write_unpaired_model(tmp_path / "m", direction=trained)
    model = TrainedModel.load(path, "cpu", direction)
    assert model.settings["direction"] == (direction or trained)
    other: Any = "BtoA" if model.settings["direction"] == "AtoB" else "AtoB"
    for found, way in ((model.generator, model.settings["direction"]), (model.back, other)):
        assert found is not None and same(found.state_dict(), load_generator(path, way)[0].state_dict())
    turned = model.turned()
    assert (turned.generator, turned.back) == (model.back, model.generator)


def test_model_of_one_direction_has_no_way_back(tmp_path: Path) -> None:
    path = write_unpaired_model(tmp_path / "m", "cut")
    model = TrainedModel.load(path, "cpu")
    assert model.back is None and model.generator(torch.zeros(1, 3, 64, 64)).shape == (1, 3, 64, 64)
    with pytest.raises(ValueError, match="one direction alone"):
        model.turned()
    with pytest.raises(InputError, match="translates AtoB alone"):
        TrainedModel.load(path, "cpu", "BtoA")
