"""Artefacts of generators: checkerboards, and borders that are worse than the inside.

Of many pictures they are computed from their mean energies and errors: ratios of single pictures are noisy.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from pix2pix.pictures.images import LUMA, RgbImage
from pix2pix.pictures.opencv import cv2

ARTEFACTS = ("checkerboard", "border_error")
PERIODS_PX = (2, 4, 8)
TILE_PX = 64
STEP_PX = 32
BESIDE = 2  # cycles per tile between a period's frequency and its neighbours: a Hann window keeps them apart
UNSEEN = 1.0  # energy of noise of one intensity level
BORDER_PX = 8
NO_ERROR = 1e-6  # in [0, 1]; far below one intensity level in one pixel in a hundred

Energy = npt.NDArray[np.float64]


class Traces(NamedTuple):
    """What the artefacts of an output are computed from.

    Attributes:
        energy: of the output, (3, 3, 4), as ``periodic_energy`` gives it.
        target_energy: the same of the target.
        errors: mean absolute errors of the border and of the inside, (2,) in [0, 1].
    """

    energy: Energy
    target_energy: Energy
    errors: npt.NDArray[np.float64]


def artefacts(pictures: Sequence[Traces]) -> dict[str, float]:
    """Compute each of ``ARTEFACTS`` of some pictures together.

    ``checkerboard`` is how far the energies at periods of 2, 4 and 8 px stand out from their neighbours', in
    the outputs over in the targets: at each of the 12 frequencies of ``periodic_energy`` the energy is
    divided by the geometric mean of its two neighbours', which neither blur nor detail changes much, and the
    geometric mean over the 12 is divided by the targets'. Energies are averaged over the pictures first, and
    noise of one intensity level is added to each, so that what nobody sees counts for little. 1 is as in the
    targets, more is a checkerboard (Odena et al. 2016, doi:10.23915/distill.00003).

    ``border_error`` is the mean absolute error of the outer 8 px over that of the inside, each averaged over
    the pictures first. 1 is equal, more is a worse border; without any error it is 1.
    """
    energy, expected, (border, inside) = (np.mean(values, axis=0) for values in zip(*pictures, strict=True))
    return {
        "checkerboard": _standing_out(energy) / _standing_out(expected),
        "border_error": float((border + NO_ERROR) / (inside + NO_ERROR)),
    }


def periodic_energy(image: RgbImage) -> Energy:
    """Energy of the brightness at periods of 2, 4 and 8 px, and at the frequencies beside them.

    It is the power spectrum averaged over Hann windows of 64 px that overlap by half (Welch 1967,
    doi:10.1109/TAU.1967.1161901), scaled so that noise has the energy of its variance, in intensities
    squared.

    Args:
        image: (H, W, 3) uint8, H and W at least 64, the size of the smallest models.

    Returns:
        (3, 3, 4): a little longer periods, the periods, a little shorter ones; of 2, 4 and 8 px; across,
        down and along both diagonals.
    """
    tiles = sliding_window_view(image @ np.array(LUMA), (TILE_PX, TILE_PX))[::STEP_PX, ::STEP_PX]
    parts = (tiles.reshape(-1, TILE_PX**2) @ WAVES) ** 2
    energy: Energy = parts.mean(axis=0).reshape(2, 3, 3, 4).sum(axis=0)
    return energy


def border_and_inside(output: RgbImage, target: RgbImage) -> npt.NDArray[np.float64]:
    """Mean absolute errors of the outer 8 px and of the rest, (2,) in [0, 1], of (H, W, 3) uint8 pictures."""
    inner = slice(BORDER_PX, -BORDER_PX)
    inside, all_over = output[inner, inner], float(cv2.norm(output, target, cv2.NORM_L1))
    error = float(cv2.norm(inside, target[inner, inner], cv2.NORM_L1))
    return np.array([(all_over - error) / (output.size - inside.size), error / inside.size]) / 255


def _standing_out(energy: Energy) -> float:
    """How far the energies at the periods stand out from those beside them; 1 is not at all."""
    longer, at, shorter = np.log(energy + UNSEEN)
    return float(np.exp((at - (longer + shorter) / 2).mean()))


def _waves() -> npt.NDArray[np.float64]:
    """Cosines, then sines, of each frequency in a Hann window, (64 * 64, 2 * 36), for ``periodic_energy``."""
    cycles = TILE_PX // np.array(PERIODS_PX) + BESIDE * np.array([[-1], [0], [1]])
    across, down = (np.multiply.outer(cycles, signs)[..., None] for signs in ((1, 0, 1, 1), (0, 1, 1, -1)))
    position = np.arange(TILE_PX) / TILE_PX
    hann = np.sin(np.pi * position) ** 2
    wave_x, wave_y = (hann * np.exp(2j * np.pi * each * position) for each in (across, down))
    waves = np.einsum("optx,opty->yxopt", wave_x, wave_y).reshape(TILE_PX**2, -1) / (hann @ hann)
    return np.hstack([waves.real, waves.imag])


WAVES = _waves()
