"""Settings of ``evaluate``."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pix2pix.core.choices import RealismMetrics
from stages.shared.settings import Settings, Sha256


class EvaluateSettings(Settings):
    """What is measured beside the metrics that are always there."""

    face_rate: Literal["auto"] | bool
    face_min_probability: float = Field(ge=0, le=1)
    realism_metrics: RealismMetrics
    feature_weights: str
    feature_weights_sha256: str = Sha256
    lpips_weights: str
    lpips_weights_sha256: str = Sha256
    seed: int = Field(ge=0)

    @model_validator(mode="after")
    def _weights_have_a_hash(self) -> Self:
        self.check_hashes("feature_weights", "lpips_weights")
        return self
