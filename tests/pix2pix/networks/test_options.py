import pytest

from pix2pix.networks.options import HALVINGS, patch_grid


@pytest.mark.parametrize("patch_size", HALVINGS)
@pytest.mark.parametrize("size", [64, 128, 256, 512, 1024])
@pytest.mark.parametrize("padding", [1, "same"])
def test_grid_is_that_of_the_convolutions_one_after_the_other(
    patch_size: int, size: int, padding: object
) -> None:
    """The side after a convolution of 4 px: halved with stride 2, and with stride 1 one less, or the same."""
    side = size
    if patch_size > 1:
        for _ in range(HALVINGS[patch_size]):
            side = (side + 2 - 4) // 2 + 1
        side -= 0 if padding == "same" else 2
    if side < 1:
        with pytest.raises(ValueError, match=f"patch_size {patch_size} is too large for image_size {size}"):
            patch_grid(size, patch_size, padding)
    else:
        assert patch_grid(size, patch_size, padding) == side


@pytest.mark.parametrize(("patch_size", "halvings"), HALVINGS.items())
def test_patch_is_the_receptive_field_by_its_recursion(patch_size: int, halvings: int) -> None:
    """Araujo et al. 2019, doi:10.23915/distill.00021: field = 1 + sum of (kernel - 1) * strides before."""
    kernel = 1 if patch_size == 1 else 4
    strides = [2] * halvings + [1, 1]
    field, jump = 1, 1
    for stride in strides:
        field += (kernel - 1) * jump
        jump *= stride
    assert field == patch_size


def test_too_large_a_patch_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="take a smaller patch_size, or a larger image_size"):
        patch_grid(64, 286, 1)
