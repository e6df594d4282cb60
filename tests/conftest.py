"""Options and shared inputs of the tests."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from pix2pix.pictures.images import RgbImage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROJECT = Path(__file__).parent.parent
DATASETS = Path(os.environ.get("DATASETS_DIR", PROJECT.parent / "shared" / "datasets")).resolve()
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


# A shell lets the commands that it starts in the background ignore Ctrl-C, and so whatever these start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if "slow" in item.keywords and not config.getoption("--slow"):
            item.add_marker(pytest.mark.skip(reason="takes patience; `make test-all` runs it"))
        if "gpu" in item.keywords and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Sums on several threads may differ in their last digit from run to run on a busy machine."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of real datasets; the test skips where it is absent."""
    if not DATASETS.is_dir():
        pytest.skip(f"no real datasets at {DATASETS}; set DATASETS_DIR")
    return DATASETS


@pytest.fixture
def photo() -> RgbImage:
    """A smooth picture with colours, lines and a bright disc, (96, 128, 3)."""
    y, x = np.mgrid[0:96, 0:128].astype(np.float64)
    red, green, blue = 2 * x, 255 - 2.5 * y, 128 + 100 * np.sin(x / 9) * np.cos(y / 7)
    image = np.stack([red, green, blue], axis=-1).clip(0, 255).astype(np.uint8)
    image[(x - 80) ** 2 + (y - 40) ** 2 < 300] = (250, 240, 60)
    return image


@pytest.fixture(scope="session")
def face_photo() -> RgbImage:
    """A photo with one face at about x 180 to 265, y 70 to 175: scikit-image's astronaut, (512, 512, 3)."""
    import skimage.data

    return skimage.data.astronaut()


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a real Dask scheduler with two worker processes."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, processes=True
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")  # no longer: its event loop would be in the way of other tests
def chromium() -> Iterator["Browser"]:
    """A Chromium without a window; the test skips where none is installed."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.skip(f"no {', '.join(CHROMIUM)} on PATH; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--use-fake-device-for-media-stream"]  # a camera that films a clock
        browser = playwright.chromium.launch(executable_path=found, args=options)
        yield browser
        browser.close()
