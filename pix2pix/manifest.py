"""Manifests: one CSV row per item that a stage took in or put out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from pix2pix.outputs import write_table

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
    """Write ``rows`` as CSV with a column per field of ``row_type``, also when there are none."""
    import pandas as pd

    columns = [field.name for field in fields(row_type)]
    write_table(path, pd.DataFrame([asdict(row) for row in rows], columns=columns, dtype=object))


def read_manifest(path: Path) -> "pd.DataFrame":
    """Read a manifest; every value is text, and an empty cell is the empty string."""
    import pandas as pd

    return pd.read_csv(path, dtype=str, keep_default_na=False)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of the manifest at ``path``."""
    return [{str(k): str(v) for k, v in row.items()} for row in read_manifest(path).to_dict("records")]


def kept_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of the manifest at ``path`` that were kept."""
    return [row for row in read_rows(path) if row["status"] == KEPT]


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
    return f"{len(reasons)} skipped ({', '.join(parts)}{more})"
