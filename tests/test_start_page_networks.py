"""The start page's neurons, hidden layer, recurrent network and transformer, against Keras and by hand.

The weights are those that the page embeds, so that nothing has to be trained.
"""

import math
import re
from itertools import pairwise

import keras
import numpy as np
import pytest
from start_page import PAGE, open_page, stored

import keras_session5 as s5
from keras_session5.by_hand import novikoff_bound, perceptron_trace
from keras_session5.by_hand.perceptron import cycle
from keras_session5.data.characters import ALPHABET, DATE_ALPHABET, ISO_ALPHABET, begin_id, encode, end_id
from keras_session5.data.logic_gates.gates import GATES, ROWS
from keras_session5.generation import translate
from keras_session5.introspection import attention_weights, layer_outputs

pytestmark = pytest.mark.browser
TOLERANCE = 1e-4
DATES = [
    "12. März 2020",
    "March 12, 2020",
    "1er janvier 1950",
    "31 décembre 2049",
    "29 februari 2024",
    "lunedì 3 giugno 1996",
    "den 5. maj 1971",
    "2020. március 12.",
    "7 Şubat 2033",
    "3 września 1984",
]


def with_weights(model, tensors):
    for weight in model.weights:
        weight.assign(tensors[weight.path])
    return model


@pytest.fixture(scope="module")
def page(browser):
    """One tab for the whole file."""
    return open_page(browser)


@pytest.fixture(autouse=True)
def _no_complaint(page):
    yield
    assert page.complaints == []


def of(page, station, expression, argument=None):
    """What a function of a station's tests returns: `expression` begins after `test.`."""
    return page.evaluate(f"argument => S5.stations.{station}.test.{expression}", argument)


def state(page, station):
    return page.evaluate(f"S5.stations.{station}.state()")


def shown_numbers(text):
    return [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", text.replace("−", "-"))]


def focus(page, selector):
    """Puts the keyboard's focus on an element, which must take it."""
    found = page.locator(selector).first
    found.focus()
    assert found.evaluate("one => one === document.activeElement")
    return found


# ---- Threshold unit and perceptron ------------------------------------------------------------------------


def test_the_page_opens_with_a_line_to_improve_and_nothing_on_top_of_a_point(page):
    """First: the tests below change the state."""
    assert page.locator("#threshold .last").inner_text().startswith("The rule begins with zero weights")
    assert "2 of 4 right" in page.locator("#threshold .told").inner_text()

    def middle(locator):
        box = locator.bounding_box()
        return np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])

    tip = middle(page.locator("#threshold .tip"))
    for point in page.locator("#threshold .place").all():
        assert np.abs(middle(point) - tip).max() > 24


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_class_1_is_orange_and_class_0_blue_as_in_the_lessons(page, scheme):
    page.emulate_media(color_scheme=scheme)
    of(page, "xor", "change(argument)", {"data": "xor", "units": 2, "activation": "tanh", "seed": 1})
    of(page, "xor", "train(700)")
    color = "one => getComputedStyle(one).fill.match(/\\d+/g).map(Number)"
    for station in ("threshold", "xor"):
        red, _, blue = page.locator(f"#{station} .class-1").first.evaluate(color)
        assert red > blue + 100
        red, _, blue = page.locator(f"#{station} .class-0").first.evaluate(color)
        assert blue > red + 100
        red, _, blue = page.locator(f"#{station} .fires").first.evaluate(color)
        assert red > blue + 100
    # The surface at (0, 1), where the network answers 1, and at (0, 0), where it answers 0.
    pixel = "(one, [x, y]) => [...one.getContext('2d').getImageData(x, y, 1, 1).data]"
    canvas = page.locator("#xor .plane canvas")
    (red, _, blue, _), (red_0, _, blue_0, _) = (canvas.evaluate(pixel, [18, y]) for y in (18, 54))
    assert red > blue
    assert blue_0 > red_0
    page.emulate_media(color_scheme="light")


def test_a_mistake_has_the_same_mark_everywhere(page):
    page.select_option("#threshold select", "and")
    of(page, "threshold", "setByHand([1, 1, -0.75])")
    of(page, "xor", "change(argument)", {"data": "xor", "units": 2, "activation": "tanh", "seed": 1})
    crosses = page.locator("#threshold .mistake").filter(visible=True)
    assert crosses.count() == 2
    fires = np.array(of(page, "xor", "answers()")) >= 0.5
    wrong = np.count_nonzero(fires != np.array(GATES["xor"], bool))
    assert page.locator("#xor .mistake").filter(visible=True).count() == 2 * wrong > 0  # in both planes


