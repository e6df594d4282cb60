import numpy as np
from PIL import Image

from pix2pix.pairs.duplicates import content_hash, difference_hash, first_of_equals, near_duplicates


def bits_apart(a: bytes, b: bytes) -> int:
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_count()


def test_content_hash_tells_shapes_and_pixels_apart(photo: np.ndarray) -> None:
    other = photo.copy()
    other[3, 4, 1] ^= 1
    hashes = {content_hash(image) for image in (photo, other, photo.reshape(128, 96, 3))}
    assert len(hashes) == 3 and content_hash(photo.copy()) in hashes


def test_difference_hash_survives_scaling_and_tells_pictures_apart(photo: np.ndarray) -> None:
    smaller = np.asarray(Image.fromarray(photo).resize((64, 48)))
    assert bits_apart(difference_hash(photo), difference_hash(smaller)) <= 6
    assert bits_apart(difference_hash(photo), difference_hash(photo[::-1].copy())) > 30


def test_difference_hash_against_a_closed_form() -> None:
    ramp = np.repeat(np.arange(0, 90, 10, dtype=np.uint8)[None, :, None], 9, axis=0).repeat(3, axis=2)
    assert difference_hash(ramp) == b"\xff" * 8 + b"\x00" * 8
    assert difference_hash(ramp.transpose(1, 0, 2).copy()) == b"\x00" * 8 + b"\xff" * 8


def test_near_duplicates_are_those_within_12_bits() -> None:
    rng = np.random.default_rng(0)
    others = [rng.bytes(16) for _ in range(200)]
    near, far = (bytearray(others[i]) for i in (70, 90))
    near[0] ^= 0b11111100
    near[9] ^= 0b11111100
    far[0] ^= 0b11111100
    far[9] ^= 0b11111110
    assert near_duplicates([bytes(far), bytes(near), others[5]], others) == {1: 70, 2: 5}
    assert near_duplicates([bytes(near)], []) == {} and near_duplicates([], others) == {}


def test_first_of_equals_is_the_one_of_lowest_rank() -> None:
    ranks = [(2, "a"), (0, "c"), (0, "b"), (0, "d")]
    assert first_of_equals(["x", "x", "y", "x"], ranks) == {0: 1, 3: 1}
