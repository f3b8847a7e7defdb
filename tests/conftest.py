"""Shared set-up of the tests."""

import os

# Quiet, and the same on a machine with a GPU; before TensorFlow is imported anywhere.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
