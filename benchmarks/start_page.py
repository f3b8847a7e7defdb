"""Measures docs/start.html in Chromium: frames a second while one draws and trains, and its networks' time.

python benchmarks/start_page.py
"""

import argparse
import os
import shutil
import statistics
from pathlib import Path

_PAGE = Path(__file__).parent.parent / "docs" / "start.html"
# Frames a second while a stroke goes round and round on the sheet, with one of c1's numbers explained.
_DRAWING = """async (seconds) => {
  const sheet = document.querySelector(".digit .sheet"), box = sheet.getBoundingClientRect();
  const send = (type, angle) => sheet.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, button: 0,
    clientX: box.left + 140 + 80 * Math.cos(angle), clientY: box.top + 140 + 90 * Math.sin(angle)}));
  sheet.setPointerCapture = () => {};
  S5.stations.digit.test.choose("c1", 0, 5, 5);
  send("pointerdown", 0);
  const begin = performance.now();
  let count = 0;
  while (performance.now() - begin < 1000 * seconds) {
    send("pointermove", ++count / 8);
    await new Promise(requestAnimationFrame);
  }
  send("pointerup", 0);
  return count / seconds;
}"""
_TRAINING = """async (seconds) => {
  S5.stations.xor.test.change({ data: "spirals", units: 8, activation: "tanh", seed: 0 });
  const toggle = document.querySelector("#xor button.primary");
  toggle.click();
  const begin = performance.now();
  let count = 0;
  while (performance.now() - begin < 1000 * seconds) {
    count++;
    await new Promise(requestAnimationFrame);
  }
  toggle.click();
  return count / seconds;
}"""
_DIGIT = "() => S5.stations.digit.test.time(50)"
_DATE = """() => {
  const { translate } = S5.stations.dates.test, begin = performance.now();
  for (let i = 0; i < 5; i++) translate("Donnerstag, 12. September 2020");
  return (performance.now() - begin) / 5;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of drawing and training, each time")
    arguments = parser.parse_args()
    measurements = {
        "frames a second while drawing": (_DRAWING, arguments.seconds),
        "frames a second while training": (_TRAINING, arguments.seconds),
        "milliseconds for a digit": (_DIGIT, None),
        "milliseconds for a date": (_DATE, None),
    }
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=sandbox)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{_PAGE.as_uri()}?all")
        found = {name: [] for name in measurements}
        for _ in range(arguments.repeat):
            for name, (program, argument) in measurements.items():
                found[name].append(page.evaluate(program, argument))
        browser.close()
    for name, values in found.items():
        print(f"{name}: median {statistics.median(values):.1f}, {min(values):.1f} to {max(values):.1f}")


if __name__ == "__main__":
    main()
