from pathlib import PurePosixPath

import pytest
from conftest import PROJECT

from pix2pix.download.archives import SUFFIXES
from pix2pix.download.datasets import DATASETS
from pix2pix.download.sources import is_address


def test_documented_table_is_the_one_in_use() -> None:
    lines = (PROJECT / "docs/datasets.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    documented = {row[0].strip("`"): row[1:] for row in rows if len(row) == 6}
    assert documented == {
        name: [row.layout, row.direction, "unknown" if row.size_gb is None else f"{row.size_gb:g}", row.terms,
               f"`{row.address}`" if row.address else ""]
        for name, row in DATASETS.items()
    }  # fmt: skip


@pytest.mark.parametrize("name", DATASETS)
def test_row_is_complete(name: str) -> None:
    row = DATASETS[name]
    assert row.layout in ("photos", "pairs", "videos", "unpaired", "auto") and row.terms
    assert (row.direction in ("AtoB", "BtoA")) == (row.layout in ("pairs", "unpaired"))
    assert is_address(row.address) == (name not in ("sample", "folder"))
    if row.address.startswith("http"):
        assert PurePosixPath(row.address).name.endswith(SUFFIXES)


def test_summary_tells_terms_size_and_use() -> None:
    summary = DATASETS["facades"].summary()
    for part in ("pairs", "0.03 GB", "CMP Facades", "pair_task: none, direction: BtoA", "facades.tar.gz"):
        assert part in summary
    assert (
        "size unknown" in DATASETS["flowers"].summary() and "direction" not in DATASETS["flowers"].summary()
    )


def test_unpaired_sets_are_those_of_cyclegan_and_say_how_they_are_used() -> None:
    sets = {name: row for name, row in DATASETS.items() if row.layout == "unpaired"}
    assert len(sets) == 11 and {row.direction for row in sets.values()} == {"AtoB"}
    for name, row in sets.items():
        assert row.address.endswith(f"/cyclegan/datasets/{name.removesuffix('_unpaired')}.zip")
        assert "unpaired; " in row.summary() and "pair_task: none, direction: AtoB" in row.summary()
