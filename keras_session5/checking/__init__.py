"""The checks of `session5 check`: will a model, a network, a configuration, a server or this machine work?

A check is a generator function that yields a `Finding` for each fault. `model.py` checks SavedModels without
loading them, `measuring.py` loads one and calls it, `network.py` takes a network of the catalogue through
every step, `config.py` reads a model server's configuration without TensorFlow, `server.py` compares a
running server with the files on the disk, and `machine.py` looks at this machine. `operations.py` knows
TensorFlow's versions; `make_operations.py` writes its data.
"""
