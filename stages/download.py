"""Get the dataset: the raw photos, A|B pairs or videos, and a manifest of them."""

from collections.abc import Sequence
from pathlib import Path

from pix2pix.core.errors import InputError
from pix2pix.core.file_names import is_utf8, printable
from pix2pix.core.outputs import whole_folder
from pix2pix.download.datasets import DATASETS
from pix2pix.download.raw import RawRow, download_folder, download_sample, kinds_summary, write_manifests
from pix2pix.download.sources import is_address, open_source
from pix2pix.items.manifest import kind_of, skipped_summary
from pix2pix.items.parallel import Workers
from pix2pix.items.walk import NOT_TO_BE_OPENED
from stages.settings.download import DownloadSettings, SourceSettings
from stages.shared.machine import load_machine
from stages.shared.running import is_queued, kept, path_arguments, performance, run
from stages.shared.settings import load_settings

LISTED = 5


def main() -> None:
    """Write ``raw/`` from the dataset that the settings name."""
    args = path_arguments("raw", "performance")
    settings = load_settings(DownloadSettings)
    with performance(args.performance, "download"), whole_folder(args.raw) as raw:
        if settings.dataset == "sample":
            rows = download_sample(raw)
        else:
            rows = _download(settings, raw, args.raw.with_name(".unpacked.partial"))
        write_manifests(raw, rows)
    print(f"download: {settings.dataset}: {kinds_summary(rows)}; {skipped_summary(rows)}")
    if settings.dataset != "folder":
        _mention_unused(settings.dataset, Path(settings.source))


def _download(settings: DownloadSettings, raw: Path, scratch: Path) -> list[RawRow]:
    dataset = DATASETS[settings.dataset]
    if dataset.address:
        print(f"download: {settings.dataset}: {dataset.summary()}", flush=True)
    source = dataset.address or settings.source
    _refuse_incomplete_copy(source)
    downloads, machine = kept("download", load_settings(SourceSettings), ""), load_machine()
    sha256, max_gb = settings.source_sha256, settings.max_unpacked_gb
    layout = dataset.layout if settings.layout == "auto" else settings.layout
    with open_source(source, scratch, downloads, sha256=sha256, max_gb=max_gb) as folder:
        rows = download_folder(folder, raw, layout, Workers(machine.n_jobs, machine.dask_scheduler), _tell)
    if Path(source).is_dir():
        _refuse_what_dvc_cannot_read(source, rows)
    return rows


def _tell(line: str) -> None:
    print(f"download: {line}", flush=True)


def _refuse_what_dvc_cannot_read(source: str, rows: Sequence[RawRow]) -> None:
    """Stop where DVC, which hashes all files of the folder ``source`` after the stage, would stop at one."""
    found = {row.source: kind_of(row.reason) for row in rows if kind_of(row.reason) in NOT_TO_BE_OPENED}
    found |= {row.source: "a name that is no UTF-8" for row in rows if not is_utf8(row.source)}
    if found:
        listed = [f"{printable(name)} ({reason})" for name, reason in sorted(found.items())[:LISTED]]
        more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
        raise InputError(
            f"DVC cannot read {len(found)} files of the source {source}, and notes a hash of each: "
            f"{', '.join(listed)}{more}; remove or rename them"
        )


def _mention_unused(dataset: str, source: Path) -> None:
    files = [path for path in source.glob("*") if not path.name.startswith(".")]
    if files:
        print(
            f"download: dataset: {dataset} does not use the files in {source}; set dataset to folder to use "
            "them"
        )


def _refuse_incomplete_copy(source: str) -> None:
    """Stop a queued experiment whose copy of the project lacks the files of ``source`` that git ignores."""
    if is_queued() and not is_address(source) and not Path(source).is_absolute():
        raise InputError(
            f"source: {source} is a relative path, and a queued experiment runs from a copy of what git "
            "tracks, which may lack files of it; give the absolute path"
        )


if __name__ == "__main__":
    run(main)
