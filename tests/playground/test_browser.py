"""The page in a browser: used as a person would, and its answers compared with those of the Keras models.

The networks were hardly trained: what is compared is not how good they are.
"""

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import keras
import matplotlib as mpl
import numpy as np
import pytest
import tensorflow as tf

import keras_session5 as s5
from keras_session5.by_hand import SLIDES_IMAGE
from keras_session5.data.characters import encode
from keras_session5.exporting.reading import read_images

pytest.importorskip("gradio", reason="the page needs the extra playground")

from keras_session5.playground.drawing import read_drawing
from keras_session5.tasks import LanguageModel, Translation

playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")

pytestmark = pytest.mark.browser

NETWORKS = ["lenet5", "simple_rnn", "transformer_encoder", "transformer", "gpt"]  # that the page asks
VERB = (
    "import typer; from keras_session5.cli import playground\n"
    "app = typer.Typer(); app.command()(playground.playground); app()"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("playground")


@pytest.fixture(scope="module")
def models(folder, trained, exported):
    """The networks that the page asks, hardly trained, as Keras models; exported into the folder."""
    for name in NETWORKS:
        shutil.copytree(exported(name).parent, folder / "saved_models" / name)
    return {name: trained(name).model for name in NETWORKS}


@pytest.fixture(scope="module")
def address(models, folder):
    """The page as the verb opens it, with a model server of its own."""
    rest, port = free_port(), free_port()
    command = [sys.executable, "-c", VERB, "--server", f"http://127.0.0.1:{rest}", "--port", str(port)]
    with (
        (folder / "log").open("w+") as log,
        subprocess.Popen(
            [*command, "--models", str(folder / "saved_models"), "--runs", str(folder / "runs")],
            stdout=log,
            stderr=log,
        ) as verb,
    ):
        try:
            url = f"http://127.0.0.1:{port}/"
            wait_for(url, verb, log)
            yield url
        finally:
            verb.send_signal(signal.SIGINT)
            assert verb.wait(60) == 0
        assert "Stopped." in Path(log.name).read_text()
        with socket.socket() as gone:  # the model server has ended with it
            assert gone.connect_ex(("127.0.0.1", rest)) != 0


@pytest.fixture(scope="module")
def page(browser, address):
    """One tab of the browser, that complains of errors and of requests to any other host."""
    complaints = []
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda request: complaints.append(request.url) if is_outside(request.url) else None)
    tab.set_default_timeout(60_000)
    playwright.expect.set_options(timeout=60_000)
    tab.goto(address)
    tab.complaints = complaints
    return tab


@pytest.fixture(autouse=True)
def _nothing_wrong(request, page):
    yield
    folder = request.config.rootpath / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"playground-{request.node.name.removeprefix('test_')}.png")
    assert page.complaints == []
    # A picture comes after its label, and a warning of the input before stays until then.
    warnings = page.locator(".warning:visible")
    wait_until(page, lambda: [text for text in warnings.all_inner_texts() if "⚠" in text], [])


def is_outside(url):
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1"


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for(url, process, log):
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except OSError:
            time.sleep(0.2)
    log.seek(0)
    pytest.fail(f"no page at {url}: {log.read()}")


def open_tab(page, name):
    page.get_by_role("tab", name=name, exact=True).click()


def wait_until(page, look, wanted):
    """Waits until the page shows what is wanted; the last thing that it showed stands in the failure."""
    until = time.monotonic() + 60
    while (shown := look()) != wanted and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert shown == wanted


def choose(page, label, option):
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def rows(page, elem_id):
    return [
        [cell.inner_text() for cell in row.locator("td").all()]
        for row in page.locator(f"#{elem_id} tbody tr").all()
    ]


def guess(page, elem_id):
    """What a label says: the first class, and the likeliest classes with their percentages."""
    text = page.locator(f"#{elem_id}").inner_text()
    return re.findall(r"(?m)^(\S[^\n%]*?)\s*\n?\s*(\d+)%", text)


def percentages(probabilities, names, count):
    best = np.argsort(-probabilities, kind="stable")[:count]
    return [(names[i], f"{probabilities[i] * 100:.0f}") for i in best]


def drawn(page, elem_id):
    """The picture as text: it changes with what is drawn."""
    picture = page.locator(f"#{elem_id} svg")
    assert len(picture.get_attribute("aria-label")) > 20  # for those who do not see it
    return picture.inner_html()


