"""Settings of ``extract_frames``."""

from pix2pix.core.options import Count, Weight
from stages.shared.settings import Settings


class ExtractFramesSettings(Settings, frozen=True):
    """Which frames of a video are kept."""

    frame_interval_ms: Weight
    max_frames_per_clip: Count
