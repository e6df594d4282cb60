"""File names for outputs that lie in one folder while their sources lie in many."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from pix2pix.core.file_names import MOST_BYTES, shortened

MOST_BYTES_OF_STEM = MOST_BYTES - 9  # which leaves room for a number, and for a suffix such as ``.jpeg``


def flat_names(sources: Sequence[PurePosixPath]) -> list[str]:
    """Name each source by its path without the suffix, joined by ``_``; equal names also get the suffix.

    ``a/x.jpg`` becomes ``a_x``; ``x.jpg`` and ``x.png`` become ``x_jpg`` and ``x_png``. What is still equal
    then is numbered in the order given. A name is cut where no suffix would fit behind it.
    """
    short = ["_".join(source.with_suffix("").parts) for source in sources]
    count = Counter(short)
    names = [
        name if count[name] == 1 else f"{name}_{source.suffix.lstrip('.')}"
        for name, source in zip(short, sources, strict=True)
    ]
    return _numbered([shortened(name, MOST_BYTES_OF_STEM) for name in names])


def recording_key(video: Mapping[str, str]) -> str:
    """Name a video of the raw dataset, by its manifest's row, after its class and content."""
    return f"{video['class_name']}/{video['sha256'][:16]}"


def _numbered(names: Sequence[str]) -> list[str]:
    """Append ``-2``, ``-3`` and so on to names that were there before."""
    seen: Counter[str] = Counter()
    taken = set(names)
    unique = []
    for name in names:
        seen[name] += 1
        candidate = name
        while seen[name] > 1 and candidate in taken:
            candidate = f"{name}-{seen[name]}"
            seen[name] += candidate in taken
        taken.add(candidate)
        unique.append(candidate)
    return unique
