import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT
from lock_holder import start_alone_in
from PIL import Image
from small_disk import SmallDisk, small_disk
from small_model import write_model
from unpaired_cases import write_unpaired_model

from pix2pix.__main__ import main
from pix2pix.items.manifest import KEPT, SKIPPED, read_rows
from pix2pix.pictures.images import RgbImage, grayscale, read_image, write_png
from pix2pix.translation.translator import Translator
from pix2pix.videos.video_files import write_video


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "m.safetensors")


def translate(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr("sys.argv", ["pix2pix", "translate", *map(str, arguments), "--accelerator", "cpu"])
    main()


def test_picture_in_picture_out(
    tmp_path: Path, model: Path, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_png(tmp_path / "a.png", photo)
    out = tmp_path / "new" / "b.png"
    options = ("--model", model, "--prepare", "--keep-luminance", "--fit", "resize")
    translate(monkeypatch, tmp_path / "a.png", "-o", out, *options)
    expected = Translator.load(model, "cpu").translate(photo, fit="resize", prepare=True, keep_luminance=True)
    assert np.array_equal(read_image(out), expected)
    assert not (tmp_path / "new" / "manifest.csv").exists()


def test_direction_is_that_of_the_command_line(
    tmp_path: Path, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = write_unpaired_model(tmp_path / "both.safetensors")
    write_png(tmp_path / "in" / "a.png", photo)
    for options in ((), ("--direction", "AtoB"), ("--direction", "BtoA")):
        out = tmp_path / "out" / "_".join(options)
        translate(monkeypatch, tmp_path / "in", "-o", out, "--model", both, *options)
        translator = Translator.load(both, "cpu", direction=options[1] if options else None)
        assert np.array_equal(read_image(out / "a.png"), translator.translate(photo))
    one = write_unpaired_model(tmp_path / "one.safetensors", "cut")
    with pytest.raises(SystemExit, match=r"^error: .*one\.safetensors translates AtoB alone; .*$"):
        translate(monkeypatch, tmp_path / "in", "-o", tmp_path / "no", "--model", one, "--direction", "BtoA")
    assert not (tmp_path / "no").exists()


def test_folder_in_folder_out_with_bad_files_listed(
    tmp_path: Path,
    model: Path,
    photo: RgbImage,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    for i in range(11):
        write_png(source / str(i % 3) / f"{i}.png", photo[: 60 + i, : 100 - i])
    (source / "0" / "bad.jpg").write_text("no picture")
    (source / "notes.txt").touch()
    translate(monkeypatch, source, "-o", out, "--model", model)
    rows = {row["source"]: row for row in read_rows(out / "manifest.csv")}
    assert len(rows) == 13
    assert rows["0/bad.jpg"]["status"] == SKIPPED and "unreadable" in rows["0/bad.jpg"]["reason"]
    assert rows["notes.txt"]["reason"] == "neither a picture nor a video: .txt"
    translator = Translator.load(model, "cpu")
    for i in range(11):
        row = rows[f"{i % 3}/{i}.png"]
        assert row["status"] == KEPT
        expected = translator.translate(photo[: 60 + i, : 100 - i])
        assert np.array_equal(read_image(out / row["path"]), expected)
    printed = capsys.readouterr().out
    assert "11 translated, 2 skipped" in printed and "0/bad.jpg: unreadable picture" in printed
    assert "11 taken as they are" in printed and "--prepare makes such inputs" in printed


def test_what_is_done_is_skipped_unless_it_is_to_be_done_again(
    tmp_path: Path, model: Path, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        write_png(tmp_path / "in" / f"{name}.png", grayscale(photo))
    out = tmp_path / "out"
    translate(monkeypatch, tmp_path / "in", "-o", out, "--model", model)
    whole = (out / "a.png").read_bytes()
    (out / "a.png").write_bytes(b"mine")
    (out / "b.png").unlink()
    translate(monkeypatch, tmp_path / "in", "-o", out, "--model", model)
    assert (out / "a.png").read_bytes() == b"mine" and (out / "b.png").exists()
    assert [row["reason"] for row in read_rows(out / "manifest.csv")] == ["done already", ""]
    translate(monkeypatch, tmp_path / "in", "-o", out, "--model", model, "--overwrite")
    assert (out / "a.png").read_bytes() == whole


def test_transparency_goes_to_the_output(
    tmp_path: Path, model: Path, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(np.dstack([photo, photo[:, :, 0]])).save(tmp_path / "a.webp", lossless=True, exact=True)
    translate(monkeypatch, tmp_path / "a.webp", "-o", tmp_path / "a.png", "--model", model)
    with Image.open(tmp_path / "a.png") as file:
        assert np.array_equal(np.asarray(file)[:, :, 3], photo[:, :, 0])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.png", ("--model", "none.safetensors"), "no model at none.safetensors"),
        ("none.png", (), "none.png: no such file or folder"),
        ("bad.png", (), "nothing could be translated"),
        ("a.png", ("--smooth", "0.5"), "--smooth: found 0.5"),
    ],
)
def test_error_is_told_in_a_line_and_the_status_is_1(
    tmp_path: Path,
    model: Path,
    photo: RgbImage,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    options: tuple[str, ...],
    message: str,
) -> None:
    write_png(tmp_path / "a.png", photo)
    (tmp_path / "bad.png").write_bytes(b"bad")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as error:
        translate(monkeypatch, name, "-o", "out.png", *(options or ("--model", model)))
    assert str(error.value).startswith("error: ") and message in str(error.value)
    assert not (tmp_path / "out.png").exists()


def test_precision_is_that_of_the_training_unless_another_is_named(
    tmp_path: Path, model: Path, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_png(tmp_path / "a.png", photo)
    outputs = []
    for options in ((), ("--precision", "fp32"), ("--precision", "bf16")):
        translate(
            monkeypatch,
            tmp_path / "a.png",
            "-o",
            tmp_path / "b.png",
            "--overwrite",
            *options,
            "--model",
            model,
        )
        outputs.append(read_image(tmp_path / "b.png").astype(int))
    assert np.array_equal(outputs[0], outputs[1])
    assert 0 < np.abs(outputs[2] - outputs[0]).max() < 16


def test_output_that_cannot_be_written_is_an_error_in_plain_words(
    tmp_path: Path, model: Path, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_png(tmp_path / "in" / "x" / "a.png", photo)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x").write_text("a file where a folder has to be")
    with pytest.raises(SystemExit, match=r"error: .*a\.png cannot be written: "):
        translate(monkeypatch, tmp_path / "in", "-o", tmp_path / "out", "--model", model)


@pytest.mark.slow
def test_every_photo_of_the_datasets_is_translated_or_listed(
    tmp_path: Path, model: Path, datasets: Path
) -> None:
    command = [
        sys.executable,
        "-m",
        "pix2pix",
        "translate",
        str(datasets / "photos"),
        "-o",
        str(tmp_path / "o"),
    ]
    ran = subprocess.run([*command, "--model", model], cwd=PROJECT, capture_output=True, text=True)
    assert ran.returncode == 0 and "Traceback" not in ran.stdout + ran.stderr
    rows = list(read_rows(tmp_path / "o" / "manifest.csv"))
    files = [path for path in (datasets / "photos").rglob("*") if path.is_file()]
    assert {row["source"] for row in rows} == {p.relative_to(datasets / "photos").as_posix() for p in files}
    for row in rows:
        assert row["reason"] if row["status"] == SKIPPED else read_image(tmp_path / "o" / row["path"]).size
    usable = {row["source"] for row in rows if row["status"] == KEPT}
    assert sum(not name.startswith("corrupt/") for name in usable) == 21  # all but modes/one_pixel.png


def test_files_of_any_name_are_translated_and_come_back_as_they_were(
    tmp_path: Path,
    model: Path,
    photo: RgbImage,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    stems = [os.fsdecode(b"caf\xe9"), "line\nbreak", "\x1b[31m", "x" * 244, "字" * 80]
    for stem in stems:
        write_png(source / f"{stem}.png", photo[:64, :64])
    odd = os.fsdecode(b"\xe9.jpg")
    (source / odd).symlink_to("nothing.jpg")
    translate(monkeypatch, source, "-o", out, "--model", model)
    rows = {row["source"]: row for row in read_rows(out / "manifest.csv")}
    assert set(rows) == {odd, *(f"{stem}.png" for stem in stems)}
    assert rows[odd]["reason"] == "broken link: No such file or directory"
    assert all(
        rows[f"{stem}.png"]["path"] == f"{stem}.png" and (out / f"{stem}.png").is_file() for stem in stems
    )
    assert r"  \udce9.jpg: broken link" in capsys.readouterr().out


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.mark.parametrize("kind", ["pictures", "videos"])
def test_full_and_read_only_disks_end_it_with_a_line_and_it_goes_on_later(
    tmp_path: Path, model: Path, photo: RgbImage, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    for number in range(3):
        if kind == "pictures":
            write_png(tmp_path / f"in/{number}.png", photo)
        else:
            (tmp_path / "in").mkdir(exist_ok=True)
            write_video(tmp_path / f"in/{number}.mp4", [photo] * 4, fps=4, codec="mp4v")
    command = (tmp_path / "in", "-o", disk.path / "out", "--model", model)
    disk.fill()
    with pytest.raises(SystemExit) as full:
        translate(monkeypatch, *command)
    words = (
        rf"error: {disk.path}/out/\d\.\w+ cannot be written: No space left on device, .* make room and run"
    )
    assert re.match(words, str(full.value.code)) and "\n" not in str(full.value.code)
    assert disk.files() == []
    disk.remount("ro")
    with pytest.raises(SystemExit, match=r"^error: Read-only file system: .*/out"):
        translate(monkeypatch, *command)
    disk.remount("rw")
    disk.empty()
    translate(monkeypatch, *command)
    assert len(disk.files()) == 4


def test_second_translate_into_a_folder_is_refused_while_the_first_works(
    tmp_path: Path, model: Path, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(80):
        write_png(tmp_path / f"in/{number}.png", photo)
    out = tmp_path / "out"
    command = [*(tmp_path / "in", "-o", out, "--model", model, "--accelerator", "cpu")]
    first = subprocess.Popen(
        [sys.executable, "-m", "pix2pix", "translate", *map(str, command)],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not list(out.glob("*.png")):
        assert first.poll() is None
        time.sleep(0.01)
    first.send_signal(signal.SIGSTOP)  # so that it is still at work
    with pytest.raises(
        SystemExit, match=f"^error: {out}: another translate is writing there; wait for it to "
    ):
        translate(monkeypatch, *command[:-2])
    first.send_signal(signal.SIGCONT)
    assert first.wait() == 0
    translate(monkeypatch, *command[:-2])
    assert len([row for row in read_rows(out / "manifest.csv") if row["status"] == KEPT]) == 80
    assert len(list(out.iterdir())) == 81, "no lock is left"


def test_killed_translate_leaves_the_folder_free(
    tmp_path: Path, model: Path, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_png(tmp_path / "in/a.png", photo)
    out = tmp_path / "out"
    holder = start_alone_in(out, "translate")
    with pytest.raises(SystemExit, match="another translate is writing there"):
        translate(monkeypatch, tmp_path / "in", "-o", out, "--model", model)
    holder.kill()
    holder.join()
    translate(monkeypatch, tmp_path / "in", "-o", out, "--model", model)
    assert (out / "a.png").exists()
