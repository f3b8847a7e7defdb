"""Records docs/start.gif, the README's moving picture: a 2 is drawn on the start page.

    python site/record.py

Needs Chromium, Playwright and Pillow.
"""

import io
import itertools
import os
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 1280, 660  # of the browser's window
SCALE = 0.7
COLORS = 64
FRAME_MS, LAST_MS = 120, 2500
# Corners of the stroke, on the sheet of 280 x 280 pixels.
STROKE = [(75, 95), (95, 62), (140, 48), (185, 66), (195, 105), (165, 150), (120, 190), (78, 228), (140, 226)]
STROKE += [(210, 224)]


def main() -> None:
    frames = []
    with sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=sandbox)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto((ROOT / "docs" / "start.html").as_uri())
        page.evaluate("() => S5.stations.digit.test.clear()")
        page.locator(".digit").scroll_into_view_if_needed()
        page.evaluate("() => document.querySelector('.digit').scrollIntoView()")
        sheet = page.locator(".digit .sheet").bounding_box()
        assert sheet is not None

        def move(x: float, y: float) -> None:
            page.mouse.move(sheet["x"] + x, sheet["y"] + y)

        def keep() -> None:
            page.evaluate(
                "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
            )
            frames.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))

        move(*STROKE[0])
        page.mouse.down()
        keep()
        for (x0, y0), (x1, y1) in itertools.pairwise(STROKE):
            for part in (0.5, 1):
                move(x0 + part * (x1 - x0), y0 + part * (y1 - y0))
                keep()
        page.mouse.up()
        keep()
        browser.close()
    size = (round(WIDTH * SCALE), round(HEIGHT * SCALE))
    palette = frames[-1].resize(size).quantize(COLORS)
    small = [frame.resize(size).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    path = ROOT / "docs" / "start.gif"
    times = [FRAME_MS] * (len(small) - 1) + [LAST_MS]
    small[0].save(path, save_all=True, append_images=small[1:], duration=times, loop=0, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes, {len(small)} frames")


if __name__ == "__main__":
    main()
