"""Open a page, on this machine alone, on which people rate test pictures."""

import argparse
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import get_args
from urllib.parse import quote

from pix2pix.commands.arguments import add_no_browser
from pix2pix.core.choices import RatingProtocol

PORT = 8765


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    for name in ("results", "pairs", "model", "ratings"):
        add(f"--{name}", type=Path, required=True)
    add("--protocol", choices=get_args(RatingProtocol), default="scores")
    add("--n", type=int, help="how many pictures are rated; all, but 100 at most")
    add("--seed", type=int, default=1)
    add("--rater", default="", help="who rates; the page asks where it is not given")
    add("--port", type=int, default=PORT)
    add_no_browser(parser)


def run(args: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C."""
    from pix2pix.pages.own_page import has_screen
    from pix2pix.pages.rating.answers import rater_id
    from pix2pix.pages.rating.questions import make_survey
    from pix2pix.pages.rating.server import RatingServer
    from pix2pix.pages.rating.session import Sessions

    if args.rater:
        rater_id(args.rater)
    survey = make_survey(args.results, args.pairs, args.model, args.protocol, args.n, args.seed)
    with RatingServer(Sessions(survey, args.ratings), args.port, args.rater) as server:
        url = server.url + (f"?rater={quote(args.rater)}" if args.rater else "")
        n = sum(not picture.practice for picture in survey.pictures)
        print(f"rate: {n} pictures of model {survey.model}, {survey.protocol}, seed {survey.seed}: {url}")
        print(f"rate: each answer goes to {args.ratings}/ at once; Ctrl-C stops", flush=True)
        if not args.no_browser and has_screen():
            webbrowser.open(url)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
