"""What the tests of the data sets share."""

import pytest


@pytest.fixture(scope="session")
def data_dir(data_folder):
    """Where all tests have their data sets, so that each is prepared once."""
    return data_folder
