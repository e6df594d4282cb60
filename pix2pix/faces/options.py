"""Which faces are cut out, and how, as settings; torch-free, as all options are."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from pix2pix.core.choices import FacesPerFrame
from pix2pix.core.options import Options, Probability


@dataclass(frozen=True, kw_only=True)
class FaceOptions(Options):
    """Which faces are cut out, and how.

    Attributes:
        face_margin: added on every side, as a share of the longer side of the face's box.
        face_min_probability: faces that the detector is less sure of are left out.
        face_min_px: faces whose box has a shorter longer side are left out.
        faces_per_frame: ``largest``: the largest that is not left out; or ``all``.
        face_level_eyes: turn the crop so that the eyes are level.
        detect_max_side_px: faces are searched in a copy of at most this size.
    """

    face_margin: Annotated[float, Field(ge=0, le=2)]
    face_min_probability: Probability
    face_min_px: Annotated[int, Field(ge=20)]
    faces_per_frame: FacesPerFrame
    face_level_eyes: bool
    detect_max_side_px: Annotated[int, Field(ge=64)]
