"""`python -m keras_session5` is `session5`."""

from keras_session5.cli import main

main()
