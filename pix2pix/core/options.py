"""Options: the settings that a part of the library uses, declared once, with their types and ranges.

A stage's settings (``stages.settings``) inherit them: pydantic checks them there, and the library takes them
as they are. Who uses the library alone is not checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Self

from pydantic import Field

Count = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1)]
Sha256 = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]  # in hexadecimal, or empty


@dataclass(frozen=True, kw_only=True)
class Options:
    """Some of the settings: fields that have the settings' names."""

    @classmethod
    def of(cls, header: Mapping[str, Any]) -> Self:
        """Take the fields out of the header of a model's file, which holds all settings of its training.

        Raises:
            KeyError: a setting is missing.
        """
        return cls(**{field.name: header[field.name] for field in fields(cls)})
