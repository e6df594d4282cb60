"""When frames are shown, also in files whose own times are missing in places or go back."""

COMMON_RATE = 25.0  # frames per second of a file that names none, or one that no camera has
RATES = (1.0, 1000.0)


class PresentationClock:
    """Gives each frame, in the order of presentation, a time after that of the frame before.

    A frame's own time is taken where it is later than that of the frame before. Where it is not, as after the
    seam of two recordings in one file, or in the last frame of a stream with B-frames, which has none, the
    frame comes after the one before by the frame rate.

    Args:
        rate: frames per second, as the file's header names them.

    Attributes:
        corrected: how many frames have another time than their own.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate if RATES[0] <= rate <= RATES[1] else COMMON_RATE
        self._last_ms = float("-inf")
        self.corrected = 0

    def time_ms(self, own_ms: float) -> float:
        """The time of the next frame, whose own time in the file is ``own_ms``, in ms."""
        is_later = own_ms > self._last_ms
        self._last_ms = own_ms if is_later else self._last_ms + 1000 / self._rate
        self.corrected += not is_later
        return self._last_ms

    @property
    def note(self) -> str:
        """What is to be said of the times, or nothing where all are the file's own."""
        if not self.corrected:
            return ""
        frames = "1 frame" if self.corrected == 1 else f"{self.corrected} frames"
        return (
            f"{frames} without a time after the one before, placed by the rate of {self._rate:.6g} a second"
        )
