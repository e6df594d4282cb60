import pytest

from pix2pix.pages.own_page import is_from_own_page


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "localhost"])
@pytest.mark.parametrize("fetch_site", [None, "none", "same-origin"])
def test_the_page_itself_and_programs_may_ask(host: str, fetch_site: str | None) -> None:
    assert is_from_own_page(host, None, fetch_site)
    assert is_from_own_page(host, f"http://{host}", fetch_site)


@pytest.mark.parametrize(
    ("host", "origin", "fetch_site"),
    [
        ("example.org:7860", None, None),  # a name that was made to point here
        ("", None, None),
        ("127.0.0.1:7860", "https://example.org", None),
        ("127.0.0.1:7860", "http://127.0.0.1:80", None),
        ("127.0.0.1:7860", "null", None),
        ("127.0.0.1:7860", None, "cross-site"),
        ("127.0.0.1:7860", None, "same-site"),
    ],
)
def test_other_sites_may_not(host: str, origin: str | None, fetch_site: str | None) -> None:
    assert not is_from_own_page(host, origin, fetch_site)
