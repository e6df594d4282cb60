"""Settings of ``extract_frames``."""

from pydantic import Field

from stages.shared.settings import Settings


class ExtractFramesSettings(Settings):
    """Which frames of a video are kept."""

    frame_interval_ms: float = Field(ge=0, allow_inf_nan=False)
    max_frames_per_clip: int = Field(ge=0)
