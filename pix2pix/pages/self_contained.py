"""DVC's page of plots as one HTML file that opens without a network and can be mailed."""

import base64
import mimetypes
import re
from pathlib import Path

import vl_convert

from pix2pix.core.errors import InputError

SUMMARY = "<!-- summary -->"
SCRIPT = re.compile(r'<script src="https?://[^"]*"></script>')
PICTURE = re.compile(r'(<img src=")([^":]+)(">)')
VEGA_LITE = "6.4"  # that goes with the version of Vega in the wheel


def self_contained(page: str, folder: Path, summary: str) -> str:
    """Put everything that DVC's page loads into it.

    Args:
        page: what ``dvc plots show`` or ``dvc plots diff`` wrote, from the template ``.dvc/plots/page.html``.
        folder: where it lies, to which its pictures' addresses are relative.
        summary: HTML for the place of ``SUMMARY``.

    Raises:
        InputError: a picture of the page cannot be read, or the page has no place for the summary.
    """
    if SUMMARY not in page:
        raise InputError(
            f"the page of plots has no line {SUMMARY}: is plots.html_template in .dvc/config unset?"
        )
    page = PICTURE.sub(lambda found: found[1] + _data_address(folder / found[2]) + found[3], page)
    page = page.replace(SUMMARY, summary, 1)
    script = f"<script>{vega_script()}</script>" if SCRIPT.search(page) else ""
    page = SCRIPT.sub(lambda _: script, page, count=1)
    return SCRIPT.sub("", page)


def vega_script() -> str:
    """Vega, Vega-Lite and Vega-Embed as JavaScript that defines ``vegaEmbed`` and no other name."""
    libraries = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE)
    return f"(() => {{{libraries}\n}})();".replace("</script", "<\\/script")


def _data_address(path: Path) -> str:
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: this picture of the report cannot be read: {error.strerror}") from error
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
