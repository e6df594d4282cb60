"""What is evaluated, by what and where; torch-free, as all options are."""

from dataclasses import dataclass
from pathlib import Path

from pix2pix.core.choices import FaceRate
from pix2pix.core.options import Probability
from pix2pix.realism.options import RealismOptions

CYCLE = "cycle_l1"  # of a picture and its way there and back, where a model has both directions
MANIFEST = "manifest.csv"  # of the pairs
COUNTS = ("n_images", "n_images_b", "realism_n", "realism_n_b", "realism_seed")  # not said of it again


@dataclass(frozen=True, kw_only=True)
class EvaluationOptions(RealismOptions):
    """What is measured beside the metrics that are always there.

    Attributes:
        face_rate: whether faces are counted in targets and outputs; ``auto``: where faces were cropped.
        face_min_probability: the least probability of a face that counts.
    """

    face_rate: FaceRate
    face_min_probability: Probability


@dataclass(frozen=True)
class Places:
    """Where an evaluation finds its pictures, and puts what it makes.

    Attributes:
        pairs: what build_pairs wrote: splits of A|B pairs, or of two sets of pictures, and the manifest.
        faces: the manifest of the cropped faces.
        results: gets the translated test pictures.
        plots: gets the pictures and tables that show the measurements.
    """

    pairs: Path
    faces: Path
    results: Path
    plots: Path