def test_perceptron(page):
    playwright.expect(page.locator("#unit-status")).to_contain_text("2 of 4 correct")
    page.get_by_role("button", name="Show me weights").click()
    playwright.expect(page.locator("#unit-status")).to_contain_text("4 of 4 correct")
    model = s5.build("threshold_unit", weights=(1, 1), threshold=2)
    fires = np.asarray(model(np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")))[:, 0]
    assert [float(row[3]) for row in rows(page, "unit-table")] == fires.tolist()
    trace = s5.by_hand.perceptron_trace([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    box = page.locator("#step input[type=number]")
    box.fill("24")
    box.press("Enter")
    playwright.expect(page.locator("#perceptron-status")).to_contain_text(
        f"{sum(trace.mistakes)} mistakes in 24 steps"
    )
    playwright.expect(page.locator("#perceptron-status")).to_contain_text("at most 51")
    assert [float(x) for x in rows(page, "steps")[-1][-3:]] == list(trace.starts[-1])


def test_mlp(page):
    open_tab(page, "XOR and MLP")
    playwright.expect(page.get_by_text("4 of 4 correct after 1,600 steps")).to_be_visible()
    before = drawn(page, "surface")
    box = page.locator("#hidden input[type=number]")
    box.fill("3")
    box.press("Enter")
    page.locator("#train").click()
    page.get_by_role("button", name=re.compile("Copy as Keras")).click()
    code = page.locator("#keras-code .cm-content")
    playwright.expect(code).to_contain_text("layers.Dense(3,")
    playwright.expect(page.get_by_text("correct after 1,600 steps")).to_be_visible()
    wait_until(page, lambda: drawn(page, "surface") != before, True)
    # What would be copied, executed: it answers what the page shows.
    names = {}
    exec("\n".join(page.locator("#keras-code .cm-line").all_inner_texts()), names)
    table = np.array(rows(page, "mlp-table"), float)
    answers = np.asarray(names["model"](table[:, :2].astype("float32")))[:, 0]
    np.testing.assert_allclose(answers, table[:, 3], atol=6e-5)


def test_convolution(page):
    open_tab(page, "Convolution")
    status = page.locator("#convolution-status")
    playwright.expect(status).to_contain_text("= 25.")
    choose(page, "Kernel", "edge")
    box = page.locator("#row input[type=number]")
    box.fill("1")
    box.press("Enter")
    expected = s5.by_hand.feature_map(SLIDES_IMAGE, s5.by_hand.KERNELS["edge"])[1, 0]
    playwright.expect(status).to_contain_text("At row 1, column 0")
    playwright.expect(status).to_contain_text(f"= {expected:.4g}.")
    cell = page.get_by_test_id("cell-1-1")
    cell.dblclick()
    page.keyboard.press("Control+A")
    page.keyboard.type("10")
    page.keyboard.press("Enter")
    playwright.expect(status).to_contain_text(f"= {expected + 2 * SLIDES_IMAGE[2][1]:.4g}.")
    playwright.expect(page.locator("#pools svg")).to_be_visible()


def test_another_image_begins_anew_and_a_wrong_cell_is_told(page):
    open_tab(page, "Convolution")
    status = page.locator("#convolution-status")
    choose(page, "Image", "digit 3")
    playwright.expect(status).to_contain_text("give 6 x 6")
    box = page.locator("#row input[type=number]")
    box.fill("5")
    box.press("Enter")
    playwright.expect(status).to_contain_text("At row 5,")
    choose(page, "Image", "the slides' 5 x 5")
    playwright.expect(status).to_contain_text("At row 0, column 0")
    playwright.expect(page.locator("#patch svg")).to_be_visible()
    cell = page.get_by_test_id("cell-1-1")
    for typed, sentences in (("x", 1), ("2", 0)):  # what is pooled needs no kernel
        cell.dblclick()
        editor = cell.locator("textarea, input")  # waited for: what is typed before it is there is lost
        editor.fill(typed)
        editor.press("Enter")
        said = page.locator(".prose.warning:visible", has_text="Every cell of the kernel must be a number")
        playwright.expect(said).to_have_count(sentences)
        playwright.expect(page.locator("#patch svg")).to_have_count(0 if sentences else 1)


def test_lenet5(page, models):
    open_tab(page, "LeNet-5")
    field = page.locator("#drawing canvas")
    playwright.expect(page.locator("#maps canvas")).to_have_count(6 + 6 + 16 + 16 + 1 + 1)
    page.get_by_role("button", name="Draw an example").press("Enter")  # by keyboard
    playwright.expect(page.locator(".answer.pending:visible")).to_have_count(0)
    page.get_by_role("button", name="Clear").click()
    playwright.expect(page.get_by_text("This one is empty: nothing contrasts")).to_be_visible()
    box = field.bounding_box()
    for stroke in ([(0.3, 0.2), (0.7, 0.2), (0.45, 0.85)], [(0.35, 0.5), (0.7, 0.5)]):  # a seven
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=6)
        page.mouse.up()
    url = field.evaluate("canvas => canvas.toDataURL('image/png')")
    digit = read_images(models["lenet5"], s5.load_data("digits"), tf.constant([read_drawing(url)]))
    probabilities = models["lenet5"].predict(digit.numpy(), verbose=0)[0]
    wait_until(page, lambda: guess(page, "lenet5-guess"), percentages(probabilities, list("0123456789"), 3))
    playwright.expect(page.locator("#saliency canvas")).to_have_count(3)
    # The values of the first map, as they are on the screen.
    shown = page.locator("#maps canvas").first.evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data]"
    )
    first = models["lenet5"].get_layer("c1").output
    maps = keras.Model(models["lenet5"].inputs, first).predict(digit.numpy(), verbose=0)[0]
    shares = (maps[..., 0] - maps.min()) / (maps.max() - maps.min())
    expected = mpl.colormaps["viridis"](np.round(shares * 255).astype(int), bytes=True)
    assert np.abs(np.reshape(shown, (28, 28, 4)).astype(int) - expected).max() <= 3  # a step of the colours
    page.locator("#drawing input").set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": read_drawing(url)}
    )
    wait_until(page, lambda: guess(page, "lenet5-guess"), percentages(probabilities, list("0123456789"), 3))
    page.locator("#drawing input").set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": b"no image"}
    )
    playwright.expect(page.locator("#drawing .status")).to_contain_text("not an image")


def test_a_missing_network_is_trained_at_the_press_of_a_button(page):
    open_tab(page, "1958")
    playwright.expect(page.get_by_text("has no model `photo_perceptron`")).to_be_visible()
    page.locator("#train-photo_perceptron").click()
    status = page.locator("#training-photo_perceptron")
    playwright.expect(status).to_contain_text("trained and served", timeout=400_000)
    wait_until(page, lambda: guess(page, "card-guess")[:1], [("left", "100")])  # the first example
    playwright.expect(page.locator("#curve-photo_perceptron svg")).to_have_count(0)  # of one epoch
    playwright.expect(page.locator("#train-photo_perceptron")).to_be_hidden()


@pytest.mark.parametrize(
    ("tab", "name", "elem_id"),
    [("RNN", "simple_rnn", "rnn"), ("Transformer", "transformer_encoder", "attention")],
)
def test_languages(page, models, tab, name, elem_id):
    open_tab(page, tab)
    page.locator(f"#{elem_id}-text input, #{elem_id}-text textarea").first.fill("")
    page.locator(f"#{elem_id}-text input, #{elem_id}-text textarea").first.press_sequentially("Île Maurice")
    data = s5.load_data("place_names")
    tokens = encode(["Île Maurice"], data.alphabet)
    probabilities = models[name].predict(tokens, verbose=0)[0]
    expected = percentages(probabilities, data.class_names, 5)
    wait_until(page, lambda: guess(page, f"{elem_id}-guess"), expected)
    if tab == "Transformer":
        before = drawn(page, "attention")
        choose(page, "Head", "1")
        wait_until(page, lambda: drawn(page, "attention") != before, True)
    else:
        playwright.expect(page.locator("#states svg")).to_be_visible()


def test_dates(page, models):
    open_tab(page, "Dates")
    playwright.expect(page.locator("#cross svg")).to_be_visible()
    page.locator("#date-text input, #date-text textarea").first.fill("3. elokuuta 1998")
    (expected,) = Translation(s5.load_data("dates")).translate(models["transformer"], ["3. elokuuta 1998"])
    assert expected
    found = page.locator("#date-found input, #date-found textarea").first
    wait_until(page, found.input_value, expected)


