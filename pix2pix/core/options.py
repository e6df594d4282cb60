"""Options taken out of settings by their names."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True)
class Options:
    """A part of the settings: fields that have the settings' names."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Take the fields out of settings, as in params.yaml or a model's header.

        Raises:
            KeyError: a setting is missing.
        """
        return cls(**{field.name: settings[field.name] for field in fields(cls)})
