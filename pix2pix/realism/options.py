"""What is measured beside the metrics that are always there, as settings; torch-free, as all options are."""

from dataclasses import dataclass

from pix2pix.core.choices import RealismMetrics
from pix2pix.core.options import Count, Options, Sha256

BASELINE_INPUT = "baseline_input"  # how the figures start of the inputs, taken for the outputs


@dataclass(frozen=True, kw_only=True)
class RealismOptions(Options):
    """What realism is measured by.

    Attributes:
        realism_metrics: ``auto``: KID of EfficientNet-lite0's features; ``fid``: also FID and KID;
            ``lpips``: also LPIPS; ``all``: all of them.
        feature_weights, lpips_weights: files of weights; empty: downloaded.
        feature_weights_sha256, lpips_weights_sha256: of the files.
        seed: of KID's subsets.
    """

    realism_metrics: RealismMetrics
    feature_weights: str = ""
    feature_weights_sha256: Sha256 = ""
    lpips_weights: str = ""
    lpips_weights_sha256: Sha256 = ""
    seed: Count

    @property
    def has_lite0(self) -> bool:
        """Whether KID on EfficientNet-lite0's features is asked for."""
        return self.realism_metrics != "none"

    @property
    def has_fid(self) -> bool:
        """Whether FID and KID are asked for."""
        return self.realism_metrics in ("fid", "all")

    @property
    def has_lpips(self) -> bool:
        """Whether LPIPS is asked for."""
        return self.realism_metrics in ("lpips", "all")
