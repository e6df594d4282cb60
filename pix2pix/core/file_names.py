"""Names of files as systems allow them: any bytes. Shown on one line, shortened to fit, and made plain."""

import hashlib
import os
import re
from pathlib import PurePath

MOST_BYTES = 255  # of one name, on all common file systems
# Control characters, separators of lines, marks that turn the direction of text, and bytes that are no UTF-8.
ODD = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
ESCAPED = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4}))")


def is_utf8(name: str) -> bool:
    """Whether a name, as Python reads it from the file system, can be written as UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def printable(text: str) -> str:
    r"""Write text on one line, as UTF-8: what cannot be shown becomes ``\x0a`` or ``\udce9``.

    ``as_it_was`` undoes it. Text without such characters and without backslashes stays as it is.
    """
    return ODD.sub(_escape, text.replace("\\", "\\\\"))


def as_it_was(text: str) -> str:
    """Return the text that ``printable`` was given."""
    return ESCAPED.sub(_unescape, text) if "\\" in text else text


def safe_to_print(text: str) -> str:
    """Write a message for a console, whose lines stay: no name in it steers the console."""
    return "\n".join(ODD.sub(_escape, line) for line in text.split("\n"))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else "\\"


def shortened(name: str, most_bytes: int) -> str:
    """Cut a name to ``most_bytes`` where it is longer, and end it in a hash of the whole."""
    whole = os.fsencode(name)
    if len(whole) <= most_bytes:
        return name
    mark = _mark(name)
    return whole[: most_bytes - len(mark)].decode(errors="ignore") + mark


def plain(name: str) -> str:
    """Make a name one that every tool can store: odd characters become ``_``, and a hash tells names apart.

    A name without such characters stays as it is, and so does the suffix of any.
    """
    if not ODD.search(name):
        return name
    path = PurePath(name)
    stem, suffix = (ODD.sub("_", part) for part in (path.stem, path.suffix))
    return f"{shortened(stem, MOST_BYTES - len(suffix.encode()) - len(_mark(name)))}{_mark(name)}{suffix}"


def _mark(name: str) -> str:
    return f"-{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"
