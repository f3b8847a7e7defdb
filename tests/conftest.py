"""Shared set-up of the tests."""

import contextlib
import functools
import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

# Before TensorFlow is imported anywhere: the same on a machine with a GPU, and quiet.
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Other workers have the other cores: threads that compete for them cost a quarter of the processor time.
    os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}

import pytest
from filelock import FileLock

# A shell's background jobs ignore Ctrl-C, and so would every program that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The shortest training that still goes through everything: what is compared is not how good it is.
SHORT = {"epochs": 1, "repeats": 1, "examples": 256, "dashboard": False}
# One block of these, where `transformer_encoder` shows the same with two.
SMALLER = {
    name: {"num_layers": 1} for name in ("transformer", "gpt", "masked_language_model", "text_to_text", "vit")
}

# Files that take minutes come first, so that two processes end at about the same time. The lessons train
# networks of their own while the harness trains those that the files after them share.
LONGEST = [
    "test_harness.py",
    "lessons/test_lessons.py",
    "cli/test_cli.py",
    "cli/test_dashboard_verb.py",
    "training/test_train.py",
    "playground/test_browser.py",
    "server/test_sturdy.py",
    "training/test_tasks.py",
    "cli/test_explain_verb.py",
    "exporting/test_export.py",
]

# What `make check` leaves out as well: files that train, export, build large networks, or start programs or
# servers. A single test of another file is marked `slow` where it stands.
SLOW = {
    *LONGEST,
    "benchmarks/test_learning_curves.py",
    "benchmarks/test_ngrams.py",
    "benchmarks/test_serving.py",
    "benchmarks/test_training.py",
    "checking/test_check_model.py",
    "checking/test_check_network.py",
    "checking/test_check_server.py",
    "cli/test_compare_verb.py",
    "cli/test_example.py",
    "cli/test_import_verb.py",
    "cli/test_models_of_others.py",
    "cli/test_own_models.py",
    "cli/test_workers.py",
    "comparison/test_classical.py",
    "comparison/test_compare.py",
    "dashboard/test_dashboard.py",
    "dashboard/test_dashboard_parts.py",
    "dashboard/test_own_models.py",
    "dashboard/test_profile.py",
    "data/test_dates.py",
    "data/test_load_data.py",
    "data/test_place_names.py",
    "data/test_preparation.py",
    "data/test_public_data_sets.py",
    "data/test_text_tasks.py",
    "data/test_waves.py",
    "exporting/test_explanations.py",
    "exporting/test_framing.py",
    "exporting/test_own.py",
    "exporting/test_replaced.py",
    "models/test_decoding.py",
    "models/test_introspection.py",
    "models/test_lenet5_1998.py",
    "models/test_photo_perceptron.py",
    "models/test_simple_rnn_waves.py",
    "models/test_transformers.py",
    "playground/test_page.py",
    "playground/test_verb.py",
    "server/test_health.py",
    "server/test_inference.py",
    "server/test_lite_model.py",
    "server/test_main.py",
    "server/test_openapi.py",
    "server/test_reload.py",
    "server/test_repository.py",
    "server/test_server.py",
    "server/test_tf1_models.py",
    "server/test_transports.py",
    "test_imports.py",
    "test_without_tensorflow.py",
    "training/test_distributed.py",
    "training/test_execution.py",
    "training/test_gpu.py",
    "training/test_rosenblatt.py",
    "training/test_texts.py",
}


def pytest_collection_modifyitems(items):
    """Puts the longest files first, and marks the slow ones."""
    place = {Path(__file__).parent / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(LONGEST)))
    slow = {Path(__file__).parent / name for name in SLOW}
    for item in items:
        if item.path in slow:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Name and maker -> a folder that the first process of the test run to need it has filled.

    The processes of one run share it: nobody may change what is in it.
    """
    mine = tmp_path_factory.getbasetemp()
    shared = (mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine) / "shared"

    def once(name: str, fill: Callable[[Path], object]) -> Path:
        folder, filled = shared / name, shared / f"{name}.filled"
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(shared / f"{name}.lock"):
            if not filled.exists():
                shutil.rmtree(folder, ignore_errors=True)  # what somebody began who failed
                folder.mkdir()
                fill(folder)
                filled.touch()
        return folder

    return once


@pytest.fixture(scope="session", autouse=True)
def caches(once):
    """No test reads or writes the user's caches. The processes of one run share the programs of JAX."""
    os.environ["XDG_CACHE_HOME"] = str(once("caches", lambda folder: None))


@pytest.fixture(scope="session", autouse=True)
def data_folder(once):
    """Data sets are prepared once in every test run and read once by every process; none is the user's."""
    from keras_session5.data import prepared

    folder = once("tfds", lambda folder: None)
    os.environ["TFDS_DATA_DIR"] = str(folder)
    read, known = prepared._read, {}

    @functools.wraps(read)
    def read_once(name, builder):
        if not builder.data_path.is_relative_to(folder):
            return read(name, builder)
        if builder.data_path not in known:
            known[builder.data_path] = examples = read(name, builder)
            for columns in examples.values():
                for column in columns.values():
                    column.flags.writeable = False
        return known[builder.data_path]

    prepared._read = read_once
    yield folder
    prepared._read = read


@pytest.fixture(scope="session")
def trained(once):
    """Name of a network -> a run of a single short epoch, or of none where the weights are set by hand.

    Nobody may change the network or the record.
    """
    import keras_session5 as s5
    from keras_session5.catalog import NETWORKS
    from keras_session5.training import load_result

    @functools.cache
    def trained(name):
        def train(runs_dir):
            if NETWORKS[name].recipe:
                s5.train(name, seed=0, runs_dir=runs_dir, verbose=0, **SHORT, **SMALLER.get(name, {}))
            else:
                load_result(name, runs_dir=runs_dir)

        (run_dir,) = (once(f"runs-{name}", train) / name).iterdir()
        return load_result(name, run_dir=run_dir)

    return trained


@pytest.fixture(scope="session")
def exported(once, trained):
    """Name of a network -> the version that its short run was exported as."""
    import keras

    import keras_session5 as s5

    def exported(name):
        if keras.backend.backend() != "tensorflow":
            pytest.skip("networks are exported under TensorFlow")
        return once(f"exported-{name}", lambda folder: s5.export(trained(name), folder)) / name / "1"

    return exported


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium. One for each file: its event loop must be gone when another file uses one."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium is installed (Debian: chromium)")
    with playwright.sync_playwright() as started:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium has none for root
        browser = started.chromium.launch(executable_path=chromium, args=sandbox)
        yield browser
        browser.close()


@pytest.fixture
def files_of_at_most():
    """A context in which the system refuses to write a file beyond so many bytes, as on a full disk."""

    @contextlib.contextmanager
    def limited(size):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited
