"""A data folder shared by the tests of the data sets, so that each is prepared once."""

import pytest


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("tensorflow_datasets")
