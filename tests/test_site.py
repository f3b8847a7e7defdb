"""The site: complete, without a request to any other address, and searchable from the disk."""

import importlib
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import keras_session5 as s5

ROOT = Path(__file__).parent.parent
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


def test_each_lesson_with_a_quiz_has_a_sheet_with_its_key(site):
    sheets = runpy.run_path(str(ROOT / "site" / "sheets.py"))
    lessons = [path for path in ROOT.glob("lessons/*.py") if "\n# ## Quiz\n" in path.read_text("utf-8")]
    assert lessons
    index = (site / "docs" / "teaching" / "sheets" / "index.html").read_text("utf-8")
    for lesson in lessons:
        title, tasks, quiz = sheets["read_lesson"](lesson)
        assert f'href="{lesson.name[:2]}.html">Sheet {title}<' in index.replace("&#39;", "'")
        page = (site / "docs" / "teaching" / "sheets" / f"{lesson.name[:2]}.html").read_text("utf-8")
        sheet, key = page.split('<div class="sheet-key">')
        on_paper = [task for task in tasks if not task.needs_computer]
        assert len(on_paper) >= 2, lesson.name
        assert sheet.count('class="sheet-lines"') == len(on_paper)
        lines = [
            found.count("<div>") for found in re.findall(r'class="sheet-lines">((?:<div></div>)+)', sheet)
        ]
        known = importlib.import_module(f"keras_session5.exercises.lesson_{lesson.name[:2]}").EXERCISES
        is_number = [isinstance(known[task.number].answer, int | float) for task in on_paper]
        assert lines == [3 if one else 5 for one in is_number]
        assert sheet.count('class="sheet-box"') == sum(len(one.choices) for one in quiz) == 9
        for task in (*tasks, *quiz):
            assert task.number in sheet
            assert task.number in key
        assert key.count("(right)") == 3
        assert key.count("(wrong)") == 6


def test_a_lesson_without_a_quiz_has_no_sheet(tmp_path):
    sheets = runpy.run_path(str(ROOT / "site" / "sheets.py"))
    shutil.copy(ROOT / "lessons" / "07_convolution.py", tmp_path)
    (tmp_path / "01_without.py").write_text(
        "# %% [markdown]\n# # 1. Why\n#\n# ## Exercises\n#\n# 1. Think.\n"
    )
    (tmp_path / "02.md").write_text("the sheet of a lesson that has none any more")
    assert sheets["write_sheets"](tmp_path, tmp_path) == [tmp_path / "07.md"]
    assert not (tmp_path / "02.md").exists()
    title, tasks, quiz = sheets["read_lesson"](tmp_path / "07_convolution.py")
    assert title == "7. Convolution and pooling by hand"
    assert {task.number: task.needs_computer for task in tasks} == {
        "07.1": False,
        "07.2": False,
        "07.3": False,
        "07.4": True,
    }
    sheet = (tmp_path / "07.md").read_text("utf-8")
    # At the foot of each page, because sheets and keys get separated.
    assert 'content: "Sheet 7. Convolution and pooling by hand · page " counter(page)' in sheet
    assert "Answer: `(28, 14, 10, 5)`" in sheet
    assert r"\begin{pmatrix}1&2&0\\0&1&3\\2&1&1\end{pmatrix}" in sheet
    assert list(quiz[0].choices) == ["a", "b", "c"]


def test_no_page_loads_anything_from_elsewhere(site):
    loads = re.compile(r'<(?:script|img|iframe|link rel="stylesheet")[^>]*(?:src|href)="https?:[^"]*"')
    for page in site.rglob("*.html"):
        assert not loads.search(page.read_text("utf-8")), page


def test_the_site_leads_to_the_start_page(site):
    assert (site / "start.html").exists()
    assert 'href="../start.html"' in (site / "site" / "index.html").read_text("utf-8")


@pytest.fixture(scope="module")
def stick(site, tmp_path_factory):
    """The start page and the site as `make stick` lays them out: its own command writes the page."""
    folder = tmp_path_factory.mktemp("stick")
    shutil.copytree(site, folder / "site")
    recipe = (ROOT / "Makefile").read_text("utf-8").split("\nstick:")[1].split("\n\n")[0]
    (command,) = [line.strip() for line in recipe.splitlines() if "site/build.py" in line]
    assert "cp -r build/site build/stick/site" in recipe
    _, *words = shlex.split(command.replace("build/stick", str(folder)))  # without $(BIN)/python
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True)
    return folder


@pytest.mark.browser
@pytest.mark.parametrize("place", ["site", "stick"])
def test_the_start_pages_links_lead_to_built_pages_beside_it(place, browser, request):
    folder = request.getfixturevalue(place)
    tab = browser.new_page()
    tab.goto((folder / "start.html").as_uri())
    links = tab.locator("a[href]").evaluate_all("links => links.map((one) => one.href)")
    tab.close()
    paths = {Path(unquote(urlsplit(link).path)) for link in links} - {folder / "start.html"}
    assert len(paths) == 7  # a lesson for each of six demonstrations, and what the project is
    for path in paths:
        assert path.exists()
        assert path.suffix == ".html"
        assert path.is_relative_to(folder)


@pytest.mark.browser
def test_the_first_lessons_first_figure_is_two_clicks_away(site, browser):
    tab = browser.new_page()
    tab.goto((site / "site" / "index.html").as_uri())
    tab.get_by_role("link", name="why", exact=True).click()
    tab.wait_for_url("**/lessons/01_why_deep_learning.html")
    figure = tab.locator("article img").first
    figure.scroll_into_view_if_needed()
    tab.wait_for_function("() => document.querySelector('article img').naturalWidth > 300")
    tab.close()


def test_the_reference_has_every_public_name(site):
    page = (site / "site" / "api.html").read_text("utf-8")
    for name in s5.__all__:
        kind = "module" if type(getattr(s5, name)).__name__ == "module" else ""
        if name not in ("NETWORKS", "__version__"):
            assert f'id="{kind and "module-"}keras_session5.{name}"' in page, name


@pytest.mark.browser
def test_search_and_formulas_work_from_the_disk(site, browser):
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
    tab.goto((site / "docs" / "teaching" / "sheets" / "07.html").as_uri())
    tab.wait_for_selector("mjx-container")
    tab.emulate_media(media="print", color_scheme="dark")
    assert not tab.locator(".sidebar-drawer").is_visible()
    assert tab.locator("h1").evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)"
    assert tab.locator("body").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.locator(".sheet-key").evaluate("e => getComputedStyle(e).breakBefore") == "page"
    assert complaints == []
    tab.close()
