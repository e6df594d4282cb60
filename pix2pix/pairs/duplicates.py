"""Equal and nearly equal pictures, which make a test set look easier than it is."""

import hashlib
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from pix2pix.pictures.images import RgbImage

# How the reason in a manifest starts, before a colon.
DUPLICATE = "duplicate"
CROSSING_DUPLICATE = "duplicate across splits"
IN_BOTH_SIDES = "in both sides"
HASH_SIDE = 8
HASH_BYTES = 2 * HASH_SIDE * HASH_SIDE // 8
MOST_BITS_APART = 12
ROWS_AT_ONCE = 16


def content_hash(image: RgbImage) -> str:
    """Return a hash of a picture's size and pixels, 32 hexadecimal digits."""
    size = f"{image.shape[1]}x{image.shape[0]} ".encode()
    return hashlib.sha256(size + image.tobytes()).hexdigest()[:32]


def difference_hash(image: RgbImage) -> bytes:
    """Return 128 bits that scaling, compression and small changes of tone hardly alter.

    The bits tell where the tone rises from one cell to the next of a small copy, 64 along the rows and 64
    along the columns ("dHash").
    """
    small = Image.fromarray(image).convert("L").resize((HASH_SIDE + 1, HASH_SIDE + 1), Image.Resampling.BOX)
    tones = np.asarray(small, dtype=np.int16)
    along_rows = np.diff(tones[:-1], axis=1) > 0
    along_columns = np.diff(tones[:, :-1], axis=0) > 0
    return np.packbits(np.concatenate([along_rows.ravel(), along_columns.ravel()])).tobytes()


def first_of_equals(contents: Sequence[Hashable], ranks: Sequence[tuple[int | str, ...]]) -> dict[int, int]:
    """Find, for each item with an equal of lower rank, the equal of the lowest rank.

    Args:
        contents: what is equal for equal items.
        ranks: the rank of each item; no two are the same.

    Returns:
        the index of the equal of lowest rank, by the item's index.
    """
    first: dict[Hashable, int] = {}
    for index in sorted(range(len(contents)), key=lambda index: ranks[index]):
        first.setdefault(contents[index], index)
    return {index: first[content] for index, content in enumerate(contents) if first[content] != index}


def near_duplicates(hashes: Sequence[bytes], others: Sequence[bytes]) -> dict[int, int]:
    """Find for each picture the nearest of ``others``, where their hashes are at most 12 of 128 bits apart.

    Args:
        hashes: the difference hashes of the pictures, 16 bytes each.
        others: the difference hashes of those to search, 16 bytes each.

    Returns:
        the index in ``others`` by the index in ``hashes``, for those that have one.
    """
    if not others:
        return {}
    left = _words(hashes)
    right = _words(others)
    found: dict[int, int] = {}
    for start in range(0, len(left), ROWS_AT_ONCE):
        block = left[start : start + ROWS_AT_ONCE]
        apart = sum(np.bitwise_count(block[:, None, word] ^ right[None, :, word]) for word in range(2))
        nearest = np.argmin(apart, axis=1)
        close = np.take_along_axis(apart, nearest[:, None], axis=1)[:, 0] <= MOST_BITS_APART
        found |= {start + int(row): int(nearest[row]) for row in np.flatnonzero(close)}
    return found


def _words(hashes: Sequence[bytes]) -> npt.NDArray[np.uint64]:
    """The hashes as numbers, (N, 2) uint64."""
    return np.frombuffer(b"".join(hashes), dtype=np.uint64).reshape(-1, HASH_BYTES // 8)
