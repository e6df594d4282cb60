"""Manifests: one CSV row per item that a stage took in or put out."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from pix2pix.core.file_names import as_it_was, printable
from pix2pix.core.outputs import write_table

if TYPE_CHECKING:  # workers make rows, and need not wait for pandas
    import pandas as pd

KEPT = "kept"
SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Row:
    """What every manifest tells of an item.

    Attributes:
        path: the file that was written, relative to the manifest; empty when skipped.
        source: where it came from, relative to the stage's input.
        status: ``kept`` or ``skipped``.
        reason: why it was skipped, or what was done to it out of the ordinary.
    """

    path: str
    source: str
    status: str
    reason: str


def write_manifest(path: Path, rows: Sequence[Row], row_type: type[Row]) -> None:
    r"""Write ``rows`` as CSV with a column per field of ``row_type``, also when there are none.

    A row is one line: what cannot be shown in a name, such as a line break or a byte that is no UTF-8, is
    written as ``\x0a``, and comes back as it was from ``read_manifest`` and ``read_rows``.
    """
    import pandas as pd

    names = [field.name for field in fields(row_type)]
    columns = {name: [_cell(getattr(row, name)) for row in rows] for name in names}
    write_table(path, pd.DataFrame(columns, dtype=object))


def _cell(value: object) -> object:
    return printable(value) if isinstance(value, str) else value


def read_manifest(path: Path, columns: list[str] | None = None) -> "pd.DataFrame":
    """Read a manifest, or some of its columns; every value is text, and an empty cell is the empty string."""
    import pandas as pd

    table = pd.read_csv(path, usecols=columns, dtype=str, keep_default_na=False)
    return table.map(as_it_was)


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of the manifest at ``path``."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield {name: as_it_was(value) for name, value in row.items()}


def kept_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of the manifest at ``path`` that were kept."""
    return (row for row in read_rows(path) if row["status"] == KEPT)


def kind_of(reason: str) -> str:
    """Return a reason without the details of the single item, which follow a colon."""
    return reason.split(":")[0]


def skipped_summary(rows: Iterable[Row]) -> str:
    """Say how many rows were skipped and why: ``3 skipped (2 no face found, 1 too small)``."""
    reasons = [row.reason for row in rows if row.status == SKIPPED]
    if not reasons:
        return "0 skipped"
    kinds = Counter(map(kind_of, reasons)).most_common()
    full = {kind_of(reason): reason for reason in set(reasons)}
    once = Counter(map(kind_of, set(reasons)))
    parts = [f"{count} {full[kind] if once[kind] == 1 else kind}" for kind, count in kinds[:3]]
    more = "" if len(kinds) <= 3 else f", and {len(kinds) - 3} more reasons"
    return printable(f"{len(reasons)} skipped ({', '.join(parts)}{more})")
