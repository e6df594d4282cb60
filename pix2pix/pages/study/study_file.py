"""A study's file: what it compares, on which data, and what somebody claims of it."""

from itertools import product
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pix2pix.core.errors import InputError
from pix2pix.core.options import AtLeastOne, Count, Weight

STUDIES = Path("studies")
RESULTS = STUDIES / "results"
STRICT = ConfigDict(strict=True, extra="forbid")
Value = dict[str, Any]


class Claim(BaseModel):
    """That some ways have a lower, or a higher, figure than others.

    Attributes:
        says: the claim in words.
        where: who says so, and where.
        metric: the figure by which it is judged.
        lower: the ways that should have a lower figure than those of ``than``; or else
        higher: a higher one.
        than: the others.
        margin: by how much those may be worse all the same, in units of the figure; for "as good as".
    """

    model_config = STRICT

    says: str
    where: str
    metric: str
    lower: list[str] = Field(default_factory=list)
    higher: list[str] = Field(default_factory=list)
    than: list[str] = Field(min_length=1)
    margin: Weight = 0

    @model_validator(mode="after")
    def _one_direction(self) -> Self:
        if bool(self.lower) == bool(self.higher):
            raise ValueError("expected one of lower and higher")
        return self


class Subset(BaseModel):
    """A part of a dataset of ready-made pairs.

    Attributes:
        dataset: the name of its folder, below that of all datasets.
        train: pairs for training.
        val: pairs for validation, cut from those for training where the dataset has none.
        test: pairs for testing; 0 is all.
    """

    model_config = STRICT

    dataset: str
    train: AtLeastOne
    val: AtLeastOne
    test: Count = 0

    @property
    def label(self) -> str:
        """Its name, which says how large it is."""
        return f"{self.dataset}-{self.train}-{self.val}-{self.test or 'all'}"


class Recommended(BaseModel):
    """The recommended recipe that stands beside a study's ways, with the settings that it changes."""

    model_config = STRICT

    recipe: str
    settings: Value = Field(default_factory=dict)


class StudyFile(BaseModel):
    """What a study's file holds.

    Attributes:
        title: of its section, table and figure.
        about: what it compares and on what, in a sentence or two.
        recipe: the recipe whose settings all runs share.
        settings: the settings that all runs change, as whoever claims something did.
        size: the settings that make all runs small enough to be run several times; not of full runs.
        data: the pairs of small runs.
        seeds: how often each way is run.
        grid: the values of each axis, with the settings of each value. Each combination is a way.
        recommended: the recommended recipe, or None.
        claims: what is said of the ways.
        prose: what else there is to say, as Markdown, below the claims. It has no figures.
    """

    model_config = STRICT

    title: str
    about: str
    recipe: str
    settings: Value = Field(default_factory=dict)
    size: Value = Field(default_factory=dict)
    data: Subset
    seeds: AtLeastOne
    grid: dict[str, dict[str, Value]] = Field(min_length=1)
    recommended: Recommended | None = None
    claims: list[Claim] = Field(default_factory=list)
    prose: str = ""

    @property
    def points(self) -> dict[str, tuple[str, ...]]:
        """The value on each axis, by the name of the way."""
        return {"-".join(values): values for values in product(*self.grid.values())}

    @property
    def ways(self) -> list[str]:
        """The names of all ways, the recommended one last."""
        return [*self.points, *([self.recommended.recipe] if self.recommended else [])]

    @model_validator(mode="after")
    def _claims_name_ways(self) -> Self:
        for claim in self.claims:
            if unknown := {*claim.lower, *claim.higher, *claim.than} - set(self.ways):
                found = min(unknown)
                raise ValueError(f"found {found!r} in a claim; expected one of {', '.join(self.ways)}")
        return self


def study_names() -> list[str]:
    """The studies that there are."""
    return sorted(path.stem for path in STUDIES.glob("*.yaml"))


def read_study_file(name: str) -> StudyFile:
    """Read a study's file.

    Args:
        name: of the file, without the suffix.

    Raises:
        InputError: there is no such study, or its file is wrong.
    """
    path = STUDIES / f"{name}.yaml"
    if name not in study_names():
        raise InputError(f"NAME: found {name!r}; input should be one of {', '.join(study_names())}")
    try:
        return StudyFile.model_validate(YAML(typ="safe", pure=True).load(path))
    except (YAMLError, OSError) as error:
        raise InputError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: {key}: {first['msg'].lower()}; found {first['input']!r:.80}") from None