def test_one_hidden_unit_has_one_axis(page):
    of(page, "xor", "change(argument)", {"data": "xor", "units": 1, "activation": "tanh", "seed": 1})
    names = page.locator("#xor .plane").nth(1).locator(".name").all_text_contents()
    assert [name for name in names if name] == ["h₁"]


def points_of(inputs, targets):
    return [{"x": x, "y": y, "target": int(target)} for (x, y), target in zip(inputs, targets, strict=True)]


def compare_training(page, inputs, targets):
    trace = perceptron_trace(inputs, targets)
    steps = of(page, "threshold", "train(argument)", points_of(inputs, targets))
    expected = [step for epoch in trace.epochs for step in epoch]
    assert [step["prediction"] for step in steps] == [step.prediction for step in expected]
    assert [step["state"] for step in steps] == [[*step.weights, step.bias] for step in expected]
    bound = of(page, "threshold", "novikoffBound(argument)", points_of(inputs, targets))
    assert bound == pytest.approx(novikoff_bound(inputs, targets), rel=1e-6)
    return trace


@pytest.mark.parametrize("gate", [gate for gate, row in GATES.items() if len(set(row)) == 2])
def test_the_rule_makes_the_steps_and_has_the_bound_of_the_one_by_hand(page, gate):
    compare_training(page, ROWS, GATES[gate])


@pytest.mark.parametrize("seed", range(4))
def test_the_rule_and_its_bound_hold_for_clouds_too(page, seed):
    points = of(page, "threshold", "clouds(argument[0], argument[1])", [(0.5, 0.12)[seed % 2], seed])
    trace = compare_training(page, [(p["x"], p["y"]) for p in points], [p["target"] for p in points])
    assert not trace.learned or sum(trace.mistakes) <= novikoff_bound(
        [(p["x"], p["y"]) for p in points], [p["target"] for p in points]
    )


def test_the_line_learns_and_the_mistakes_are_counted_beside_the_bound(page):
    page.select_option("#threshold select", "and")
    section, trace = page.locator("#threshold"), perceptron_trace(ROWS, GATES["and"])
    for _ in range(4 * len(trace.epochs)):
        section.get_by_role("button", name="One example").click()
    told = section.locator(".tally").inner_text()
    assert f"{sum(trace.mistakes)} mistakes" in told
    assert "(R/γ)² = 51.0" in told
    assert f"learned after round {len(trace.epochs)}" in told
    w1, w2, bias = trace.starts[-1]
    formula = section.locator(".formula").inner_text()
    assert formula == f"Fires if {w1:.2f} · x₁ + {w2:.2f} · x₂ ≥ {-bias:.2f}"
    assert state(page, "threshold")["weights"] == [w1, w2, bias]
    assert "4 of 4 right" in section.locator(".told").inner_text()


def test_xor_has_no_bound_and_the_page_says_that_it_goes_round(page):
    page.select_option("#threshold select", "xor")
    told = page.locator("#threshold .told").inner_text()
    assert "No line separates these points" in told
    of(page, "threshold", "next()")
    for _ in range(19):
        of(page, "threshold", "next()")
    first, second = cycle(perceptron_trace(ROWS, GATES["xor"]))
    tally = page.locator("#threshold .tally").inner_text()
    assert "no bound" in tally
    assert f"Round {second + 1} begins with the same weights as round {first + 1}" in tally


def test_dragging_the_line_changes_the_threshold_and_nothing_else(page):
    page.select_option("#threshold select", "or")
    of(page, "threshold", "setByHand([1, 1, -1])")
    page.locator("#threshold .grip").scroll_into_view_if_needed()
    box = page.locator("#threshold .empty").bounding_box()
    # The middle of the picture is (0.5, 0.5), on the line; a fifth of the width is 0.5.
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x + 40, y + 40)
    page.mouse.down()
    page.mouse.move(x + 40 + box["width"] / 10, y + 40 - box["height"] / 10)
    page.mouse.up()
    w1, w2, bias = state(page, "threshold")["weights"]
    assert (w1, w2) == (1, 1)
    assert bias == pytest.approx(-1.5, abs=0.02)


def test_points_are_moved_changed_and_removed_by_keyboard(page):
    page.select_option("#threshold select", "and")
    focus(page, "#threshold .place")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    points = state(page, "threshold")["points"]
    assert (points[0]["x"], points[0]["y"]) == (0.05, 0.05)
    page.keyboard.press("Enter")
    assert state(page, "threshold")["points"][0]["target"] == 1
    assert state(page, "threshold")["bound"] == pytest.approx(
        novikoff_bound([(0.05, 0.05), *ROWS[1:]], (1, 0, 0, 1)), rel=1e-6
    )
    page.keyboard.press("Delete")
    assert len(state(page, "threshold")["points"]) == 3
    focus(page, "#threshold input[type=range]")
    before = state(page, "threshold")["weights"]
    page.keyboard.press("ArrowRight")
    assert state(page, "threshold")["weights"][0] == pytest.approx(before[0] + 0.05)


def test_the_address_holds_the_points_and_the_line(page):
    page.select_option("#threshold select", "nor")
    of(page, "threshold", "setByHand([-1.25, 0.5, 0.75])")
    page.locator("#threshold").get_by_role("button", name="Add a point").click()
    before, saved = state(page, "threshold"), page.evaluate("S5.params.get('threshold')")
    page.select_option("#threshold select", "xor")
    of(page, "threshold", "load(argument)", saved)
    after = state(page, "threshold")
    assert (after["points"], after["weights"]) == (before["points"], before["weights"])


# ---- The hidden layer -------------------------------------------------------------------------------------


def keras_mlp(weights, activation):
    units = len(weights["b"])
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(units, activation=activation),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    arrays = (weights["w"], weights["b"], np.array(weights["v"])[:, None], [weights["c"]])
    model.set_weights([np.array(array, "float32") for array in arrays])
    return model


def flat(weights):
    return np.concatenate(
        [np.ravel(weights["w"]), weights["b"], np.ravel(weights["v"]), np.ravel(weights["c"])]
    )


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
@pytest.mark.parametrize("data", ["xor", "circle", "moons", "spirals"])
def test_back_propagation_has_the_gradients_of_keras(page, data, activation):
    import tensorflow as tf

    points = of(page, "xor", "makePoints(argument)", data)
    weights = of(page, "xor", "initialWeights(5, 4)")
    weights["b"] = [0.1, -0.2, 0.3, -0.4, 0.5]
    answer = of(
        page, "xor", "gradients(argument[0], argument[1], argument[2])", [weights, activation, points]
    )
    x, y = np.array([p["x"] for p in points], "float32"), np.array([[p["target"]] for p in points], "float32")
    model = keras_mlp(weights, activation)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.binary_crossentropy(y, model(x)))
    expected = [np.ravel(g) for g in tape.gradient(loss, model.trainable_variables)]
    np.testing.assert_allclose(flat(answer["gradient"]), np.concatenate(expected), atol=TOLERANCE)
    assert answer["loss"] == pytest.approx(float(loss), abs=TOLERANCE)


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        ("sgd", keras.optimizers.SGD(0.3)),
        ("momentum", keras.optimizers.SGD(0.3, momentum=0.9)),
        ("adam", keras.optimizers.Adam(0.03)),
    ],
)
def test_training_makes_the_steps_of_keras(page, name, optimizer):
    settings = {"data": "xor", "units": 3, "activation": "tanh", "optimizer": name, "seed": 2}
    settings["rate"] = 0.03 if name == "adam" else 0.3
    of(page, "xor", "change(argument)", settings)
    model = keras_mlp(state(page, "xor")["weights"], "tanh")
    model.compile(optimizer, loss="binary_crossentropy")
    x, y = np.array(ROWS, "float32"), np.array(GATES["xor"], "float32")[:, None]
    for _ in range(40):
        model.train_on_batch(x, y)
    of(page, "xor", "train(40)")
    expected = np.concatenate([np.ravel(array) for array in model.get_weights()])
    np.testing.assert_allclose(flat(state(page, "xor")["weights"]), expected, atol=TOLERANCE)


def test_xor_is_learned_and_the_table_shows_the_networks_numbers(page):
    of(
        page,
        "xor",
        "change(argument)",
        {"data": "xor", "units": 2, "activation": "tanh", "optimizer": "adam", "rate": 0.03, "seed": 1},
    )
    assert (
        "2 of 4" in page.locator("#xor .told").inner_text()
        or "3 of 4" in page.locator("#xor .told").inner_text()
    )
    of(page, "xor", "train(700)")
    assert "4 of 4 right after 700 steps" in page.locator("#xor .told").inner_text()
    weights = state(page, "xor")["weights"]
    x = np.array(ROWS, "float32")
    hidden = np.tanh(x @ np.array(weights["w"]) + weights["b"])
    rows = [shown_numbers(text) for text in page.locator("#xor table tr").all_inner_texts()[1:]]
    np.testing.assert_allclose([row[2:4] for row in rows], hidden, atol=6e-4)  # three digits are shown
    answers = np.ravel(keras_mlp(weights, "tanh")(x))
    np.testing.assert_allclose([row[4] for row in rows], answers, atol=1.1e-4)
    np.testing.assert_allclose(of(page, "xor", "answers()"), answers, atol=TOLERANCE)
    # The points of the hidden plane stand where the hidden numbers say.
    circles = page.locator("#xor .plane").nth(1).locator(".point")
    places = [[float(circles.nth(i).get_attribute(at)) for at in ("cx", "cy")] for i in range(4)]
    expected = np.stack([(hidden[:, 0] + 1.15) / 2.3 * 400, 400 - (hidden[:, 1] + 1.15) / 2.3 * 400], 1)
    np.testing.assert_allclose(places, expected, atol=0.06)


