"""Builds docs/start.html, one file that a browser opens from the disk, from the sources beside this script.

    python site/build.py
    python site/build.py --pages site/ --to build/stick/start.html

Browsers show the source of a notebook and of Markdown, so the page links to what Sphinx makes of them, and
names the project's files where the site is not beside it.

Python's standard library is enough: the weights are stored files, which `train.py` writes.
"""

import argparse
from pathlib import Path

SITE = Path(__file__).resolve().parent
PAGE = SITE.parent / "docs" / "start.html"
MAX_BYTES = 3_000_000


def build(pages: str = "") -> str:
    """Returns the page: page.html with the style, the weights and the scripts in their places.

    `pages` is the folder of the built site as seen from the page, such as "site/"; "" if there is none.
    """
    weights = [
        f'<script type="application/json" id="weights-{path.stem}">\n{_json(path)}</script>'
        for path in sorted((SITE / "weights").glob("*.json"))
    ]
    core = SITE / "core.js"
    networks = sorted(set(SITE.glob("*.js")) - {core})  # which demonstrations take apart as they are read
    demos = sorted((SITE / "demos").glob("*.js"))
    scripts = [f"<script>\n{_script(path)}</script>" for path in [core, *networks, *demos]]
    page = _read(SITE / "page.html")
    for mark, text in {
        "<!-- pages -->": pages,
        "/* style.css */": _read(SITE / "style.css"),
        "<!-- weights -->": "\n".join(weights),
        "<!-- scripts -->": "\n".join(scripts),
    }.items():
        before, after = page.split(mark)
        page = before + text + after
    return page


def _json(path: Path) -> str:
    return _read(path).replace("<", "\\u003c")  # so that nothing in it can end the script


def _script(path: Path) -> str:
    source = _read(path)
    if "</script" in source:
        raise ValueError(f"{path.name} must not contain </script: it would end where it is inlined.")
    return source


def _read(path: Path) -> str:
    return path.read_text("utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", default="", help="the folder of the built site, as seen from the page")
    parser.add_argument("--to", type=Path, default=PAGE)
    arguments = parser.parse_args()
    page = build(arguments.pages).encode()
    if len(page) > MAX_BYTES:
        raise SystemExit(f"{PAGE.name} must have at most {MAX_BYTES:,} bytes. Received: {len(page):,}")
    arguments.to.parent.mkdir(parents=True, exist_ok=True)
    arguments.to.write_bytes(page)
    print(f"{arguments.to}: {len(page):,} bytes")


if __name__ == "__main__":
    main()
