from pathlib import PurePosixPath

import pytest

from pix2pix.items.names import flat_names


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        (["a.jpg", "b.jpg"], ["a", "b"]),
        (["x/a.jpg", "y/a.jpg"], ["x_a", "y_a"]),
        (["a.jpg", "a.png"], ["a_jpg", "a_png"]),
        (["x/a.jpg", "x_a.jpg", "b.jpg"], ["x_a_jpg", "x_a_jpg-2", "b"]),
        (["a.b.jpg"], ["a.b"]),
    ],
)
def test_names_are_flat_and_unique(sources: list[str], names: list[str]) -> None:
    assert flat_names([PurePosixPath(source) for source in sources]) == names


def test_long_names_leave_room_for_a_suffix() -> None:
    names = flat_names([PurePosixPath("x" * 120, "y" * 140, f"{number}.jpg") for number in range(2)])
    assert len(set(names)) == 2 and all(name.startswith("x" * 120 + "_y") for name in names)
    assert all(len(f"{name}.jpeg") <= 255 for name in names)
