"""Settings of ``download``."""

from pathlib import PurePath
from typing import Literal

from pydantic import Field, field_validator

from pix2pix.core.choices import SourceLayout
from pix2pix.core.options import Sha256
from pix2pix.download.datasets import DATASETS
from stages.shared.settings import Settings


class SourceSettings(Settings, frozen=True):
    """What is downloaded."""

    dataset: Literal[tuple(DATASETS)]  # type: ignore[valid-type]
    source: str
    source_sha256: Sha256

    @field_validator("source")
    @classmethod
    def _outside_is_absolute(cls, source: str) -> str:
        path = PurePath(source)
        if not source.strip():
            raise ValueError(
                f"found {source!r}; give a folder, an archive or an address, and data/input where the "
                "dataset is another one than folder"
            )
        if ".." in path.parts or source.startswith("~"):
            raise ValueError(
                f"found {source!r}; a folder outside the project must be given by its absolute path, because "
                "DVC runs queued experiments from a copy of the project"
            )
        return source


class DownloadSettings(SourceSettings, frozen=True):
    """Where the data comes from, and how it is read."""

    layout: SourceLayout
    max_unpacked_gb: float = Field(gt=0)
