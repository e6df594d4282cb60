"""What a folder is taken for, and what is said of it."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix.core.errors import InputError
from pix2pix.download.raw import RawRow, download_folder
from pix2pix.items.parallel import Workers
from pix2pix.pictures.images import RgbImage, read_image, write_jpeg, write_png


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


def pictures(root: Path, names: Iterable[str], size: tuple[int, int] = (32, 32)) -> None:
    rng = np.random.default_rng(0)
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).save(path)


def download(source: Path, tmp_path: Path, layout: str = "auto") -> tuple[list[RawRow], list[str]]:
    told: list[str] = []
    return download_folder(source, tmp_path / layout, layout, Workers(), told.append), told


def kinds(rows: Iterable[RawRow]) -> Counter[tuple[str, str, str]]:
    """Kind, split and class of what is kept."""
    return Counter((row.kind, row.split, row.class_name) for row in rows if row.path)


@pytest.mark.parametrize("layout", ["auto", "pairs"])
@pytest.mark.parametrize(
    ("folders", "splits", "told"),
    [
        (
            ["trainA", "trainB", "testA", "testB"],
            ["train", "test"],
            "testA with testB, trainA with trainB, by equal names; layout: unpaired takes them as two sides "
            "that are no pairs, layout: photos takes them as classes",
        ),
        (["ds/train_A", "ds/train_B"], ["train"], "ds/train_A with ds/train_B, by equal names; layout: unp"),
        (["train/A", "train/B", "test/A", "test/B"], ["train", "test"], "test/A with test/B, train/A with"),
        (
            ["input", "target"],
            [""],
            "input with target, by equal names; layout: photos takes them as classes",
        ),
        (["ds/Source", "ds/Target"], [""], "ds/Source with ds/Target"),
        (["train/input", "train/target", "val/input", "val/target"], ["train", "val"], "train/input with"),
        (
            ["images/train", "images/val", "labels/train", "labels/val"],
            ["train", "val"],
            "images with labels",
        ),
        (["train_input", "train_target"], ["train"], "train_input with train_target"),
        (["A", "B"], [""], "A with B"),
    ],
)
def test_folders_as_people_have_them_are_pairs(
    source: Path, tmp_path: Path, layout: str, folders: list[str], splits: list[str], told: str
) -> None:
    pictures(source, [f"{folder}/{i}.png" for folder in folders for i in range(3)])
    rows, lines = download(source, tmp_path, layout)
    assert kinds(rows) == {("pairs", split, "all"): 3 for split in splits}
    assert len(lines) == 1 and lines[0].startswith(f"taken as pairs: {told}")


def test_first_side_is_the_left_half(source: Path, tmp_path: Path) -> None:
    pictures(source, ["target/rose/1.png", "input/rose/1.png", "target/2.png", "input/2.png"])
    rows, _ = download(source, tmp_path)
    for row in rows:
        halves = [read_image(source / side / row.source.split("/", 1)[1]) for side in ("input", "target")]
        assert np.array_equal(read_image(tmp_path / "auto" / row.path), np.hstack(halves))
    assert sorted(row.class_name for row in rows) == ["all", "rose"]


def test_partner_that_is_missing_is_listed_by_the_name_of_its_folder(source: Path, tmp_path: Path) -> None:
    pictures(source, [f"{side}/{i}.png" for side in ("input", "target") for i in range(12)])
    pictures(source, ["input/more.png", "overview.png"])
    reasons = {row.source: row.reason for row in download(source, tmp_path)[0] if not row.path}
    assert reasons == {
        "input/more.png": "no pictures of this name in target, expected 1",
        "overview.png": "beside input/ and target/",
    }


def test_pictures_that_a_tool_has_joined_lie_beside_their_halves(source: Path, tmp_path: Path) -> None:
    pictures(source, [f"{side}/{i}.png" for side in "AB" for i in range(2)])
    pictures(source, [f"AB/{i}.png" for i in range(2)], size=(64, 32))
    rows, _ = download(source, tmp_path)
    assert kinds(rows) == {("pairs", "", "all"): 2}
    assert {row.reason for row in rows if not row.path} == {"beside A/ and B/"}


NAMED = [f"{i}_{side}.png" for side in "AB" for i in range(3)]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (
            [f"{{{name[2]}}}/{name}" for name in NAMED],
            "compared the names in {a} (3) and in {b} (3): 0 are in both: {A}/0_A.png and {B}/0_B.png differ",
        ),
        (
            [f"{{A}}/IMG{i}.JPG" for i in range(3)] + [f"{{B}}/img{i}.png" for i in range(3)],
            "0 are in both: {A}/IMG0.JPG and {B}/img0.png differ, and would fit with equal capitals",
        ),
        (
            [f"{{A}}/n{i}.png" for i in range(3)] + [f"{{B}}/m{i}.png" for i in range(4)],
            "in {a} (3) and in {b} (4): 0 are in both: {A}/n0.png and {B}/m0.png differ; a pair needs "
            "pictures of one name, whatever the suffix, and of one size in both",
        ),
    ],
)
@pytest.mark.parametrize("sides", [("A", "B"), ("trainA", "trainB"), ("input", "target")])
def test_sides_that_do_not_fit_are_told_with_what_was_compared_and_what_would_fit(
    source: Path, tmp_path: Path, sides: tuple[str, str], names: list[str], says: str
) -> None:
    a, b = (name.removeprefix("train") for name in sides)
    fill = {"A": sides[0], "B": sides[1], "a": a, "b": b}
    pictures(source, [name.format(**fill) for name in names])
    with pytest.raises(InputError, match=r"nothing in .* can be used: compared the names") as caught:
        download(source, tmp_path, "pairs")
    assert says.format(**fill) in str(caught.value) and "\n" not in str(caught.value)
    if sides == ("A", "B"):
        with pytest.raises(InputError, match=r"nothing in .* can be used: compared the names"):
            download(source, tmp_path)
        return
    rows, (line,) = download(source, tmp_path)
    taken = "two sides that are no pairs" if a == "A" else "photos in classes"
    assert line.startswith(f"taken as {taken}: compared the names") and says.format(**fill) in line
    assert line.endswith("; layout: pairs joins those of equal names")
    assert len(kinds(rows)) == (2 if a == "input" else 1) and all(row.path for row in rows)


@pytest.mark.parametrize(
    ("a", "b"), [("0_A", "0_B"), ("A_0", "B_0"), ("0-a", "0-b"), ("0 A", "0 B"), ("0_A", "0_B")]
)
def test_names_that_tell_the_side_would_fit_without_it(source: Path, tmp_path: Path, a: str, b: str) -> None:
    pictures(source, [f"A/{a}.png", f"B/{b}.png"])
    with pytest.raises(InputError, match=r"would fit without the side in the name, such as '0' in both"):
        download(source, tmp_path)


def test_other_sizes_are_told(source: Path, tmp_path: Path) -> None:
    for number, (a, b) in enumerate([("A", "B"), ("trainA", "trainB")]):
        folder = source / str(number)
        pictures(folder, [f"{a}/{i}.png" for i in range(3)])
        pictures(folder, [f"{b}/{i}.png" for i in range(3)], size=(48, 32))
        with pytest.raises(
            InputError,
            match=r"3 are in both, most with pictures of different sizes: a pair needs .* one size in both.*"
            r"6 sizes differ: A is 32x32, B is 48x32",
        ):
            download(folder, tmp_path / str(number), "pairs")
    rows, _ = download(source / "1", tmp_path)
    assert {row.side for row in rows} == {"A", "B"}


def test_folders_of_other_classes_and_unequal_names_stay_photos(source: Path, tmp_path: Path) -> None:
    pictures(source / "0", [f"{name}/{i}.png" for name in "ABC" for i in range(3)])
    pictures(source / "1", [f"{name}/{i}.png" for name in ("input", "target", "rose") for i in range(3)])
    for number in "01":
        rows, lines = download(source / number, tmp_path / number)
        assert {row.kind for row in rows} == {"photos"} and lines == []
        assert len({row.class_name for row in rows}) == 3


@pytest.mark.parametrize("layout", ["auto", "pairs"])
def test_classes_named_like_sides_may_hold_joined_pairs(
    source: Path, tmp_path: Path, photo: RgbImage, layout: str
) -> None:
    for number in range(6):
        half = wide_photo(photo, number)[:, :50]
        pair = np.hstack([255 - half, half])
        write_png(source / f"{'low' if number < 3 else 'high'}/{number}.png", pair)
    rows, _ = download(source, tmp_path, layout)
    assert kinds(rows) == {("pairs", "", "low"): 3, ("pairs", "", "high"): 3}


def wide_photo(photo: RgbImage, number: int) -> RgbImage:
    """A photo twice as wide as high: a part of a larger one, with some noise."""
    noise = np.random.default_rng(number).normal(0, 3, photo.shape)
    shifted = np.roll(photo + noise, 7 * number, axis=0)[:50, 2 * number : 2 * number + 100]
    return shifted.clip(0, 255).astype(np.uint8)


def test_photos_twice_as_wide_as_high_are_told_from_pairs_by_their_middle(
    source: Path, tmp_path: Path, photo: RgbImage
) -> None:
    source.mkdir()
    for number in range(9):
        write_jpeg(source / f"{number}.jpg", wide_photo(photo, number))
    rows, (line,) = download(source, tmp_path)
    assert {row.kind for row in rows} == {"photos"} and all(row.path for row in rows)
    assert line.startswith("most pictures are twice as wide as high; of 9, ")
    assert line.endswith(" plain there: taken as photos; layout: pairs takes them as A|B pairs")
    rows, lines = download(source, tmp_path, "pairs")
    assert {row.kind for row in rows} == {"pairs"} and lines == []


@pytest.mark.parametrize("scale", [1.0, 0.7, 1.5])
def test_pairs_are_told_by_the_step_in_their_middle(
    source: Path, tmp_path: Path, photo: RgbImage, scale: float
) -> None:
    source.mkdir()
    size = (2 * round(80 * scale), round(80 * scale))
    for number in range(9):
        b = wide_photo(photo, number)[:, :50]
        pair = Image.fromarray(np.hstack([np.repeat(b[:, :, :1], 3, axis=2), b])).resize(size)
        write_jpeg(source / f"{number}.jpg", np.asarray(pair), quality=75)
    rows, (line,) = download(source, tmp_path)
    assert {row.kind for row in rows} == {"pairs"}
    assert line.endswith("taken as A|B pairs; layout: photos takes them as photos")


def test_pairs_with_a_plain_border_are_pairs(source: Path, tmp_path: Path) -> None:
    for number in range(9):
        pair = np.full((40, 80, 3), 255, dtype=np.uint8)
        pair[10:30, 10:30] = pair[10:30, 50:70] = 20 * number
        write_png(source / f"{number}.png", pair)
    rows, (line,) = download(source, tmp_path)
    assert {row.kind for row in rows} == {"pairs"} and "0 have a step there, 9 are plain there" in line


def test_photos_that_a_camera_held_upright_are_no_pairs(source: Path, tmp_path: Path) -> None:
    source.mkdir()
    pair = np.hstack([np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 255, np.uint8)])
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    for number in range(3):
        Image.fromarray(pair).save(source / f"{number}.jpg", exif=exif)
    rows, _ = download(source, tmp_path)
    assert {row.kind for row in rows} == {"photos"}


def test_thumbnails_of_devices_are_listed_as_hidden_and_change_no_guess(source: Path, tmp_path: Path) -> None:
    pictures(source, ["rose/a.jpg", "rose/b.jpg"])
    thumbnails = [
        "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg",
        ".thumbnails/1.jpg",
        ".@__thumb/s.jpg",
        "#recycle/c.jpg",
    ]
    pictures(source, [f"rose/{name}" for name in thumbnails], size=(64, 32))
    (source / "rose/Thumbs.db").touch()
    rows, lines = download(source, tmp_path)
    assert kinds(rows) == {("photos", "", "rose"): 2} and lines == []
    assert [row.reason for row in rows if not row.path] == ["hidden file or folder"] * 5