@pytest.mark.parametrize("data", ["xor", "moons"])
def test_the_keras_code_makes_the_same_network(page, data, capsys):
    of(page, "xor", "change(argument)", {"data": data, "units": 4, "activation": "sigmoid", "seed": 7})
    of(page, "xor", "train(120)")
    names = {}
    exec(compile(of(page, "xor", "code()"), "copied.py", "exec"), names)
    np.testing.assert_allclose(names["probabilities"], of(page, "xor", "answers()"), atol=TOLERANCE)
    assert capsys.readouterr().out


def test_the_code_is_shown_when_it_is_unfolded(page):
    of(page, "xor", "change(argument)", {"data": "xor", "units": 2})
    focus(page, "#xor details summary")
    page.keyboard.press("Enter")
    page.locator("#xor pre", has_text="model.set_weights").wait_for()
    assert page.locator("#xor pre").inner_text().strip() == of(page, "xor", "code()").strip()
    page.keyboard.press("Enter")


def test_the_address_brings_back_the_same_network(page):
    of(page, "xor", "change(argument)", {"data": "circle", "units": 3, "activation": "tanh", "seed": 5})
    of(page, "xor", "train(90)")
    before, saved = state(page, "xor"), page.evaluate("S5.params.get('xor')")
    assert page.evaluate("location.hash").startswith("#xor?")
    of(page, "xor", "change(argument)", {"data": "xor", "units": 2, "seed": 0})
    of(page, "xor", "load(argument)", saved)
    assert state(page, "xor") == before
    # Somebody else opens the address: the demonstration is built because it is the one that is asked for.
    other = page.context.browser.new_page()
    other.goto(f"{PAGE.as_uri()}{page.evaluate('location.hash')}")
    assert state(other, "xor") == before
    other.close()


def test_training_by_keyboard_moves_the_points_a_little_in_every_frame(page):
    """`benchmarks/start_page.py` measures how many frames a second that makes."""
    of(page, "xor", "change(argument)", {"data": "spirals", "units": 8, "activation": "tanh", "seed": 0})
    focus(page, "#xor button.primary")
    page.keyboard.press("Enter")
    frames = page.evaluate("""async () => {
      const frames = [];
      while (frames.length < 20) {
        await new Promise(requestAnimationFrame);
        const points = [...document.querySelectorAll("#xor circle.point")];
        const places = points.map((point) => ["cx", "cy"].map((name) => Number(point.getAttribute(name))));
        frames.push({ steps: S5.stations.xor.state().steps, places });
      }
      return frames;
    }""")
    page.keyboard.press("Enter")
    assert not of(page, "xor", "isPlaying()")
    steps = [frame["steps"] for frame in frames]
    assert set(np.diff(steps)) == {3}
    moved = [np.abs(np.subtract(a["places"], b["places"])).max() for a, b in pairwise(frames)]
    assert min(moved) > 0
    assert max(moved) < 100


# ---- The recurrent network --------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["two", "many"])
def recurrent(request):
    """Name, Keras model and description of one of the page's two networks."""
    tensors, fields = stored("recurrent")
    about = fields["networks"][request.param]
    vocabulary, embed_dim = tensors[f"{request.param}/embedding/embeddings"].shape
    model = s5.build(
        "simple_rnn",
        vocabulary_size=vocabulary,
        num_classes=len(about["languages"]),
        embed_dim=embed_dim,
        units=about["units"],
        bidirectional=False,
        pooling="last",
        dropout=0.0,
    )
    prefix = f"{request.param}/"
    own = {key.removeprefix(prefix): one for key, one in tensors.items() if key.startswith(prefix)}
    assert fields["alphabet"] == ALPHABET
    assert model.count_params() == about["parameters"]
    return request.param, with_weights(model, own), about


