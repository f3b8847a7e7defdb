"""The start page in a browser, opened from the disk: its numbers against Keras and NumPy, and how it is used.

The weights are those that the page embeds, so the comparison needs no training.
"""

import importlib.util
import io
import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from start_page import PAGE, ROOT, open_page, stored

import keras_session5 as s5
from keras_session5 import by_hand
from keras_session5.data import DATA_SETS
from keras_session5.exporting.reading import read_images

LAYERS = {"c1": 28, "s2": 14, "c3": 10, "s4": 5, "c5": 1, "f6": 1, "output": 1}


def test_the_page_is_what_its_sources_make():
    spec = importlib.util.spec_from_file_location("build_start_page", ROOT / "site" / "build.py")
    built = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(built)
    assert PAGE.read_text("utf-8") == built.build(), "Run: make site"
    assert PAGE.stat().st_size <= 3_000_000


# ---- Contrast ----------------------------------------------------------------------------------------------


def themes():
    """The colours of the light and of the dark page: name -> (red, green, blue) in 0..1."""
    style = (ROOT / "site" / "style.css").read_text("utf-8")
    found = []
    for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL):
        colors = re.findall(r"--(\w+): #(\w{6});", block)
        found.append({name: np.array(list(bytes.fromhex(value))) / 255 for name, value in colors})
    return found


def contrast(a, b):
    """WCAG's contrast ratio of two colours."""

    def luminance(color):
        linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_marks_have_the_contrast_of_wcag_aa(scheme):
    light, dark = themes()
    colors = light if scheme == "light" else light | dark
    for ground in ("page", "paper"):
        for text in ("ink", "muted", "accent"):
            assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
        for mark in ("positive", "negative", "edge"):
            assert contrast(colors[mark], colors[ground]) >= 3, (mark, ground)
    for sign in ("positive", "negative"):  # S5.tint: numbers stand on at most half of the colour
        strongest = (colors["paper"] + colors[sign]) / 2
        assert contrast(colors["ink"], strongest) >= 4.5, sign
    for mark in ("positive", "negative"):  # the digit in its output, the class of a point
        assert contrast(colors["paper"], colors[mark]) >= 4.5


# ---- The browser -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(browser):
    """One tab for the whole file."""
    return open_page(browser)


@pytest.fixture(autouse=True)
def _no_complaint(request):
    yield
    if "page" in request.fixturenames:
        assert request.getfixturevalue("page").complaints == []


@pytest.fixture(scope="module")
def lenet5():
    model, tensors = s5.build("lenet5"), stored("lenet5")[0]
    for weight in model.weights:
        weight.assign(tensors[weight.path])
    return model


@pytest.fixture(scope="module")
def digits():
    return stored("lenet5")[0]["examples"].astype("float32")


@pytest.fixture(scope="module")
def every_layer(lenet5):
    """Pixels (N, 28, 28) -> the outputs of every layer, by its name."""
    names = ["scale", "c1", "s2", "c3", "s4", "c5", "f6", "probabilities"]
    inner = keras.Model(lenet5.inputs[0], {name: lenet5.get_layer(name).output for name in names})
    return lambda pixels: {k: np.asarray(v) for k, v in inner(np.asarray(pixels)[..., None]).items()}


def call(page, function, *arguments, station="digit"):
    return page.evaluate(
        "([station, name, values]) => S5.stations[station].test[name](...values)",
        [station, function, list(arguments)],
    )


def rendered(page):
    """Waits until the page has drawn what it was asked for."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def numbers(locator):
    return [float(text.replace("−", "-")) for text in locator.all_inner_texts()]


def numbers_in(text):
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text.replace("−", "-"))]


# ---- LeNet-5 -----------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_every_layer_agrees_with_keras(page, digits, every_layer):
    expected = every_layer(digits)
    assert np.mean(expected["probabilities"].argmax(-1) == np.arange(10)) >= 0.9  # trained weights
    for row, image in enumerate(digits):
        found = call(page, "layers", image.ravel().tolist())
        for name, values in expected.items():
            np.testing.assert_allclose(found[name], values[row].ravel(), atol=1e-4, err_msg=name)
        np.testing.assert_allclose(
            call(page, "predict", image.ravel().tolist()), expected["probabilities"][row], atol=1e-4
        )


STROKES = {
    "7": [[(60, 60), (215, 60), (120, 235)]],
    "small and in a corner": [[(210, 200), (250, 200), (225, 262)]],
    "wide, of two strokes": [[(20, 120), (255, 110)], [(30, 170), (260, 180)]],
    "a dot": [[(40, 30), (40, 30)]],
}


@pytest.mark.browser
@pytest.mark.parametrize("strokes", STROKES.values(), ids=STROKES)
def test_a_drawing_is_framed_and_read_as_the_exported_model_does(page, every_layer, strokes):
    """Framing agrees to one of 255: TensorFlow computes it in float32 and rounds halves to even."""
    call(page, "clear")
    box = page.locator(".digit .sheet").bounding_box()
    for (x, y), *others in strokes:
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down()
        for x, y in others:
            page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
        page.mouse.up()
    rendered(page)
    drawing = np.array(call(page, "ink"), "uint8").reshape(280, 280)
    file = io.BytesIO()
    Image.fromarray(drawing).save(file, "PNG")
    network = SimpleNamespace(inputs=[SimpleNamespace(shape=(None, 28, 28, 1))])
    digits = SimpleNamespace(framing=DATA_SETS["digits"].framing)
    (served,) = read_images(network, digits, tf.constant([file.getvalue()])).numpy()[..., 0]
    pixels = np.array(call(page, "pixels")).reshape(28, 28)
    assert np.abs(pixels - served).max() <= 1
    expected = every_layer(pixels[None])["probabilities"][0]
    np.testing.assert_allclose(call(page, "predict", pixels.ravel().tolist()), expected, atol=1e-4)
    shown = [float(text.removesuffix(" %")) for text in page.locator(".digit .share").all_inner_texts()]
    np.testing.assert_allclose(shown, 100 * expected, atol=0.0501)
    assert page.locator(".digit .bar.most b").inner_text() == str(expected.argmax())


def window(below, layer, row, column, map_):
    """What a number of a layer sees, in the order in which the page shows it: (channels, numbers)."""
    if layer in ("f6", "output"):
        return below.reshape(1, -1)
    if layer in ("s2", "s4"):
        return below[2 * row : 2 * row + 2, 2 * column : 2 * column + 2, map_].reshape(1, 4)
    border = 2 if layer == "c1" else 0
    padded = np.pad(below, [(border, border), (border, border), (0, 0)])
    return padded[row : row + 5, column : column + 5].reshape(25, -1).T


@pytest.mark.browser
@pytest.mark.parametrize("layer", LAYERS)
def test_every_number_of_a_unit_is_keras(page, lenet5, digits, every_layer, layer):
    outputs = every_layer(digits[5:6])
    call(page, "example", 5)
    rendered(page)
    name = {"output": "probabilities"}.get(layer, layer)
    names = list(outputs)
    below, out = outputs[names[names.index(name) - 1]][0], outputs[name][0]
    side, maps = LAYERS[layer], out.shape[-1]
    out = out.reshape(side, side, maps)
    for row, column, map_ in [(0, 0, 0), (side // 2, side - 1, maps // 2), (side - 1, side // 3, maps - 1)]:
        call(page, "choose", layer, map_, row, column)
        unit, value = call(page, "unit"), out[row, column, map_]
        seen = window(below, layer, row, column, map_)
        opened = page.locator(".digit .layer.open")
        assert unit["value"] == pytest.approx(value, abs=1e-4)
        assert numbers_in(opened.locator(".unit-head code").inner_text())[-1] == pytest.approx(
            value, abs=1.5e-4
        )
        if layer in ("s2", "s4"):
            np.testing.assert_allclose(numbers(opened.locator(".cells > *")), seen[0], atol=1.5e-4)
            continue
        kernel, bias = (np.asarray(weight) for weight in lenet5.get_layer(name).weights)
        weights = kernel.reshape(-1, seen.shape[0], maps)[:, :, map_].T  # (channels, numbers)
        for key, expected in {"window": seen, "kernel": weights, "products": seen * weights}.items():
            np.testing.assert_allclose([one[key] for one in unit["channels"]], expected, atol=1e-4)
        sums = [one["sum"] for one in unit["channels"]]
        np.testing.assert_allclose(sums, (seen * weights).sum(1), atol=1e-4)
        z = (seen * weights).sum() + bias[map_]
        assert [unit["bias"], unit["z"]] == pytest.approx([bias[map_], z], abs=1e-4)
        if layer != "output":
            assert np.tanh(z) == pytest.approx(value, abs=1e-4)
        shown = numbers(opened.locator(".channels .cells > *"))  # to two decimals
        expected = np.stack([seen, weights, seen * weights], axis=1)
        np.testing.assert_allclose(shown, expected.ravel(), atol=0.0051)
        text = opened.locator(".formula").inner_text()
        assert {round(one, 4) for one in (unit["bias"], unit["z"], unit["value"])} <= set(numbers_in(text))


@pytest.mark.browser
def test_a_click_on_a_layer_a_pixel_and_a_product_ends_in_one_multiplication(page):
    call(page, "example", 2)
    rendered(page)
    page.locator(".digit .box", has_text="c3").click()
    opened = page.locator(".digit .layer.open")
    opened.locator(".strip").click(position={"x": 3 + 2 * 45 + 4 * 6 + 2, "y": 3 + 4 * 3 + 2})
    assert opened.locator("h4").inner_text() == "Map 2, row 3, column 6"
    opened.locator(".channel").nth(1).locator("button").nth(7).click()  # row 1, column 2 of the second map
    found = call(page, "unit")["channels"][1]
    words = opened.locator(".words").inner_text()
    assert words.startswith("Map 1 of s2 has")
    assert "in row 4, column 8" in words
    x, weight, product = found["window"][7], found["kernel"][7], found["products"][7]
    assert x * weight == pytest.approx(product)
    for value in (x, weight, product):
        assert round(value, 4) in numbers_in(words)


@pytest.mark.browser
def test_an_empty_sheet_gets_no_guess(page):
    page.get_by_role("button", name="Clear").click()
    rendered(page)
    assert page.locator(".digit .answer").inner_text().startswith("Nothing is drawn yet")
    assert set(page.locator(".digit .share").all_inner_texts()) == {"–"}
    assert page.locator(".digit .bar.most").count() == 0
    page.get_by_role("button", name="Example digit").click()
    rendered(page)
    assert page.locator(".digit .answer").inner_text().startswith("It reads 3")


@pytest.mark.browser
def test_a_digit_is_drawn_and_looked_into_by_keyboard(page):
    page.locator(".digit .sheet").focus()
    page.keyboard.press("Delete")
    page.keyboard.press("Space")  # lowers the pen, which stands in the middle near the top
    for _ in range(16):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    rendered(page)
    assert page.locator(".digit .answer").inner_text().startswith("It reads 1")
    label = page.locator(".digit .sheet").get_attribute("aria-label")
    assert "It reads 1" in label
    assert "Pen up" in label
    strip = page.locator(".digit .strip").nth(1)
    strip.focus()
    strip.press("Enter")
    call(page, "choose", "c1", 0, 5, 5)
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "PageDown"):
        strip.press(key)
    assert "map 1, row 7, column 6" in strip.get_attribute("aria-label")
    product = page.locator(".digit .layer.open .cells button[tabindex='0']")
    product.press("ArrowRight")
    page.keyboard.press("Enter")
    assert "Its weight is" in page.locator(".digit .layer.open .words").inner_text()


@pytest.mark.browser
def test_one_stroke_shows_the_feature_maps_without_a_click(browser, every_layer):
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(PAGE.as_uri())
    box = tab.locator(".digit .sheet").bounding_box()
    tab.mouse.move(box["x"] + 140, box["y"] + 50)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 130, box["y"] + 230, steps=5)
    tab.mouse.up()
    rendered(tab)
    maps = every_layer(np.reshape(call(tab, "pixels"), (1, 28, 28)))["c1"][0]
    strip = tab.locator(".digit .layer", has_text="c1").locator(".strip")
    shown = strip.evaluate("""(strip) => {
      const scale = strip.width / parseFloat(strip.style.width), pen = strip.getContext("2d");
      const place = (pixel) => (3 + 4 * pixel + 2) * scale;
      const at = (m, i, j) => pen.getImageData(place(j) + 117 * m * scale, place(i), 1, 1).data;
      return [0, 1, 2, 3, 4, 5].map((m) => [...Array(784).keys()].map((k) => {
        const [red, , blue] = at(m, Math.floor(k / 28), k % 28);
        return blue - red;
      }));
    }""")
    for m in range(6):  # blue where a map is positive, orange where it is negative
        assert np.corrcoef(shown[m], maps[:, :, m].ravel())[0, 1] > 0.9
    tab.close()


@pytest.mark.browser
def test_each_frame_of_a_stroke_shows_the_answer_to_what_is_drawn(page):
    """`benchmarks/start_page.py` measures how many frames a second that makes."""
    call(page, "clear")
    frames = page.evaluate("""async () => {
      const sheet = document.querySelector(".digit .sheet"), box = sheet.getBoundingClientRect();
      const send = (type, angle) => sheet.dispatchEvent(new PointerEvent(type, {
        pointerId: 1, button: 0,
        clientX: box.left + 140 + 80 * Math.cos(angle), clientY: box.top + 140 + 90 * Math.sin(angle)}));
      sheet.setPointerCapture = () => {};
      send("pointerdown", 0);
      const { pixels, predict } = S5.stations.digit.test, frames = [];
      for (let count = 1; count <= 20; count++) {
        send("pointermove", count / 4);
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame); // after the one that was asked for first
        const now = pixels();
        frames.push({ ink: now.reduce((sum, one) => sum + one, 0),
          expected: predict(now), shown: document.querySelector(".digit .bar.most b").innerText });
      }
      send("pointerup", 0);
      delete sheet.setPointerCapture;
      return frames;
    }""")
    assert len({frame["ink"] for frame in frames}) == 20
    assert [frame["shown"] for frame in frames] == [str(np.argmax(frame["expected"])) for frame in frames]


# ---- Convolution -------------------------------------------------------------------------------------------


def convolved(image, kernel, stride, padding):
    """In NumPy, product by product; "same" pads as Keras does."""
    if padding == "same":
        widths = []
        for size in image.shape:
            zeros = max(0, (-(-size // stride) - 1) * stride + 3 - size)
            widths.append((zeros // 2, zeros - zeros // 2))
        image = np.pad(image, widths)
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))[::stride, ::stride]
    return (windows * kernel).sum((2, 3))


@pytest.mark.browser
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_kernel_on_the_slides_image_is_keras_at_every_place(page, padding, stride):
    image, kernel = by_hand.SLIDES_IMAGE, by_hand.SLIDES_KERNEL
    expected = convolved(image, kernel, stride, padding)
    np.testing.assert_allclose(by_hand.feature_map(image, kernel, stride, padding), expected)
    part = page.locator(".convolution .part").first
    part.get_by_label("padding").select_option(padding)
    part.get_by_label("stride").select_option(str(stride))
    part.locator(".board").last.locator("button").first.click()
    for place, value in enumerate(expected.ravel()):
        if place:
            part.get_by_role("button", name="Step").click()
        products, total = part.locator(".formula").inner_text().replace("−", "-").split(" = ")
        factors = [term.split("·") for term in products.split(" + ")]
        assert len(factors) == 9
        assert sum(float(x) * float(w.strip("()")) for x, w in factors) == float(total) == value
    shown = numbers(part.locator(".board").last.locator("button"))
    assert shown == expected.ravel().tolist()


@pytest.mark.browser
def test_arrow_keys_move_the_kernel_and_a_weight_can_be_changed(page):
    part = page.locator(".convolution .part").first
    part.get_by_label("padding").select_option("valid")
    part.get_by_label("stride").select_option("1")
    part.locator(".board").last.locator("button").first.click()
    part.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        part.press(key)
    assert part.locator(".formula").inner_text().endswith("= 15")
    weight = part.get_by_label("row 0, column 1").first
    weight.fill("-2")
    kernel = by_hand.SLIDES_KERNEL.copy()
    kernel[0, 1] = -2
    expected = convolved(by_hand.SLIDES_IMAGE, kernel, 1, "valid")[2, 1]
    assert part.locator(".formula").inner_text().endswith(f"= {expected:.0f}")
    weight.fill("0")


@pytest.mark.browser
@pytest.mark.parametrize("mode", ["max", "average"])
def test_pooling_is_keras(page, mode):
    expected = by_hand.pool(by_hand.SLIDES_POOLED, mode=mode)
    part = page.locator(".convolution .part").nth(1)
    part.get_by_label("keep").select_option(mode)
    for place, value in enumerate(expected.ravel()):
        part.locator(".board").last.locator("button").nth(place).click()
        assert numbers_in(part.locator(".formula").inner_text())[-1] == value
    assert numbers(part.locator(".board").last.locator("button")) == expected.ravel().tolist()


@pytest.mark.browser
def test_playing_ends_at_the_last_place(page):
    part = page.locator(".convolution .part").nth(1)
    part.locator(".board").last.locator("button").nth(2).click()
    part.get_by_role("button", name="Play").click()
    page.wait_for_function("() => S5.stations.convolution.state().pooling.place === 3")
    assert part.get_by_role("button", name="Play").is_visible()


@pytest.mark.browser
def test_the_photographs_map_is_keras(page):
    pixels = stored("photograph")[0]["pixels"].astype(float)
    np.testing.assert_array_equal(call(page, "photograph", station="convolution"), pixels)
    part = page.locator(".convolution .part").nth(2)
    kernels = {
        "edge": by_hand.KERNELS["edge"],
        "sharpen": by_hand.KERNELS["sharpen"],
        "own": np.array([[0.5, -1.25, 0], [2, 0.1, 0], [-3, 0, 1]]),
    }
    for name, kernel in kernels.items():
        if name == "own":
            for field, weight in zip(part.locator("input").all(), kernel.ravel(), strict=True):
                field.fill(str(weight))
        else:
            part.locator("select").select_option(name)
        assert part.locator("select").input_value() == name
        found = np.array(call(page, "map", station="convolution"))
        np.testing.assert_allclose(found, convolved(pixels, kernel, 1, "valid"), atol=1e-4)
        # Keras computes in float32.
        np.testing.assert_allclose(found, by_hand.feature_map(pixels, kernel), atol=1e-4, rtol=1e-6)
    picture = part.locator("canvas").first
    picture.press("ArrowRight")
    picture.press("Shift+ArrowDown")
    text = part.locator(".formula").inner_text()
    row, column = numbers_in(text)[:2]
    assert numbers_in(text)[-1] == pytest.approx(found[int(row), int(column)], abs=1e-4)


# ---- The frame ---------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_everything_fits_on_a_telephone_and_follows_the_dark_mode(page):
    """Last: it changes the window."""
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 360, "height": 740})
    rendered(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="light")
    rendered(page)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground
    for section in page.locator("main > section").all():
        assert section.locator("h2").count() == 1
        told = section.locator("footer").inner_text()
        lesson = re.search(r"Lesson \d+ has the whole story: (lessons/\d\d_\w+\.ipynb) of the project", told)
        assert (ROOT / lesson[1]).exists()
    # A browser shows the source of a notebook, and whoever downloads the page alone has none.
    targets = {link.get_attribute("href") for link in page.locator("a[href]").all()}
    assert all(target.startswith("#") for target in targets)


@pytest.mark.browser
def test_an_address_with_a_state_opens_its_station(browser):
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(f"{PAGE.as_uri()}#convolution?note=a%2Bb")
    tab.wait_for_function(
        "() => Math.abs(document.getElementById('convolution').getBoundingClientRect().top) < 80"
    )
    assert tab.evaluate("S5.params.get('note')") == "a+b"
    value = "50% & more, 1=1 #?"
    tab.evaluate("value => S5.params.set('note', value)", value)
    assert tab.evaluate("S5.params.get('note')") == value
    tab.close()
