"""The metrics as functions of one output and its target, each (H, W, 3) uint8 RGB: their formulas."""

import numpy as np
import numpy.typing as npt

from pix2pix.pictures.images import RgbImage
from pix2pix.pictures.opencv import cv2

METRICS = ("l1", "l2", "psnr", "ssim", "histogram_distance", "histogram_emd", "colorfulness")
PSNR_CAP_DB = 100.0
LEVELS = 256
HISTOGRAM_BINS = 64
SSIM_WINDOW_PX = 11
SSIM_SIGMA_PX = 1.5
SSIM_C1 = 0.01**2
SSIM_C2 = 0.03**2

Histograms = npt.NDArray[np.int64]


def image_metrics(output: RgbImage, target: RgbImage) -> dict[str, float]:
    """Measure one picture against its target, by each of ``METRICS``."""
    counts, expected = histograms(output), histograms(target)
    mse = l2(output, target)
    return {
        "l1": l1(output, target),
        "l2": mse,
        "psnr": psnr(mse),
        "ssim": ssim(output, target),
        "histogram_distance": histogram_distance(counts, expected),
        "histogram_emd": histogram_emd(counts, expected),
        "colorfulness": colorfulness(output),
    }


def l1(output: RgbImage, target: RgbImage) -> float:
    """Mean absolute error over pixels and channels, in [0, 1]."""
    return float(cv2.norm(output, target, cv2.NORM_L1)) / output.size / 255


def pixel_errors(output: RgbImage, target: RgbImage) -> npt.NDArray[np.float64]:
    """Mean absolute error over the channels of each pixel, (H, W) in [0, 1]."""
    return np.asarray(cv2.absdiff(output, target).mean(axis=2) / 255)


def l2(output: RgbImage, target: RgbImage) -> float:
    """Mean squared error over pixels and channels, in [0, 1]."""
    return float(cv2.norm(output, target, cv2.NORM_L2SQR)) / output.size / 255**2


def psnr(mse: float) -> float:
    """Peak signal-to-noise ratio in dB, capped at 100, of a mean squared error."""
    return PSNR_CAP_DB if mse == 0 else min(PSNR_CAP_DB, -10 * float(np.log10(mse)))


def ssim(output: RgbImage, target: RgbImage) -> float:
    """Structural similarity (Wang et al. 2004, doi:10.1109/TIP.2003.819861) on data range 1.

    With the authors' Gaussian window of 11 px (standard deviation 1.5 px), over the pixels whose window lies
    inside; the mean over R, G and B.
    """
    x, y = (image.astype(np.float32) / np.float32(255) for image in (output, target))
    mean_x, mean_y = _blurred(x), _blurred(y)
    variances = _blurred(x * x) - mean_x * mean_x + (_blurred(y * y) - mean_y * mean_y)
    covariance = _blurred(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + SSIM_C1) / (mean_x * mean_x + mean_y * mean_y + SSIM_C1)
    structure = (2 * covariance + SSIM_C2) / (variances + SSIM_C2)
    edge = SSIM_WINDOW_PX // 2
    return float((luminance * structure)[edge:-edge, edge:-edge].mean(dtype=np.float64))


def histograms(image: RgbImage) -> Histograms:
    """Count the pixels of each intensity, (3, 256): of R, G and B."""
    return np.stack([np.bincount(image[:, :, channel].ravel(), minlength=LEVELS) for channel in range(3)])


def histogram_distance(output: Histograms, target: Histograms) -> float:
    """Hellinger distance of the normalised 64-bin histograms, averaged over R, G and B.

    0 is equal, 1 is disjoint; OpenCV calls it ``HISTCMP_BHATTACHARYYA``.
    """
    o, t = (counts.reshape(3, HISTOGRAM_BINS, -1).sum(axis=2) for counts in (output, target))
    overlap = np.sqrt(o * t).sum(axis=1) / np.sqrt(o.sum(axis=1) * t.sum(axis=1))
    return float(np.sqrt(np.maximum(0.0, 1.0 - overlap)).mean())


def histogram_emd(output: Histograms, target: Histograms) -> float:
    """Earth mover's distance of the histograms, in intensities of 0 to 255, averaged over R, G and B.

    How far, on average, a channel's pixels must be shifted for the histograms to be equal (Rubner et al.
    2000, doi:10.1023/A:1026543900054).
    """
    o, t = (counts.cumsum(axis=1) / counts.sum(axis=1, keepdims=True) for counts in (output, target))
    return float(np.abs(o - t).sum(axis=1).mean())


def colorfulness(image: RgbImage) -> float:
    """How colourful a picture looks (Hasler and Suesstrunk 2003, doi:10.1117/12.477378).

    0 is grey, 15 slightly, 33 moderately, 59 quite, 109 extremely colourful.
    """
    red = image[:, :, 0].astype(np.float64)
    green = image[:, :, 1].astype(np.float64)
    blue = image[:, :, 2].astype(np.float64)
    opponents = np.stack([red - green, (red + green) / 2 - blue])
    spread = np.hypot(*opponents.std(axis=(1, 2)))
    return float(spread + 0.3 * np.hypot(*opponents.mean(axis=(1, 2))))


def _blurred(image: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.asarray(cv2.GaussianBlur(image, (SSIM_WINDOW_PX, SSIM_WINDOW_PX), SSIM_SIGMA_PX))