def test_states_and_probabilities_are_those_of_keras(page, recurrent):
    name, model, about = recurrent
    prefixes = ["Schweden", "Île-de-France", "Åland ☃", "ı", *[names[0] for names in about["examples"]]]
    for text in prefixes:
        steps = of(page, "recurrent", "read(argument[0], argument[1])", [name, text])
        rows = encode([text[:i] for i in range(1, len(text) + 1)], ALPHABET)
        outputs = layer_outputs(model, ["rnn"])(rows, training=False)
        probabilities = np.asarray(outputs["probabilities"])
        np.testing.assert_allclose([step["h"] for step in steps[1:]], outputs["rnn"], atol=TOLERANCE)
        np.testing.assert_allclose(
            [step["probabilities"] for step in steps[1:]], probabilities, atol=TOLERANCE
        )


def test_the_accuracy_on_the_page_is_that_of_the_test_names(page, recurrent):
    name, model, about = recurrent
    data = s5.load_data("place_names")
    languages = about["languages"]
    names, labels = [], []
    for text, label in zip(data.test.texts, data.test.labels, strict=True):
        if data.class_names[label] in languages:
            names.append(text)
            labels.append(languages.index(data.class_names[label]))
    guesses = np.asarray(model(encode(names, ALPHABET), training=False)).argmax(1)
    assert about["test_names"] == len(names)
    assert about["accuracy"]["test"] == pytest.approx((guesses == labels).mean(), abs=1e-3)
    of(page, "recurrent", "use(argument)", name)
    told = page.locator("#recurrent .two > .fine").inner_text()
    assert f"{about['accuracy']['test']:.0%}".replace("%", " %") in told
    assert f"{len(names)} test names" in told
    assert not {text for group in about["examples"] for text in group} & set(data.train.texts)


def test_each_letter_moves_the_point_and_the_sum_of_a_unit_is_shown(page, recurrent):
    name, model, _ = recurrent
    of(page, "recurrent", "use(argument)", name)
    page.locator("#recurrent input[type=text]").fill("Schweden")
    letters = page.locator("#recurrent .letters button")
    assert letters.all_inner_texts() == list("Schweden")
    letters.nth(2).focus()
    page.keyboard.press("Enter")
    assert state(page, "recurrent")["at"] == 3
    rnn = model.get_layer("rnn").cell
    kernel, recurrent_kernel, bias = map(np.asarray, rnn.get_weights())
    x = np.asarray(model.get_layer("embedding").embeddings)[encode(["Sch"], ALPHABET)[0, 2]]
    before = np.array(of(page, "recurrent", "read(argument, 'Schweden')", name)[2]["h"])
    terms = (x @ kernel[:, 1], before @ recurrent_kernel[:, 1], bias[1])
    page.select_option("#recurrent .inside select", "1")
    shown = shown_numbers(page.locator("#recurrent .inside .formula").inner_text())
    expected = [*terms, sum(terms), math.tanh(sum(terms))]
    np.testing.assert_allclose(shown, expected, atol=1e-4)
    bars = page.locator("#recurrent .bar span:last-child").all_inner_texts()
    probabilities = np.asarray(model(encode(["Sch"], ALPHABET), training=False))[0]
    np.testing.assert_allclose([shown_numbers(bar)[0] / 100 for bar in bars], probabilities, atol=6e-4)
    where = page.locator("#recurrent .state").evaluate("one => one.style.transform")
    plane = of(
        page, "recurrent", "project(argument, S5.stations.recurrent.test.read(argument, 'Sch')[3].h)", name
    )
    if name == "two":
        np.testing.assert_allclose(
            shown_numbers(where), [(plane[0] + 1.1) / 2.2 * 400, 400 - (plane[1] + 1.1) / 2.2 * 400], atol=0.1
        )


@pytest.mark.parametrize("text", ["Schweden", "Großbritannien"])
def test_no_languages_name_covers_a_letter_or_the_state(page, text):
    of(page, "recurrent", "use('many')")
    of(page, "recurrent", "setText(argument, null)", text)
    of(page, "recurrent", "go(5)")
    letters = page.locator("#recurrent .letter").filter(visible=True)
    assert "".join(letters.all_text_contents()) == text[:5]  # those to come are hidden
    of(page, "recurrent", f"go({len(text)})")

    def boxes(selector):
        find = "marks => marks.map((m) => m.getBBox()).map((b) => [b.x, b.y, b.width, b.height])"
        return np.array(page.locator(f"#recurrent {selector}").evaluate_all(find))

    names = boxes(".region")
    letters = boxes(".letter")
    letters[:, 3] *= 0.75  # above the descenders
    place = shown_numbers(page.locator("#recurrent .state").evaluate("one => one.style.transform"))
    state_box = [[place[0] - 10, place[1] - 10, 20, 20]]
    assert len(names) == 8
    for i, (x, y, width, height) in enumerate(names):
        for u, v, w, h in [*names[:i], *letters, *state_box]:
            assert x + width <= u + 2 or u + w <= x + 2 or y + height <= v + 6 or v + h <= y + 6
    called = page.locator("#recurrent .other.called")
    language = page.locator("#recurrent .bar.most span").first.text_content()
    about = stored("recurrent")[1]["networks"]["many"]
    assert called.count() == len(about["examples"][about["languages"].index(language)])