def test_gpt(page, models):
    open_tab(page, "GPT")
    choose(page, "Language of the name", "Polish")
    page.locator("#gpt-start input, #gpt-start textarea").first.fill("Au")
    box = page.locator("#gpt-temperature input[type=number]")
    box.fill("0")
    box.press("Enter")
    (expected,) = LanguageModel(s5.load_data("place_names")).generate(
        models["gpt"], ["Polish: Au"], temperature=0.0
    )
    likeliest = page.locator("#gpt-likeliest input, #gpt-likeliest textarea").first
    wait_until(page, likeliest.input_value, expected)
    start = page.locator("#gpt-start input, #gpt-start textarea").first
    start.fill("a" * 90)  # more than the network takes
    said = page.locator(".prose.warning:visible", has_text="must be shorter than")
    playwright.expect(said).to_have_count(1)
    playwright.expect(said).not_to_contain_text("{{")
    start.fill("Au")  # what was chosen before is still chosen
    wait_until(page, likeliest.input_value, expected)
    wait_until(
        page, lambda: {row[1] for row in rows(page, "gpt-samples")}, {expected}
    )  # nothing left to chance


# Pictures that are certain to come: one of a date needs a network that generates something.
PICTURES = {"Perceptron": 2, "XOR and MLP": 1, "Convolution": 2, "RNN": 3, "Transformer": 1}
FAULTS = """() => {
  const visible = (part) => part.checkVisibility() && part.getBoundingClientRect().width > 0;
  const size = (part) => parseFloat(getComputedStyle(part).fontSize);
  const faults = [];
  if (document.documentElement.scrollWidth > innerWidth) faults.push("the page is wider than the window");
  for (const svg of document.querySelectorAll(".picture svg")) {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    for (const text of visible(svg) ? svg.querySelectorAll("text") : []) {
      const parts = [...text.querySelectorAll("tspan")]; // an index is smaller than the letter before it
      const pixels = scale * Math.max(...(parts.length ? parts : [text]).map(size));
      if (pixels < 8.95) faults.push(`${text.textContent.trim()}: ${pixels} px`);
    }
  }
  for (const part of document.body.querySelectorAll("*"))
    if (visible(part) && getComputedStyle(part).backgroundColor === "rgb(255, 255, 255)")
      faults.push(`white: ${part.outerHTML.slice(0, 200)}`);
  return faults;
}"""


def test_every_tab_is_readable_on_a_telephone_in_the_dark(page, address):
    phone = page.context.browser.new_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
    phone.goto(address)
    phone.get_by_role("tab", name="Perceptron", exact=True).wait_for()
    tabs = page.get_by_role("tab").all_inner_texts()
    assert set(PICTURES) < set(tabs)
    for name in tabs:
        place = phone.get_by_role("tab", name=name, exact=True)
        if not place.is_visible():  # not all names fit
            phone.locator(".overflow-menu > button").click()
            place = phone.locator(".overflow-dropdown").get_by_text(name, exact=True)
        place.click()
        if name in PICTURES:
            last = phone.locator(".picture svg:visible").nth(PICTURES[name] - 1)
            playwright.expect(last).to_be_visible()
        assert (name, phone.evaluate(FAULTS)) == (name, [])
    phone.close()


def test_serving(page):
    open_tab(page, "Serving")
    playwright.expect(page.locator("#models")).to_contain_text("AVAILABLE")
    shown = {row[0]: row[2] for row in rows(page, "models")}
    available = {name for name, state in shown.items() if state.startswith("AVAILABLE")}
    assert available - {"photo_perceptron"} == set(NETWORKS)
    assert shown["vit"] == "missing"
    page.locator("#ask").click()
    playwright.expect(page.locator("#latency")).to_contain_text(re.compile(r"Answered in [\d.]+ ms"))
    playwright.expect(page.locator("#answer")).to_contain_text('"label"')
    curl = page.locator("#curl .cm-content").inner_text().replace("\n", "")
    answered = subprocess.run(
        ["bash", "-c", curl.replace("curl ", "curl -s ", 1)], capture_output=True, check=True
    )
    assert b'"label"' in answered.stdout
