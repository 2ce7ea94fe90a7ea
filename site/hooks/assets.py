"""Put fonts, figures, downloads and the offline parts into the built site.

Third-party files come from site/node_modules while building and are never committed.
A lesson's figure.js is bundled with what it imports from site/figures/, so that it
also runs from a disk, where browsers refuse modules. Figure data is written into the
page for the same reason.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, InclusionLevel

from autograder.student.lesson import Lesson, load_lesson
from autograder.student.notebook.build import build_notebook
from autograder.student.notebook.written import exercise_text

log = logging.getLogger("mkdocs.hooks.assets")

SITE = Path(__file__).parent.parent
REPOSITORY = SITE.parent
FIGURES = SITE / "figures"
PACKAGES = SITE / "node_modules"
ESBUILD = PACKAGES / "esbuild" / "bin" / "esbuild"
KATEX = PACKAGES / "katex" / "dist"
WORKER = PACKAGES / "iframe-worker" / "shim" / "index.js"
SHIM = "assets/vendor/iframe-worker.js"
TAG = re.compile(r"<([a-z][a-z0-9]*(?:-[a-z0-9]+)+)[\s>]")
# How a lesson's drawing begins: a file needs the namespace, a page does not.
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox='
TRACE = re.compile(r'data-trace="([^"]+)"')
FONTS = [  # family, package, file stem, style
    ("Source Serif 4", "source-serif-4", "normal"),
    ("Source Serif 4", "source-serif-4", "italic"),
    ("Source Sans 3", "source-sans-3", "normal"),
    ("Source Sans 3", "source-sans-3", "italic"),
    ("Source Code Pro", "source-code-pro", "normal"),
]


@event_priority(100)  # before the offline plugin, which would ask a content network
def on_config(config: Any, **_: Any) -> Any:
    """Serve the worker for searching on file:// from our own folder."""
    offline = config.plugins["material/offline"].config.enabled
    if offline and WORKER.is_file():
        config.extra["polyfills"] = [SHIM]
    # A browser refuses to preload fonts from a disk.
    config.extra["preload_fonts"] = not offline and _fonts("source-serif-4").is_dir()
    # First, so that the theme has the last word on colours.
    config.extra_css[:0] = [f"assets/figures/{css.name}" for css in _figure_styles()]
    if not _node() and KATEX.is_dir():
        config.extra_javascript.append("assets/vendor/katex/katex.min.js")
    return config


def on_files(files: Any, *, config: Any, **_: Any) -> Any:
    """Add what is built or copied rather than written."""

    def add(uri: str, given: Path | str) -> None:
        old = files.get_file_from_path(uri)
        if old is not None:
            files.remove(old)
        kind = "abs_src_path" if isinstance(given, Path) else "content"
        options: dict[str, Any] = {kind: str(given)}
        options["inclusion"] = InclusionLevel.INCLUDED
        files.append(File.generated(config, uri, **options))

    for file in [f for f in files if f.src_uri.endswith(".map")]:
        files.remove(file)  # half of the site's bytes, of use to the theme's authors
    for uri, text in _vendored_text().items():
        add(uri, text)
    for uri, path in _vendored_files().items():
        add(uri, path)
    for style in _figure_styles():
        add(f"assets/figures/{style.name}", style)
    if (FIGURES / "index.js").is_file():
        add("assets/figures/index.js", bundle(FIGURES / "index.js"))
    for folder in _lessons(config):
        name = folder.name
        if (folder / "figure.js").is_file():
            add(f"{name}/figure.js", bundle(folder / "figure.js"))
        exercise = folder / "exercise.py"
        if exercise.is_file():
            lesson = load_lesson(folder.parent.parent, name)
            add(f"{name}/exercise.py", exercise_text(lesson))
            add(f"{name}/{name}.ipynb", notebook(lesson))
    return files


def on_page_content(content: str, *, page: Any, **_: Any) -> str:
    """Write a page's figure data into it, and name the script its figures need."""
    content = content.replace(DRAWING, "<svg viewBox=")
    tags = set(TAG.findall(content))
    if not tags or not page.file.abs_src_path:
        return content
    folder = Path(page.file.abs_src_path).parent
    for name in dict.fromkeys(TRACE.findall(content)):
        data = json.loads((folder / name).read_text("utf-8"))
        text = json.dumps(data, separators=(",", ":")).replace("</", "<\\/")
        content += (
            f'\n<script type="application/json" data-trace-of="{name}">{text}</script>'
        )
    if (folder / "figure.js").is_file():
        script = "figure.js"
    elif (FIGURES / "index.js").is_file():
        up = "../" * (page.url.rstrip("/").count("/") + bool(page.url.strip("/.")))
        script = f"{up}assets/figures/index.js"
    else:
        return content
    return f'{content}\n<template data-figure-script="{script}"></template>'


def bundle(script: Path) -> str:
    """Return a script with its imports, as one classic script."""
    if not _node():
        log.info("%s is left out: it needs Node.js and site/node_modules.", script)
        return f"/* {script.name}: built without Node.js, figures stand still */\n"
    command = ["node", str(ESBUILD), str(script), "--bundle", "--format=iife"]
    command += ["--minify", "--target=es2020", "--charset=utf8", "--log-level=warning"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        told = done.stderr.partition("\nnode:")[0].strip()
        raise PluginError(f"cannot bundle {script}:\n{told}")
    return done.stdout


def notebook(lesson: Lesson) -> str:
    """Return the notebook that `autograder notebooks` would write for a lesson."""
    import nbformat

    return nbformat.writes(build_notebook(lesson)) + "\n"


def _vendored_text() -> dict[str, str]:
    """Return style sheets written here, or cut down to what is published."""
    faces = []
    for family, package, style in FONTS:
        stem = f"{package}-latin-wght-{style}.woff2"
        if (_fonts(package) / stem).is_file():
            faces.append(
                f'@font-face{{font-family:"{family}";font-style:{style};'
                "font-weight:200 900;font-display:swap;"
                f'src:url({stem}) format("woff2")}}'
            )
    css = KATEX / "katex.min.css"
    text = css.read_text("utf-8") if css.is_file() else ""
    # Every browser that runs our figures reads woff2.
    text = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)', "", text)
    return {
        "assets/vendor/fonts/fonts.css": "\n".join(faces) + "\n",
        "assets/vendor/katex/katex.css": text,
    }


def _vendored_files() -> dict[str, Path]:
    found = {}
    for _family, package, style in FONTS:
        path = _fonts(package) / f"{package}-latin-wght-{style}.woff2"
        found[f"assets/vendor/fonts/{path.name}"] = path
    for path in sorted((KATEX / "fonts").glob("*.woff2")):
        found[f"assets/vendor/katex/fonts/{path.name}"] = path
    found[SHIM] = WORKER
    if not _node():
        path = KATEX / "katex.min.js"
        found["assets/vendor/katex/katex.min.js"] = path
    return {uri: path for uri, path in found.items() if path.is_file()}


def _fonts(package: str) -> Path:
    return PACKAGES / "@fontsource-variable" / package / "files"


def _figure_styles() -> list[Path]:
    return sorted(FIGURES.glob("*.css"))


def _lessons(config: Any) -> list[Path]:
    return sorted(p.parent for p in Path(config.docs_dir).glob("*/lesson.toml"))


@lru_cache
def _node() -> bool:
    return shutil.which("node") is not None and ESBUILD.is_file()


def on_post_build(*, config: Any, **_: Any) -> None:
    """Say what was left out, once."""
    if not _node():
        print(
            "site: built without Node.js: TeX stays TeX, figures stand still.",
            file=sys.stderr,
        )
