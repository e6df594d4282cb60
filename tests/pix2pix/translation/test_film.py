import json
import shutil
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_model import small_translator

from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.pictures.images import RgbImage, grayscale
from pix2pix.translation.ffmpeg import CONTAINERS, Container, require_ffmpeg
from pix2pix.translation.film import constant_rate, translate_film
from pix2pix.translation.translator import TranslateOptions, Translator
from pix2pix.videos.video_files import VideoReader

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="needs ffmpeg: apt-get install ffmpeg"
)
OPTIONS = TranslateOptions("resize", prepare=True, keep_luminance=True)
SOUND = {".mp4": "aac", ".mov": "aac", ".mkv": "aac", ".webm": "libopus", ".avi": "libmp3lame", ".mpg": "mp2"}


@pytest.fixture
def translator(tmp_path: Path) -> Translator:
    return small_translator(tmp_path)


def pictures(photo: RgbImage, count: int) -> Iterator[RgbImage]:
    """The photo, moving by 2 px a frame."""
    return (np.roll(photo, 2 * i, axis=1) for i in range(count))


def make_video(
    path: Path, photo: RgbImage, *options: str, fps: str = "30000/1001", count: int = 15, sound: bool = True
) -> Path:
    """A video by ffmpeg, with a tone of the same length."""
    size, seconds = f"{photo.shape[1]}x{photo.shape[0]}", count / float(Fraction(fps))
    tone = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"] if sound else []
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size]
    command += ["-framerate", fps, "-i", "pipe:0", *tone, "-pix_fmt", "yuv420p", "-c:a", SOUND[path.suffix]]
    data = b"".join(picture.tobytes() for picture in pictures(photo, count))
    subprocess.run([*command, *options, str(path)], input=data, check=True)
    return path


def probe(path: Path) -> dict[str, Any]:
    """Streams by kind, and the length, as ffprobe finds them; a stream's packets' times in ms, sorted."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-show_packets", "-of", "json"]
    found = json.loads(subprocess.run([*command, str(path)], capture_output=True, check=True).stdout)
    result: dict[str, Any] = {"length": float(found["format"]["duration"])}
    for stream in found["streams"]:
        packets = [p for p in found["packets"] if p["stream_index"] == stream["index"]]
        times = sorted(1000 * float(p["pts_time"]) for p in packets)
        result[stream["codec_type"]] = stream | {"times": times}
    return result


def times_of(path: Path) -> list[float]:
    return list(VideoReader(path).times_ms())


def sound_of(path: Path) -> bytes:
    """The compressed sound, without its container."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a", "-c", "copy", "-f", "data", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def luma_of(image: RgbImage) -> np.ndarray:
    return grayscale(image)[:, :, 0].astype(int)


@needs_ffmpeg
@pytest.mark.parametrize("suffix", sorted(CONTAINERS.keys() & SOUND.keys()))
@pytest.mark.parametrize("fps", ["25", "30000/1001"])
def test_rate_length_and_sound_are_kept_in_every_container(
    tmp_path: Path, translator: Translator, photo: RgbImage, suffix: str, fps: str
) -> None:
    source = make_video(tmp_path / f"in{suffix}", photo, fps=fps)
    film = translate_film(translator, source, tmp_path / f"out{suffix}", OPTIONS)
    before, after = probe(source), probe(tmp_path / f"out{suffix}")
    assert film.frames == len(after["video"]["times"]) == 15 and film.failed == 0
    assert after["video"]["avg_frame_rate"] == before["video"]["avg_frame_rate"]
    assert Fraction(after["video"]["avg_frame_rate"]) == Fraction(fps)
    assert after["length"] == pytest.approx(before["length"], abs=0.03)
    assert sound_of(tmp_path / f"out{suffix}") == sound_of(source)
    size = after["video"]["width"], after["video"]["height"]
    assert size == (photo.shape[1], photo.shape[0])


@needs_ffmpeg
def test_pictures_are_the_translated_ones(tmp_path: Path, translator: Translator, photo: RgbImage) -> None:
    source = make_video(tmp_path / "in.mp4", photo)
    translate_film(translator, source, tmp_path / "out.mp4", OPTIONS)
    inputs = [frame.image for frame in VideoReader(source)]
    outputs = [frame.image for frame in VideoReader(tmp_path / "out.mp4")]
    expected = translator.translate(inputs, fit="resize", prepare=True, keep_luminance=True)
    assert len(outputs) == len(expected)
    for number, output in enumerate(outputs):
        distances = [np.abs(output.astype(int) - right).mean() for right in expected]
        assert np.argmin(distances) == number and min(distances) < 12  # colours are kept at half the size


