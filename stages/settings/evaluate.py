"""Settings of ``evaluate``."""

from typing import Self

from pydantic import model_validator

from pix2pix.core.choices import FaceRate
from pix2pix.core.options import Probability
from pix2pix.realism.options import RealismOptions
from stages.shared.settings import Settings


class EvaluateSettings(Settings, RealismOptions, frozen=True):
    """What is measured beside the metrics that are always there."""

    face_rate: FaceRate
    face_min_probability: Probability

    @model_validator(mode="after")
    def _weights_have_a_hash(self) -> Self:
        self.check_hashes("feature_weights", "lpips_weights")
        return self
