"""The site: complete, without a request to any other address, and searchable from the disk."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import keras_session5 as s5

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("sphinx", reason="the site needs the extra site")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "-c", "site", "."]
    built = subprocess.run(
        [*command, str(folder / "html"), "-d", str(folder / "trees")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return folder / "html"


def test_every_lesson_guide_and_page_for_teachers_is_in_it(site):
    sources = [*ROOT.glob("lessons/*.ipynb"), *ROOT.glob("docs/**/*.md")]
    assert len(sources) > 20
    first = (site / "site" / "index.html").read_text("utf-8")
    for source in sources:
        page = source.relative_to(ROOT).with_suffix(".html")
        assert (site / page).exists()
        assert f"../{page}" in first, "a page that nothing leads to"


def test_no_page_loads_anything_from_elsewhere(site):
    loads = re.compile(r'<(?:script|img|iframe|link rel="stylesheet")[^>]*(?:src|href)="https?:[^"]*"')
    for page in site.rglob("*.html"):
        assert not loads.search(page.read_text("utf-8")), page


def test_the_start_page_leads_to_the_sites_lessons(site):
    page = (site / "start.html").read_text("utf-8")
    assert "`lessons/${lesson}.html`" in page
    assert ".ipynb" not in page
    assert 'href="../start.html"' in (site / "site" / "index.html").read_text("utf-8")


def test_the_reference_has_every_public_name(site):
    page = (site / "site" / "api.html").read_text("utf-8")
    for name in s5.__all__:
        kind = "module" if type(getattr(s5, name)).__name__ == "module" else ""
        if name not in ("NETWORKS", "__version__"):
            assert f'id="{kind and "module-"}keras_session5.{name}"' in page, name


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: chromium)")
def test_search_and_formulas_work_from_the_disk(site):
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    with playwright.sync_playwright() as started:
        sandbox = ["--no-sandbox"] if sys.platform == "linux" else []  # Chromium has none for root
        browser = started.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        tab = browser.new_page()
        complaints = []
        tab.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto((site / "index.html").as_uri())
        tab.wait_for_url("**/site/index.html")
        tab.get_by_placeholder("Search").fill("perceptron")
        tab.keyboard.press("Enter")
        tab.wait_for_selector("#search-results li a")
        found = tab.locator("#search-results li a").all_inner_texts()
        assert any("The perceptron and its rule" in title for title in found)
        tab.goto((site / "lessons" / "06_backpropagation.html").as_uri())
        tab.wait_for_selector("mjx-container")
        assert complaints == []
        browser.close()