@needs_ffmpeg
def test_variable_frame_rate_keeps_every_frames_time(
    tmp_path: Path, translator: Translator, photo: RgbImage
) -> None:
    jumps = ("-vf", "setpts='if(lt(N,7),N,7+(N-7)*3.3)/30/TB'", "-enc_time_base", "1/90000", "-vsync", "vfr")
    source = make_video(tmp_path / "in.mp4", photo, *jumps, fps="30")
    times = probe(source)["video"]["times"]
    assert len(set(np.round(np.diff(times)))) > 1
    for suffix in (".mp4", ".mkv", ".webm"):
        translate_film(translator, source, tmp_path / f"out{suffix}", OPTIONS)
        ours = probe(tmp_path / f"out{suffix}")["video"]["times"]
        assert np.subtract(ours, ours[0]) == pytest.approx(np.subtract(times, times[0]), abs=1.0)


@needs_ffmpeg
def test_variable_frame_rate_keeps_its_times_where_the_container_has_one_rate(
    tmp_path: Path, translator: Translator, photo: RgbImage
) -> None:
    jumps = ("-vf", "setpts='if(lt(N,7),N,7+(N-7)*3)/25/TB'", "-enc_time_base", "1/90000", "-vsync", "vfr")
    source = make_video(tmp_path / "in.mp4", photo, *jumps, fps="25", sound=False)
    translate_film(translator, source, tmp_path / "out.avi", OPTIONS)
    assert times_of(tmp_path / "out.avi")[-1] == pytest.approx(times_of(source)[-1], abs=40)


@needs_ffmpeg
def test_film_of_two_recordings_in_one_file_shows_both(
    tmp_path: Path, translator: Translator, photo: RgbImage
) -> None:
    options = ("-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2")
    one = make_video(tmp_path / "one.mpg", photo, *options, fps="25")
    other = make_video(tmp_path / "other.mpg", photo[::-1], *options, fps="25")
    both = tmp_path / "both.mpg"
    both.write_bytes(one.read_bytes() + other.read_bytes())
    film = translate_film(translator, both, tmp_path / "out.mp4", OPTIONS)
    after = probe(tmp_path / "out.mp4")["video"]
    assert film.frames == len(after["times"]) == 30
    assert np.diff(after["times"]) == pytest.approx(40, abs=1)
    assert "placed by the rate of 25 a second" in film.note


@needs_ffmpeg
def test_rotated_video_is_upright(tmp_path: Path, translator: Translator, photo: RgbImage) -> None:
    stored = make_video(tmp_path / "stored.mp4", photo)
    command = ["ffmpeg", "-v", "error", "-i", str(stored), "-c", "copy", "-metadata:s:v", "rotate=90"]
    subprocess.run([*command, str(tmp_path / "in.mp4")], check=True)
    (upright, *_) = [frame.image for frame in VideoReader(tmp_path / "in.mp4")]
    assert upright.shape == (photo.shape[1], photo.shape[0], 3)
    translate_film(translator, tmp_path / "in.mp4", tmp_path / "out.mp4", OPTIONS)
    after = probe(tmp_path / "out.mp4")["video"]
    assert (after["width"], after["height"]) == photo.shape[:2] and "side_data_list" not in after
    (output, *_) = [frame.image for frame in VideoReader(tmp_path / "out.mp4")]
    right, turned = (luma_of(image) for image in (upright, upright[::-1, ::-1]))
    assert np.abs(luma_of(output) - right).mean() < np.abs(luma_of(output) - turned).mean() / 2


@needs_ffmpeg
def test_film_of_wide_pixels_is_shown_in_its_proportions(
    tmp_path: Path, translator: Translator, photo: RgbImage
) -> None:
    source = make_video(tmp_path / "in.mp4", photo[:, :72], "-vf", "setsar=64/45")
    translate_film(translator, source, tmp_path / "out.mp4", OPTIONS)
    after = probe(tmp_path / "out.mp4")["video"]
    assert (after["width"], after["height"]) == (102, 96)
    assert after.get("sample_aspect_ratio", "1:1") == "1:1"


@needs_ffmpeg
def test_picture_that_comes_after_the_sound_stays_behind_it(
    tmp_path: Path, translator: Translator, photo: RgbImage
) -> None:
    plain = make_video(tmp_path / "plain.mkv", photo)
    late = tmp_path / "in.mkv"
    command = ["ffmpeg", "-v", "error", "-itsoffset", "0.5", "-i", str(plain), "-i", str(plain)]
    subprocess.run([*command, "-map", "0:v", "-map", "1:a", "-c", "copy", str(late)], check=True)
    translate_film(translator, late, tmp_path / "out.mkv", OPTIONS)
    before, after = probe(late), probe(tmp_path / "out.mkv")
    gaps = [film["video"]["times"][-1] - film["audio"]["times"][-1] for film in (before, after)]
    assert gaps[1] == pytest.approx(gaps[0], abs=40)


@needs_ffmpeg
def test_sound_that_the_container_cannot_hold_is_encoded_anew(
    tmp_path: Path, translator: Translator, photo: RgbImage
) -> None:
    source = make_video(tmp_path / "in.mp4", photo)
    translate_film(translator, source, tmp_path / "out.webm", OPTIONS)
    after = probe(tmp_path / "out.webm")
    assert after["audio"]["codec_name"] == "opus" and after["video"]["codec_name"] == "vp9"
    assert after["length"] == pytest.approx(probe(source)["length"], abs=0.05)


