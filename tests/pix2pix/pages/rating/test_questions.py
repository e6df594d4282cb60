from pathlib import Path

import numpy as np
import pytest
from rated_pictures import SIDE, Folders, picture_folders
from unpaired_cases import write_sets

from pix2pix.core.errors import InputError
from pix2pix.pages.rating.questions import next_question
from pix2pix.pictures.images import read_image, write_png


def test_the_seed_chooses_the_pictures_and_a_larger_n_adds_to_them(tmp_path: Path) -> None:
    folders = picture_folders(tmp_path, 20)

    def chosen(n: int, seed: int) -> list[str]:
        return [picture.path for picture in folders.survey(n=n, seed=seed).pictures]

    assert chosen(8, 1) == chosen(8, 1) == chosen(20, 1)[:8]
    assert set(chosen(8, 1)) != set(chosen(8, 2))
    assert len(set(chosen(20, 1))) == 20


def test_each_rater_has_an_own_order_of_the_same_pictures(tmp_path: Path) -> None:
    survey = picture_folders(tmp_path, 12).survey(n=8)
    ann, bob = survey.order("ann"), survey.order("bob")
    assert ann == survey.order("ann") != bob
    assert set(ann) == set(bob) == set(survey.pictures)


def test_scores_are_about_outputs_and_half_of_real_or_fake_is_real(tmp_path: Path) -> None:
    folders = picture_folders(tmp_path, 30)
    assert {picture.shows for picture in folders.survey("scores").pictures} == {"output"}
    rated = [picture for picture in folders.survey("real_or_fake", n=20).pictures if not picture.practice]
    assert [picture.shows for picture in rated].count("output") == 10


def test_practice_comes_first_on_pictures_that_are_not_rated(tmp_path: Path) -> None:
    survey = picture_folders(tmp_path, 60).survey("real_or_fake", n=40)
    order = survey.order("ann")
    assert [picture.practice for picture in order] == [True] * 10 + [False] * 40
    assert len({picture.path for picture in order}) == 50
    assert not any(picture.practice for picture in picture_folders(tmp_path, 60).survey("scores").pictures)


def test_a_hundred_are_rated_unless_n_says_otherwise(tmp_path: Path) -> None:
    folders = picture_folders(tmp_path, 111)
    assert len(folders.survey("scores").pictures) == 100
    assert len(folders.survey("scores", n=111).pictures) == 111


def test_what_is_shown_are_the_halves_of_the_pair_and_the_output(tmp_path: Path) -> None:
    survey = picture_folders(tmp_path, 10).survey("real_or_fake")
    for picture in survey.pictures:
        tone = 100 + int(Path(picture.path).stem)
        expected = {"input": (tone, tone, tone), "output": (tone, 0, 0), "target": (0, 0, tone)}
        expected["picture"] = expected[picture.shows]
        for role, color in expected.items():
            shown = survey.read_shown(picture, role)
            assert shown.shape == (SIDE, SIDE, 3) and np.array_equal(np.unique(shown, axis=1)[0, 0], color)


def test_questions_come_one_by_one_until_all_are_answered(tmp_path: Path) -> None:
    pictures = picture_folders(tmp_path, 2).survey().pictures
    asked = []
    while (following := next_question(pictures, "scores", asked)) is not None:
        asked.append((following[0].path, following[1]))
    assert asked == [
        (picture.path, question) for picture in pictures for question in ("translation", "difference")
    ]


@pytest.mark.parametrize("n", [0, -1, 9])
def test_n_beyond_the_pictures_is_refused(tmp_path: Path, n: int) -> None:
    with pytest.raises(
        InputError, match=rf"{n} pictures are to be rated, but .*results holds 8: N is 1 to 8"
    ):
        picture_folders(tmp_path, 8).survey(n=n)


def test_n_that_leaves_none_for_practice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds 8, 1 of them for practice: N is 1 to 7"):
        picture_folders(tmp_path, 8).survey("real_or_fake", n=8)


