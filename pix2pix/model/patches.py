"""The sizes of PatchGAN discriminators (arXiv:1611.07004, section 3.2.2 and appendix 6.1.2)."""

from pix2pix.core.choices import Padding, PatchSize

HALVINGS: dict[int, int] = {1: 0, 16: 1, 70: 3, 142: 4, 286: 5}  # of the side, by the size of the patch in px


def patch_grid(image_size: int, patch_size: PatchSize, padding: Padding) -> int:
    """Return how many patches a discriminator judges along a side of the picture.

    Args:
        image_size: side of the picture in px.
        patch_size: side of the patch that each output sees, in px.
        padding: 1 px on each side of every convolution, or ``same``, which keeps the side where it is not
            halved (TensorFlow's: 1 px before and 2 after).

    Raises:
        ValueError: the picture is too small for it.
    """
    if patch_size == 1:
        return image_size
    side = image_size >> HALVINGS[patch_size]
    grid = side if padding == "same" else side - 2
    if grid < 1:
        raise ValueError(
            f"patch_size {patch_size} is too large for image_size {image_size}: nothing is left to judge; "
            "take a smaller patch_size, or a larger image_size"
        )
    return grid