@needs_ffmpeg
def test_silent_videos_work_too(tmp_path: Path, translator: Translator, photo: RgbImage) -> None:
    source = make_video(tmp_path / "in.mp4", photo, sound=False, count=5)
    assert translate_film(translator, source, tmp_path / "out.mp4", OPTIONS).frames == 5
    assert "audio" not in probe(tmp_path / "out.mp4")


@needs_ffmpeg
def test_same_frame_twice_gives_the_same_picture(
    tmp_path: Path, translator: Translator, photo: RgbImage
) -> None:
    still = np.zeros_like(photo)
    source = make_video(tmp_path / "in.mp4", still)
    film = translate_film(translator, source, tmp_path / "out.mp4", TranslateOptions("tile"))
    assert film.difference_input == film.difference_output == 0 and film.difference_smoothed is None


@needs_ffmpeg
def test_differences_are_those_of_the_frames_and_smoothing_lowers_them(
    tmp_path: Path, translator: Translator, photo: RgbImage
) -> None:
    source = make_video(tmp_path / "in.mp4", photo)
    film = translate_film(translator, source, tmp_path / "out.mp4", OPTIONS, smooth_frames=5)
    inputs = [frame.image for frame in VideoReader(source)]
    outputs = translator.translate(inputs, fit="resize", prepare=True, keep_luminance=True)
    for frames, found in ((inputs, film.difference_input), (outputs, film.difference_output)):
        steps = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(frames)]
        assert found == pytest.approx(np.mean(steps), abs=1e-3)
    assert film.difference_smoothed is not None and film.difference_smoothed < film.difference_output


@needs_ffmpeg
@pytest.mark.parametrize("content", [b"", b"text"])
def test_file_that_is_no_video_leaves_nothing(tmp_path: Path, translator: Translator, content: bytes) -> None:
    (tmp_path / "in.mp4").write_bytes(content)
    with pytest.raises(UnreadableError, match="no video"):
        translate_film(translator, tmp_path / "in.mp4", tmp_path / "out.mp4", OPTIONS)
    assert not list(tmp_path.glob("*out*"))


@needs_ffmpeg
def test_film_that_cannot_be_written_says_why_and_leaves_nothing(
    tmp_path: Path, translator: Translator, photo: RgbImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_video(tmp_path / "in.mp4", photo)
    monkeypatch.setitem(CONTAINERS, ".mp4", Container("mp4", ("-c:v", "no_such_encoder")))
    with pytest.raises(UnreadableError, match=r"ffmpeg failed: .*no_such_encoder"):
        translate_film(translator, source, tmp_path / "out.mp4", OPTIONS)
    assert not list(tmp_path.glob("*out*"))


def test_missing_ffmpeg_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="ffmpeg or ffprobe is not on PATH; install it"):
        require_ffmpeg()


def test_rate_is_constant_where_all_times_keep_it() -> None:
    ntsc = Fraction(30000, 1001)
    times = [round(1001 * i / 30) for i in range(1000)]  # whole ms, as in Matroska
    assert constant_rate(times, [Fraction(25), ntsc]) == ntsc
    assert constant_rate([*times, times[-1] + 80], [ntsc]) is None
    assert constant_rate([time + 500 for time in times], [ntsc]) == ntsc


@needs_ffmpeg
@pytest.mark.slow
def test_every_video_of_the_datasets_keeps_length_rate_sound_and_rotation(
    tmp_path: Path, translator: Translator, datasets: Path
) -> None:
    names = ["edge/vfr.mp4", "edge/rotated_90.mp4", "edge/no_faces.avi", "edge/one_frame.mp4"]
    sources = sorted((datasets / "videos" / "people").rglob("*.*"))
    for source in [*sources, *(datasets / "videos" / name for name in names)]:
        target = tmp_path / f"{source.parent.name}_{source.name}"
        translate_film(translator, source, target, OPTIONS)
        before, after = probe(source), probe(target)
        times = [np.subtract(film["video"]["times"], film["video"]["times"][0]) for film in (before, after)]
        assert len(times[0]) == len(times[1]) and np.abs(times[0] - times[1]).max() < 1.1, source
        assert after["video"]["avg_frame_rate"] == before["video"]["avg_frame_rate"], source
        length = before["length"] - float(before["video"].get("start_time", 0))
        assert after["length"] == pytest.approx(length, abs=0.05), source
        assert ("audio" in before) == ("audio" in after), source
        if "audio" in before:
            assert sound_of(source) == sound_of(target), source
        shown = [next(iter(VideoReader(path))).image.shape for path in (source, target)]
        assert shown[0] == shown[1] and "side_data_list" not in after["video"], source
