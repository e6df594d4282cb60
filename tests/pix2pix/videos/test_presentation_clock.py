import pytest

from pix2pix.videos.presentation_clock import PresentationClock


def placed(own_ms: list[float], rate: float = 25) -> list[float]:
    clock = PresentationClock(rate)
    return [clock.time_ms(time_ms) for time_ms in own_ms]


def test_times_that_go_on_are_the_files_own() -> None:
    times_ms = [-40.0, 0.0, 16.7, 17.0, 5000.0]
    clock = PresentationClock(25)
    assert [clock.time_ms(time_ms) for time_ms in times_ms] == times_ms
    assert clock.note == ""


def test_times_that_go_back_go_on_by_the_frame_rate() -> None:
    assert placed([0, 40, 80, 0, 40, 80]) == [0, 40, 80, 120, 160, 200]


def test_frame_without_a_time_leaves_those_after_it_alone() -> None:
    assert placed([0, 100, 0, 200, 300], rate=20) == [0, 100, 150, 200, 300]


@pytest.mark.parametrize("rate", [0, 90000, -1, float("nan"), float("inf")])
def test_rate_that_no_camera_has_is_taken_for_25(rate: float) -> None:
    assert placed([0, 0], rate) == [0, 40]


def test_note_says_how_many_frames_were_placed() -> None:
    clock = PresentationClock(30000 / 1001)
    for time_ms in (0, 33, 0, 33):
        clock.time_ms(time_ms)
    assert clock.note == "2 frames without a time after the one before, placed by the rate of 29.97 a second"
