"""`session5 dashboard`: what it refuses, and what every tab of TensorBoard shows in a browser."""

import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import typer

import keras_session5 as s5
from keras_session5.cli import dashboard
from keras_session5.errors import ArgumentError

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"


def command(*arguments):
    return [sys.executable, "-m", "keras_session5", "dashboard", *map(str, arguments)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_port_that_is_taken_is_a_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = subprocess.run(
            command("--runs", tmp_path, "--port", port), capture_output=True, text=True, timeout=120
        )
    assert (found.returncode, found.stdout) == (2, "")
    assert f"Received: 127.0.0.1:{port}: Address already in use" in found.stderr
    assert f"such as {port + 1}" in found.stderr
    assert "Traceback" not in found.stderr


def test_an_address_that_does_not_exist_is_a_sentence(tmp_path):
    found = subprocess.run(
        command("--runs", tmp_path, "--host", "no.such.host.invalid"), capture_output=True, text=True
    )
    assert found.returncode == 2
    assert "`host` and `port` must be an address that is free" in found.stderr


def test_runs_that_are_no_folder_are_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    for wrong in ("absent", "file"):
        with pytest.raises(ArgumentError, match=rf"`--runs` must be a directory.*`session5 train.*{wrong}"):
            dashboard.dashboard(runs=tmp_path / wrong)


def test_the_folder_of_a_run_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ArgumentError, match=r"`NAME` must be a network or the folder of a run.*absent: no"):
        dashboard.dashboard(str(tmp_path / "runs" / "absent"), runs=tmp_path / "runs")


def test_a_network_that_does_not_exist_is_a_sentence(tmp_path):
    with pytest.raises(ArgumentError, match="Did you mean lenet5"):
        dashboard.dashboard("lenet", runs=tmp_path)


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """What TensorBoard would show: run by link, of a call of `dashboard` on runs made of names."""
    runs = tmp_path / "runs"
    monkeypatch.setattr(dashboard, "free_address", lambda *_: None)

    def open_on(*names, **options):
        for name in names:
            (runs / name).mkdir(parents=True)
            (runs / name / "run.json").write_text("{}")
            (runs / name / "events.out.tfevents.1").write_text("")
        found = {}

        def look(command):
            folder = command[command.index("--logdir") + 1]
            for path, _, files in os.walk(folder, followlinks=True):
                if any(file.startswith("events.") for file in files):
                    found[os.path.relpath(path, folder)] = Path(path).resolve()
            return 0

        monkeypatch.setattr(dashboard, "run_child", look)
        with pytest.raises(typer.Exit):
            dashboard.dashboard(options.pop("name", None), runs=runs, **options)
        assert all(path.is_relative_to(runs) for path in found.values())
        return sorted(found)

    open_on.runs = runs
    return open_on


RUNS = (
    *("lenet5/20261122-120000", "lenet5/20261122-120000-2", "lenet5/20261122-120000-10"),
    *("lenet5/20251231-235959", "mlp/20261101-000000", "mlp/20261102-000000"),
)


def test_the_newest_run_of_each_network_is_shown(shown):
    assert shown(*RUNS) == ["lenet5/20261122-120000-10", "mlp/20261102-000000"]


def test_with_a_name_the_newest_run_of_that_network_is_shown(shown):
    assert shown(*RUNS, name="mlp") == ["mlp/20261102-000000"]


def test_all_runs_are_opened_where_all_are_wanted(shown):
    assert shown(*RUNS, every=True) == sorted(RUNS)
    assert shown(name="mlp", every=True) == ["20261101-000000", "20261102-000000"]


def test_a_run_with_nothing_to_show_hides_no_other(shown):
    empty = shown.runs / "mlp" / "20261231-000000"
    empty.mkdir(parents=True)
    (empty / "run.json").write_text("{}")
    assert shown(*RUNS, name="mlp") == ["mlp/20261102-000000"]


