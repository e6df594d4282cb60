"""Settings of ``crop_faces``."""

from pydantic import Field

from pix2pix.core.choices import FacesPerFrame
from stages.shared.settings import Settings


class CropFacesSettings(Settings):
    """Which faces are cut out, and how much around them."""

    face_margin: float = Field(ge=0, le=2)
    face_min_probability: float = Field(ge=0, le=1)
    face_min_px: int = Field(ge=20)
    faces_per_frame: FacesPerFrame
    face_level_eyes: bool
    detect_max_side_px: int = Field(ge=64)
