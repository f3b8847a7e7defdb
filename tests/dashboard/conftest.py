"""Set-up that the tests of training share."""

from dataclasses import replace

import pytest

from keras_session5.catalog import NETWORKS
from keras_session5.data import load_data
from keras_session5.tasks import task_of
from keras_session5.training import fit
from keras_session5.training.runs import Run


@pytest.fixture(scope="session")
def compiled():
    """Name of a network -> the network, untrained, its task with few examples, and a recipe of one epoch."""

    def compiled(name):
        entry = NETWORKS[name]
        data = load_data(entry.data)
        few = {
            part: replace(split, **{key: column[:24] for key, column in vars(split).items()})
            for part, split in (("train", data.train), ("test", data.test))
        }
        task = task_of(entry, replace(data, **few))
        recipe = replace(entry.recipe, epochs=1)
        model = fit.compiled_model(entry, entry.arguments, recipe, task, seed=0, jit_compile=False)
        return model, task, recipe

    return compiled


@pytest.fixture
def in_the_way(monkeypatch):
    """Call it with a name: in every new run lies a file where a folder of that name should be."""
    create = Run.create

    def put(name):
        def created(*arguments):
            made = create(*arguments)
            (made.directory / name).write_text("no folder")
            return made

        monkeypatch.setattr(Run, "create", created)

    return put