def test_the_address_holds_the_name_and_the_step(page):
    of(page, "recurrent", "use('many')")
    page.locator("#recurrent input[type=text]").fill("Nový Zéland, 50*2")
    of(page, "recurrent", "go(4)")
    before, saved = state(page, "recurrent"), page.evaluate("S5.params.get('recurrent')")
    of(page, "recurrent", "use('two')")
    of(page, "recurrent", "load(argument)", saved)
    assert state(page, "recurrent") == before


# ---- The transformer --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def transformer():
    tensors, fields = stored("dates")
    assert (fields["alphabet"], fields["target_alphabet"]) == (DATE_ALPHABET, ISO_ALPHABET)
    model = s5.build("transformer")
    assert model.count_params() == fields["parameters"] == 241_295
    return with_weights(model, tensors), fields


def test_dates_are_written_as_by_the_packages_greedy_decoding(page, transformer):
    model, fields = transformer
    texts = [*[text for _, text, _ in fields["examples"]], *DATES, "☃?", "12. März"]
    settings = {"begin_id": begin_id(ISO_ALPHABET), "end_id": end_id(ISO_ALPHABET), "length": 11}
    tokens, totals = translate(model, encode(texts, DATE_ALPHABET), **settings)
    answers = page.evaluate(
        """texts => texts.map((one) => {
          const { tokens, probabilities, text } = S5.stations.dates.test.translate(one);
          return { tokens, text, chosen: tokens.map((id, t) => probabilities[t][id]) };
        })""",
        texts,
    )
    for text, answer, row, total in zip(texts, answers, np.asarray(tokens), np.asarray(totals), strict=True):
        assert answer["tokens"] == row[row > 0].tolist(), text
        assert np.log(answer["chosen"]).sum() == pytest.approx(total, abs=1e-3)
    right = sum(
        answer["text"] == iso for answer, (_, _, iso) in zip(answers, fields["examples"], strict=False)
    )
    assert right >= 18, f"only {right} of 20"


def test_the_accuracy_of_the_dates_is_that_of_the_test_dates(page, transformer):
    model, fields = transformer
    test = s5.load_data("dates").test
    source, iso = encode(list(test.texts), DATE_ALPHABET), encode(list(test.targets), ISO_ALPHABET)
    ends = np.full((len(iso), 1), end_id(ISO_ALPHABET))
    begins = np.full((len(iso), 1), begin_id(ISO_ALPHABET))
    # Greedy decoding writes the right date just if each character is the likeliest after the right ones.
    logits = model.predict([source, np.hstack([begins, iso])], batch_size=500, verbose=0)
    right = (logits.argmax(-1) == np.hstack([iso, ends])).all(1)
    assert len(right) == 2000
    assert fields["accuracy"] == pytest.approx(right.mean(), abs=1e-3)
    told = page.locator("#dates .dates > .fine").inner_text()
    assert f"{100 * fields['accuracy']:.1f} % of 2,000 test dates" in told


def test_probabilities_and_every_attention_weight_are_those_of_keras(page, transformer):
    model, fields = transformer
    for text in ("Dienstag, 12. März 1957", fields["examples"][4][1]):
        answer = page.evaluate(
            """text => {
              const { tokens, probabilities, attention } = S5.stations.dates.test.translate(text);
              const weights = (heads) => heads.map(({ weights }) => [...weights]);
              const rows = (kind) => attention[kind].map(({ rows }) => rows.map(weights));
              return { tokens, probabilities: probabilities.map((p) => [...p]), cross: rows("cross"),
                encoder: rows("encoder"), decoder: rows("decoder") };
            }""",
            text,
        )
        source = encode([text], DATE_ALPHABET)
        target = np.array([[begin_id(ISO_ALPHABET), *answer["tokens"][:-1]]], "int32")
        expected = keras.ops.softmax(model([source, target], training=False))[0]
        np.testing.assert_allclose(answer["probabilities"], expected, atol=TOLERANCE)
        weights = attention_weights(model, [source, target])
        for block in (0, 1):
            for kind, layer in (("cross", "cross"), ("encoder", "attention"), ("decoder", "attention")):
                part = "encoder" if kind == "encoder" else "decoder"
                wanted = np.asarray(weights[f"{part}_block{block + 1}_{layer}"])[0].swapaxes(
                    0, 1
                )  # (Q, H, K)
                for i, heads in enumerate(answer[kind][block]):
                    for head, row in enumerate(heads):
                        np.testing.assert_allclose(row, wanted[i, head, : len(row)], atol=TOLERANCE)
                        assert abs(wanted[i, head, len(row) :]).max(initial=0) < 1e-6


