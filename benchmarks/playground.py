"""Measures the playground in Chromium: from the end of a stroke to the new label and feature maps.

    session5 run lenet5 && python benchmarks/playground.py --models saved_models

A stroke is drawn after the answer to the one before it is complete. The time is from the browser's event at
the end of the stroke to the last change of the label, or of the maps, by the browser's own clock.
"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

_WAIT_S = 120.0
_SETTLED_MS = 2_500
_WATCH = """() => {
  window.times = {};
  const watch = (name, id) => {
    const element = document.getElementById(id);
    const read = () => (name === "label" ? element.innerText : performance.now());
    let before = read();
    new MutationObserver(() => {
      const now = read();
      if (now !== before) window.times[name] = performance.now();
      before = now;
    }).observe(element, { childList: true, subtree: true, characterData: true });
  };
  watch("label", "lenet5-guess");
  watch("maps", "maps");
  document.querySelector("#drawing canvas").addEventListener("pointerup", () => {
    window.times = { end: performance.now() };
  }, true);
}"""


@contextlib.contextmanager
def opened_page(models: str) -> Iterator[str]:
    """Runs the verb; yields the address of its page."""
    port, rest = _free_port(), _free_port()
    command = [sys.executable, "-m", "keras_session5", "playground", "--models", models, "--port", str(port)]
    with subprocess.Popen(
        [*command, "--server", f"http://127.0.0.1:{rest}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as verb:
        url, until = f"http://127.0.0.1:{port}/", time.monotonic() + _WAIT_S
        try:
            while True:
                try:
                    urllib.request.urlopen(url, timeout=10).close()
                    break
                except OSError:
                    if time.monotonic() > until or verb.poll() is not None:
                        raise SystemExit(f"no page at {url}") from None
                    time.sleep(0.2)
            yield url
        finally:
            verb.send_signal(signal.SIGINT)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def measure(url: str, strokes: int) -> dict[str, list[float]]:
    """Returns the milliseconds from the end of each stroke to the last change of the label and the maps."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[float]] = {"label": [], "maps": []}
    with sync_playwright() as started:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=sandbox)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.get_by_role("tab", name="LeNet-5", exact=True).click()
        page.wait_for_function(
            "document.querySelector('#lenet5-guess').innerText.includes('%')", timeout=60_000
        )
        page.wait_for_timeout(_SETTLED_MS)
        page.evaluate(_WATCH)
        box = page.locator("#drawing canvas").bounding_box()
        assert box
        for number in range(strokes):
            if number % 4 == 0:
                page.get_by_role("button", name="Clear").first.click()
                page.wait_for_timeout(_SETTLED_MS)
            x, y = box["x"] + 60 + 40 * (number % 4), box["y"] + 60 + 11 * (number % 7)
            page.mouse.move(x, y)
            page.mouse.down()
            for step in range(10):  # a stroke of a third of a second
                page.mouse.move(x + 8 * step * (number % 2), y + 14 * step)
                page.wait_for_timeout(30)
            page.mouse.up()
            page.wait_for_timeout(_SETTLED_MS)
            times = page.evaluate("window.times")
            for name, values in found.items():
                if name in times:
                    values.append(times[name] - times["end"])
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", default="saved_models")
    parser.add_argument("--strokes", type=int, default=20)
    arguments = parser.parse_args()
    with opened_page(arguments.models) as url:
        found = measure(url, arguments.strokes)
    for name, values in found.items():
        if not values:
            print(f"{name}: no change was seen")
            continue
        middle, count = statistics.median(values), len(values)
        print(f"{name}: median {middle:.0f} ms, {min(values):.0f} to {max(values):.0f} ms, {count} strokes")


if __name__ == "__main__":
    main()