def test_nothing_to_rate_yet_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no pictures in .*results; `dvc repro`"):
        picture_folders(tmp_path, 0).survey()
    folders = picture_folders(tmp_path, 2)
    folders.model.unlink()
    with pytest.raises(InputError, match=r"no model at .*; `dvc repro`"):
        folders.survey()


def test_results_of_other_pairs_are_refused(tmp_path: Path) -> None:
    folders = picture_folders(tmp_path, 4)
    (folders.results / "class_1" / "1.png").unlink()
    with pytest.raises(InputError, match=r"1 pairs of .* have no translated picture, such as class_1/1\.png"):
        folders.survey()
    (folders.pairs / "class_0" / "2.png").unlink()
    (folders.pairs / "class_1" / "1.png").unlink()
    with pytest.raises(InputError, match=r"1 pictures of .* have no pair, such as class_0/2\.png"):
        folders.survey()


def test_a_result_of_another_size_is_refused(tmp_path: Path) -> None:
    folders = picture_folders(tmp_path, 2)
    write_png(folders.results / "class_1" / "1.png", np.zeros((SIDE, SIDE + 1, 3), np.uint8))
    with pytest.raises(InputError, match=r"is 33x32 px and .* 64x32, which is not twice as wide"):
        folders.survey()
    (folders.results / "class_1" / "1.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"results/class_1/1\.png cannot be read"):
        folders.survey()


def unpaired_folders(folder: Path, a: int, b: int) -> Folders:
    """Two sets of pictures and, of set A, outputs that are white."""
    write_sets(folder / "pairs", a, b)
    for path in (folder / "pairs" / "test" / "A").rglob("*.png"):
        name = path.relative_to(folder / "pairs" / "test")
        write_png(folder / "results" / name, np.full((64, 64, 3), 255, np.uint8))
    (folder / "m").write_bytes(b"weights")
    return Folders(folder / "results", folder / "pairs" / "test", folder / "m", folder / "ratings")


@pytest.mark.parametrize("seed", [1, 2])
def test_of_two_sets_outputs_and_real_pictures_of_the_other_set_are_judged(tmp_path: Path, seed: int) -> None:
    survey = unpaired_folders(tmp_path, 20, 25).survey("real_or_fake", seed=seed)
    real = {read_image(path).tobytes() for path in (survey.pairs / "B").rglob("*.png")}
    shown: dict[str, list[bytes]] = {"output": [], "target": []}
    for picture in survey.pictures:
        assert picture.path.startswith("A/")
        shown[picture.shows].append(survey.read_shown(picture, "picture").tobytes())
    assert len(shown["output"]) == len(shown["target"]) == 10
    assert set(shown["output"]) == {bytes([255]) * (64 * 64 * 3)}
    assert len(set(shown["target"])) == 10 and set(shown["target"]) <= real


def test_real_picture_beside_an_output_is_the_same_under_every_seed(tmp_path: Path) -> None:
    folders = unpaired_folders(tmp_path, 12, 9)
    one, other = (folders.survey("real_or_fake", seed=seed) for seed in (1, 2))
    assert one.real == other.real and len(one.real) == len(set(one.real.values())) == 9
    assert len(one.pictures) == 9


def test_scores_of_two_sets_are_refused_with_the_way_out(tmp_path: Path) -> None:
    message = "no pairs, so no output has a target .*; make rate PROTOCOL=real_or_fake asks"
    with pytest.raises(InputError, match=message) as raised:
        unpaired_folders(tmp_path, 3, 3).survey("scores")
    assert "\n" not in str(raised.value)


def test_set_without_a_real_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no pictures in .*test/B; `dvc repro`"):
        unpaired_folders(tmp_path, 3, 0).survey("real_or_fake")


def test_output_of_another_size_than_its_picture_is_refused(tmp_path: Path) -> None:
    folders = unpaired_folders(tmp_path, 3, 3)
    write_png(folders.results / "A" / "class_0" / "2.png", np.zeros((32, 32, 3), np.uint8))
    with pytest.raises(InputError, match=r"32x32 px and .* 64x64, which is not the same size"):
        folders.survey("real_or_fake")
