from dataclasses import dataclass

import pytest

from pix2pix.core.options import Options


@dataclass(frozen=True)
class Size(Options):
    width: int
    height: int = 2


def test_fields_are_taken_by_name_and_the_rest_is_left() -> None:
    assert Size.of({"height": 5, "width": 3, "depth": 7}) == Size(3, 5)


def test_a_default_stands_for_no_setting() -> None:
    with pytest.raises(KeyError, match="height"):
        Size.of({"width": 3})