def test_a_cell_shows_query_key_products_and_the_softmax(page, transformer):
    model, _ = transformer
    text = "12. März 2020"
    page.locator("#dates input[type=text]").fill(text)
    page.select_option("#dates select >> nth=2", label="1")
    page.select_option("#dates select >> nth=3", label="3")
    matrix = focus(page, "#dates .matrix")
    for key in ["ArrowUp"] * 11 + ["ArrowLeft"] * 13 + ["ArrowDown"] * 5 + ["ArrowRight"] * 4:
        page.keyboard.press(key)
    assert state(page, "dates")["cell"] == [5, 4]
    iso = state(page, "dates")["written"]
    source, target = (
        encode([text], DATE_ALPHABET),
        np.array([[begin_id(ISO_ALPHABET), *encode([iso], ISO_ALPHABET)[0]]]),
    )
    inputs = ["decoder_block1_attention_norm", "encoder_block2_mlp_norm"]
    outputs = layer_outputs(model, inputs)([source, target.astype("int32")], training=False)
    query = np.asarray(model.get_layer("decoder_block1_cross").query_dense(outputs[inputs[0]]))[0, 5, 2]
    keys = np.asarray(model.get_layer("decoder_block1_cross").key_dense(outputs[inputs[1]]))[0, :, 2]
    tables = page.locator("#dates .inside .cells")
    columns = len(query) + 1
    cells = tables.nth(0).locator("span").all_inner_texts()
    shown = [[shown_numbers(one)[0] for one in cells[r * columns + 1 : (r + 1) * columns]] for r in range(3)]
    np.testing.assert_allclose(shown, [query, keys[4], query * keys[4]], atol=6e-3)  # two digits are shown
    formulas = [shown_numbers(one) for one in page.locator("#dates .inside .formula").all_inner_texts()]
    assert formulas[0] == pytest.approx([query @ keys[4], 16, 4, query @ keys[4] / 4], abs=6e-4)
    exact = of(
        page, "dates", "explain(S5.stations.dates.test.translate(argument), 'cross', 0, 2, 5, 4)", text
    )
    np.testing.assert_allclose(exact["q"], query, atol=TOLERANCE)
    np.testing.assert_allclose(exact["k"], keys[4], atol=TOLERANCE)
    scores = keys @ query / 4
    np.testing.assert_allclose(exact["scores"], scores, atol=TOLERANCE * 3)
    e = np.exp(scores - scores.max())
    np.testing.assert_allclose(exact["weights"], e / e.sum(), atol=TOLERANCE)
    assert formulas[1][-1] == pytest.approx((e / e.sum())[4], abs=1.1e-4)
    assert f"weight {(e / e.sum())[4]:.3f}" in matrix.get_attribute("aria-label")


def test_the_date_is_written_character_by_character(page):
    page.locator("#dates input[type=text]").fill("March 12, 2020")
    section = page.locator("#dates")
    assert section.locator(".told b").inner_text() == "2020-03-12"
    section.get_by_role("button", name="Step ▶").click()  # from the end to the beginning
    assert section.locator(".told b").inner_text() == "2"
    for _ in range(4):
        section.get_by_role("button", name="Step ▶").click()
    assert section.locator(".told b").inner_text() == "2020-"
    assert section.locator(".matrix .side:not(.empty)").count() == 6  # a corner and five rows
    before, saved = state(page, "dates"), page.evaluate("S5.params.get('dates')")
    section.locator("input[type=text]").fill("1 May 1999")
    of(page, "dates", "load(argument)", saved)
    assert state(page, "dates") == before


def test_an_example_and_an_address_are_written_before_ones_eyes(page):
    section = page.locator("#dates")
    section.get_by_label("Example").select_option(label="English")
    assert state(page, "dates")["at"] == 1
    assert section.get_by_role("button", name="Pause").is_visible()
    page.wait_for_function("() => S5.stations.dates.state().at === 3")
    section.locator("input[type=text]").fill("1 May 1999")  # typing shows the whole at once
    assert section.locator(".told b").inner_text() == "1999-05-01"
    of(page, "dates", "go(4)")
    other = page.context.browser.new_page()
    other.goto(f"{PAGE.as_uri()}{page.evaluate('location.hash')}")
    assert state(other, "dates")["at"] < 4
    other.wait_for_function("() => S5.stations.dates.state().at === 4")
    other.locator("#dates").get_by_role("button", name="▶ Play").wait_for()  # it stops where the address says
    other.close()


