"""Settings of ``evaluate``."""

from typing import Self

from pydantic import model_validator

from pix2pix.evaluation.options import EvaluationOptions
from stages.shared.settings import Settings


class EvaluateSettings(Settings, EvaluationOptions, frozen=True):
    """What is measured beside the metrics that are always there."""

    @model_validator(mode="after")
    def _weights_have_a_hash(self) -> Self:
        self.check_hashes("feature_weights", "lpips_weights")
        return self
