"""Settings of ``crop_faces``."""

from pix2pix.faces.options import FaceOptions
from stages.shared.settings import Settings


class CropFacesSettings(Settings, FaceOptions, frozen=True):
    """Which faces are cut out, and how much around them."""