def test_nothing_typed_is_no_error(page):
    page.locator("#dates input[type=text]").fill("")
    page.locator("#recurrent input[type=text]").fill("")
    assert page.locator("#dates .matrix > *").count() == 0
    page.locator("#dates input[type=text]").fill("March 12, 2020")


# ---- All of them ------------------------------------------------------------------------------------------


def test_a_station_promises_one_thing_in_one_sentence(page):
    for sentence in page.locator(".sentence").all_inner_texts():
        assert re.findall(r"[.;!?]", sentence) == ["."]
        assert len(sentence) < 160


def test_the_menu_keeps_the_state_in_the_address(page):
    of(page, "xor", "change(argument)", {"data": "circle", "units": 3, "activation": "tanh", "seed": 5})
    of(page, "xor", "train(30)")
    before, saved = state(page, "xor"), page.evaluate("S5.params.get('xor')")
    for title in ("A memory that moves", "A layer bends the plane"):
        page.get_by_role("navigation").get_by_role("link", name=title).click()
        assert page.evaluate("S5.params.get('xor')") == saved
    assert page.evaluate("location.hash").startswith("#xor?")
    assert page.evaluate("document.activeElement.id") == "xor"
    assert state(page, "xor") == before


def test_the_address_of_a_station_is_copied(page):
    of(page, "threshold", "setByHand([1, 1, -0.25])")
    section = page.locator("#xor")  # its state is in the address too
    section.get_by_role("button", name="Copy the address").click()
    section.locator("footer .copy", has_text=re.compile("Copied|Selected")).wait_for()
    address = section.locator("footer textarea").input_value()
    assert address.startswith(f"{PAGE.as_uri()}?all#xor?")
    other = page.context.browser.new_page()
    other.goto(address)
    assert state(other, "xor") == state(page, "xor")
    other.close()
    ids = page.locator("main > section", has=page.locator("footer .copy")).evaluate_all(
        "sections => sections.map((one) => one.id)"
    )
    assert ids == ["threshold", "xor", "recurrent", "dates"]


def test_learning_begins_anew_after_its_end(page):
    page.select_option("#threshold select", "and")
    while of(page, "threshold", "next()"):
        pass
    assert state(page, "threshold")["isDone"]
    page.locator("#threshold").get_by_role("button", name="One example").click()
    after = state(page, "threshold")
    assert not after["isDone"]
    assert (after["mistakes"], after["weights"]) == (
        1,
        [0, 0, -1],
    )  # the sum 0 fires, which (0, 0) should not


def test_a_point_says_where_it_is(page):
    page.select_option("#threshold select", "and")
    point = focus(page, "#threshold .place")
    page.keyboard.press("ArrowRight")
    assert point.get_attribute("aria-label") == "Point 1 at (0.05, 0.00), class 0"


def test_a_finger_finds_points_and_the_eye_reads_labels_on_a_telephone(page):
    page.select_option("#threshold select", "and")
    page.set_viewport_size({"width": 390, "height": 844})
    for target in page.locator("#threshold .touch").all():
        assert target.bounding_box()["width"] >= 24
    sizes = page.locator(".plane text").evaluate_all("""texts => texts.map((one) => {
      const { a, b } = one.getScreenCTM();
      return Math.hypot(a, b) * parseFloat(getComputedStyle(one).fontSize);
    })""")
    assert min(sizes) >= 10.5
    page.locator("#dates input[type=text]").fill("Donnerstag, 12. September 2020")
    names = page.locator("#dates .many .row-name")
    box = page.locator("#dates .scroll", has=page.locator(".many"))
    box.evaluate("one => (one.scrollLeft = 400)")
    left = box.bounding_box()["x"]
    assert names.all_inner_texts() == ["", "score", "weight"]
    assert all(abs(name.bounding_box()["x"] - left) < 3 for name in names.all())
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_telephone(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def test_without_motion_the_results_come_at_once(page):
    page.emulate_media(reduced_motion="reduce")
    try:
        of(page, "xor", "change(argument)", {"data": "xor", "units": 2, "activation": "tanh", "seed": 1})
        page.locator("#xor button.primary").click()
        assert state(page, "xor")["steps"] == 500
        page.select_option("#threshold select", "and")
        page.locator("#threshold").get_by_role("button", name="▶ Learn").click()
        assert state(page, "threshold")["isDone"]
    finally:
        page.emulate_media(reduced_motion="no-preference")
