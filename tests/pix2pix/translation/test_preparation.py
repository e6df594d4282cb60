from typing import Any

import numpy as np
import pytest

from pix2pix.core.errors import InputError
from pix2pix.pictures.images import RgbImage
from pix2pix.translation.preparation import Preparation, task_of

SKETCH = {"sketch_line_px": 1.0, "sketch_strength": 40.0}


def settings(pair_task: str, direction: str = "AtoB", **others: Any) -> dict[str, Any]:
    return {"pair_task": pair_task, "direction": direction, "image_size": 64} | others


@pytest.mark.parametrize("pair_task", ["grayscale", "edges", "sketch", "none"])
def test_a_models_task_is_that_of_its_pairs(pair_task: str) -> None:
    assert task_of(settings(pair_task)) == pair_task


def test_swapped_pairs_have_photos_as_inputs_unless_they_were_ready_made(photo: RgbImage) -> None:
    assert task_of(settings("none", "BtoA")) == "none"
    for pair_task in ("grayscale", "edges", "sketch"):
        swapped = settings(pair_task, "BtoA", **SKETCH)
        assert task_of(swapped) == "photo"
        assert np.array_equal(Preparation(swapped).prepare(photo), photo)


@pytest.mark.parametrize(
    ("header", "can_prepare", "takes_drawings", "can_keep_luminance"),
    [
        (settings("grayscale"), True, False, True),
        (settings("edges", **SKETCH), True, True, False),
        (settings("edges"), False, True, False),  # of an older version
        (settings("none"), False, False, True),
        (settings("grayscale", "BtoA"), True, False, False),
    ],
)
def test_the_header_tells_what_a_model_can_do(
    header: dict[str, Any], can_prepare: bool, takes_drawings: bool, can_keep_luminance: bool
) -> None:
    preparation = Preparation(header)
    assert preparation.can_prepare == can_prepare
    assert preparation.takes_drawings == takes_drawings
    assert preparation.can_keep_luminance == can_keep_luminance


def test_luminance_of_drawings_is_refused_with_what_the_model_was_trained_on() -> None:
    with pytest.raises(InputError, match="trained with pair_task: edges, direction: AtoB"):
        Preparation(settings("edges")).check_luminance()
