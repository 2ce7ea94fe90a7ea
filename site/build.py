"""Build the website, quietly but strictly: `python site/build.py [FOLDER]`.

MkDocs counts warnings where it prints them, so `mkdocs build --strict --quiet` counts
none, and a broken link passes. Here every warning is counted, only warnings and errors
are printed, and one of them is enough for exit status 1.
"""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import MkDocsException

REPOSITORY = Path(__file__).resolve().parent.parent


def main() -> int:
    """Build, and return the exit status."""
    parser = argparse.ArgumentParser(description="Build the website, strictly.")
    parser.add_argument("folder", nargs="?", type=Path, help="default: build/site")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "mkdocs.yml")
    given = parser.parse_args()
    # The theme's advertisement at every build would hide a warning that counts.
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    target = None if given.folder is None else str(given.folder.absolute())
    os.chdir(given.config.parent)  # chapters include files by their path from here
    printed = logging.StreamHandler()
    printed.setLevel(logging.WARNING)
    printed.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    log = logging.getLogger("mkdocs")
    log.addHandler(printed)
    log.setLevel(logging.INFO)  # never higher: what is not logged is not counted
    try:
        config = load_config(given.config.name, strict=True, site_dir=target)
        config.plugins.on_startup(command="build", dirty=False)
        try:
            build(config)
        finally:
            config.plugins.on_shutdown()
    except MkDocsException as problem:
        log.error(problem)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
