import os

import pytest

from pix2pix.core.file_names import as_it_was, is_utf8, plain, printable, shortened

LATIN_1 = os.fsdecode(b"caf\xe9.jpg")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("café.jpg", "café.jpg"),
        (LATIN_1, r"caf\udce9.jpg"),
        ("a\nb\x1b[31m.png", r"a\x0ab\x1b[31m.png"),
        (r"back\x0aslash", r"back\\x0aslash"),
        ("gpj.\u202e\u0085", r"gpj.\u202e\x85"),
    ],
)
def test_printed_name_is_one_line_and_comes_back_as_it_was(name: str, shown: str) -> None:
    assert printable(name) == shown and as_it_was(shown) == name
    assert shown.encode() and len(shown.splitlines()) == 1


def test_long_name_is_cut_between_characters_and_told_from_others() -> None:
    long, other = "字" * 80, "字" * 80 + "x"
    cut = shortened(long, 100)
    assert cut.startswith("字" * 30) and len(os.fsencode(cut)) <= 100 and cut != shortened(other, 100)
    assert shortened(long, 240) == long


def test_plain_name_has_its_suffix_and_no_odd_character() -> None:
    names = [LATIN_1, os.fsdecode(b"caf\xe8.jpg"), "caf\n.jpg"]
    made = [plain(name) for name in names]
    assert len(set(made)) == 3 and all(name.startswith("caf_-") for name in made)
    assert all(name.endswith(".jpg") and is_utf8(name) and printable(name) == name for name in made)
    assert plain("café.jpg") == "café.jpg"
    assert len(os.fsencode(plain("\n" + "x" * 250 + ".png"))) <= 255