def test_a_run_that_begins_takes_the_place_of_the_one_before(shown):
    shown(*RUNS)
    with dashboard._link_newest(shown.runs, None) as folder:
        shown("mlp/20261201-000000")
        dashboard._update_links(shown.runs, None, folder)
        assert [link.name for link in (folder / "mlp").iterdir()] == ["20261201-000000"]
        assert [link.name for link in (folder / "lenet5").iterdir()] == ["20261122-120000-10"]
    assert not folder.exists()


def test_the_folder_of_a_dashboard_callback_is_a_run(shown, tmp_path, monkeypatch):
    for part in ("", "train", "validation"):
        (shown.runs / "flowers" / part).mkdir(parents=True, exist_ok=True)
        (shown.runs / "flowers" / part / "events.out.tfevents.1").write_text("")
    parts = ["flowers", "flowers/train", "flowers/validation"]
    assert shown(*RUNS) == [*parts, "lenet5/20261122-120000-10", "mlp/20261102-000000"]
    assert shown(name="flowers") == parts
    monkeypatch.chdir(tmp_path)
    assert shown(name="runs/flowers") == parts
    assert shown(name=str(shown.runs / "flowers")) == parts
    assert shown(name="runs/mlp") == ["mlp/20261102-000000"]


def test_without_a_run_it_waits_for_one(tmp_path, monkeypatch, capsys):
    commands = []
    monkeypatch.setattr(dashboard, "run_child", lambda command: commands.append(command) or 0)
    run = tmp_path / "lenet5" / "20261122-120000"
    run.mkdir(parents=True)
    for told in (True, False):
        with pytest.raises(typer.Exit):
            dashboard.dashboard(runs=tmp_path, port=free_port())
        assert commands.pop()[3] == "--logdir"
        assert ("There is no run yet" in capsys.readouterr().err) == told
        (run / "events.out.tfevents.1").write_text("")


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """The address of `session5 dashboard` on four runs of three networks, and their names."""
    if not shutil.which("chromium"):
        pytest.skip("there is no Chromium here: apt-get install chromium")
    pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    runs, port = tmp_path_factory.mktemp("runs"), free_port()
    quick = {"examples": 256, "epochs": 2, "runs_dir": runs, "verbose": 0}
    results = [s5.train("lenet5", learning_rate=rate, **quick) for rate in (3e-3, 6e-3)]
    results += [s5.train("mlp_xor", repeats=50, epochs=3, runs_dir=runs, verbose=0)]
    names = [f"{result.name}/{result.run_dir.name}" for result in results]
    process = subprocess.Popen(
        command("--all", "--runs", runs, "--port", port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(lambda: len(_json(f"{address}/data/runs")) == 6)  # each with its part `train`
        yield address, names
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def page(board):
    """A page of a headless browser, and what it asked of other machines."""
    from playwright.sync_api import sync_playwright

    address, _ = board
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    # The projector draws by WebGL, which a machine without a graphics card has to be told to compute.
    flags = [
        "--no-sandbox",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        "--ignore-gpu-blocklist",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        elsewhere, errors = [], []
        page.on("request", lambda request: elsewhere.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        yield page
        browser.close()
    assert not [url for url in elsewhere if not url.startswith((address, "data:", "blob:"))]
    assert not errors


def _json(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


def _wait(is_there, seconds=60):
    for _ in range(seconds * 5):
        try:
            if is_there():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise AssertionError("it did not come in time")


def opened(page, board, tab, sign, **options):
    """Opens a tab and waits for a sign that it shows something; gives all places that bear the sign."""
    page.goto(f"{board[0]}/?{tab}#{tab}")
    found = page.locator(sign, **options)
    found.first.wait_for(timeout=60_000)
    page.wait_for_timeout(1_500)  # what follows, and what moves into its place
    page.screenshot(path=SCREENSHOTS / f"tensorboard_{tab}.png")
    return found


def expect_text(place, text):
    from playwright.sync_api import expect

    expect(place).to_have_text(re.compile(rf"\s*{re.escape(text)}\s*"), timeout=60_000)


def texts(places):
    return [" ".join(text.split()) for text in places.all_inner_texts()]


@pytest.mark.browser
def test_the_time_series_show_scalars_histograms_and_images(page, board):
    cards = opened(page, board, "timeseries", "card-view")
    assert any(name in text for text in texts(cards) for name in ("activations", "weights"))
    tabs = {text.upper() for text in texts(page.locator("plugin-selector [role=tab]"))}
    expected = {"SCALARS", "IMAGES", "GRAPHS", "DISTRIBUTIONS", "HISTOGRAMS", "TEXT", "HPARAMS", "PROJECTOR"}
    assert {"TIME SERIES", *expected} <= tabs


@pytest.mark.browser
def test_the_scalars_are_curves(page, board):
    opened(page, board, "scalars", "tf-scalar-card path")
    headings = texts(page.locator("tf-category-paginated-view .heading"))
    for tag in (
        "epoch_accuracy",
        "epoch_loss",
        "examples_per_second",
        "gradient_norm",
        "learning_rate",
        "test",
    ):
        assert any(heading.startswith(tag) for heading in headings), tag


@pytest.mark.browser
def test_the_images_are_drawn(page, board):
    images = opened(page, board, "images", "tf-image-loader img")
    sizes = images.evaluate_all("images => images.map(image => image.naturalWidth)")
    assert len(sizes) >= 4
    assert min(sizes) > 100
    headings = texts(page.locator("tf-category-paginated-view .heading"))
    for tag in ("confusion matrix", "decision surface", "feature maps", "filters", "worst mistakes"):
        assert any(heading.startswith(tag) for heading in headings), tag


@pytest.mark.browser
def test_the_graph_has_a_node_for_each_layer(page, board):
    nodes = opened(page, board, "graphs", "g.node")
    names = set(nodes.evaluate_all("nodes => nodes.map(node => node.getAttribute('data-name'))"))
    assert names == {"image", "scale", "c1", "s2", "c3", "s4", "c5", "flatten", "f6", "probabilities"}
    assert page.locator("g.edges g.edge").count() == len(names) - 1


@pytest.mark.browser
@pytest.mark.parametrize(
    ("tab", "sign"),
    [("distributions", "vz-distribution-chart path"), ("histograms", "vz-histogram-timeseries path")],
)
def test_weights_activations_and_gradients_are_drawn(tab, sign, page, board):
    assert opened(page, board, tab, sign).count() > 20
    headings = texts(page.locator("tf-category-paginated-view .heading"))
    for kind in ("activations", "gradients", "weights"):
        assert any(heading.startswith(kind) for heading in headings), kind


@pytest.mark.browser
def test_the_projector_shows_the_test_split(page, board):
    page.goto(f"{board[0]}/?projector#projector")
    frame = page.frame_locator("iframe").frame_locator("iframe")  # a page in the plugin's page
    # The numbers are elements of their own, which come later than the words before them.
    points, dimensions = (frame.get_by_text(word).first for word in ("Points:", "Dimension:"))
    points.wait_for(timeout=60_000)
    expect_text(points, "Points: 899")
    expect_text(dimensions, "Dimension: 84")
    expect_text(frame.get_by_text("runs found").first, "3 runs found")
    page.wait_for_timeout(3_000)  # until the points have found their places
    page.screenshot(path=SCREENSHOTS / "tensorboard_projector.png")


@pytest.mark.browser
def test_the_recipe_is_a_table(page, board):
    cells = texts(opened(page, board, "text", "tf-markdown-view td"))
    for name, value in (("network", "lenet5"), ("learning_rate", "0.003"), ("learning_rate", "0.006")):
        assert (name, value) in itertools.pairwise(cells)


@pytest.mark.browser
def test_the_hyperparameters_compare_the_runs(page, board):
    cells = texts(opened(page, board, "hparams", "vaadin-grid-cell-content"))
    for name in board[1]:
        assert any(name.startswith(cell.rstrip(".…")) for cell in cells if len(cell) > 5), name
    assert {"lenet5", "mlp_xor", "digits", "logic_gates/xor"} <= set(cells)
