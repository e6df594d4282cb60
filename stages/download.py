"""Get the dataset: the raw photos, A|B pairs or videos, and a manifest of them."""

from pathlib import Path

from pix2pix.errors import InputError
from pix2pix.fetch import is_address
from pix2pix.manifest import skipped_summary, write_manifest
from pix2pix.outputs import whole_folder
from pix2pix.raw import RawRow, download_folder, download_sample, kinds_summary
from pix2pix.sources import open_source
from stages.settings.base import load_settings
from stages.settings.download import DownloadSettings
from stages.stage import is_queued, path_arguments, performance, run


def main() -> None:
    """Write ``raw/`` from the source that the settings name."""
    args = path_arguments("raw", "performance")
    settings = load_settings(DownloadSettings)
    with performance(args.performance, "download"), whole_folder(args.raw) as raw:
        if settings.dataset == "sample":
            rows = download_sample(raw)
            _mention_unused(Path(settings.source))
        else:
            _refuse_incomplete_copy(settings.source)
            scratch = args.raw.with_name(".unpacked.partial")
            sha256, max_gb = settings.source_sha256, settings.max_unpacked_gb
            with open_source(settings.source, scratch, sha256=sha256, max_gb=max_gb) as folder:
                rows = download_folder(folder, raw, settings.layout)
        write_manifest(raw / "manifest.csv", rows, RawRow)
    print(f"download: {settings.dataset}: {kinds_summary(rows)}; {skipped_summary(rows)}")


def _mention_unused(source: Path) -> None:
    files = [path for path in source.glob("*") if not path.name.startswith(".")]
    if files:
        print(
            f"download: dataset: sample does not use the files in {source}; set dataset to folder to use them"
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
