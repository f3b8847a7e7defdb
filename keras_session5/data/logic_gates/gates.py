"""The sixteen Boolean functions of two inputs."""

ROWS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""The inputs (a, b) in the order of the rows of all truth tables."""

GATES: dict[str, tuple[int, int, int, int]] = {
    "false": (0, 0, 0, 0),
    "and": (0, 0, 0, 1),
    "a_and_not_b": (0, 0, 1, 0),
    "a": (0, 0, 1, 1),
    "b_and_not_a": (0, 1, 0, 0),
    "b": (0, 1, 0, 1),
    "xor": (0, 1, 1, 0),
    "or": (0, 1, 1, 1),
    "nor": (1, 0, 0, 0),
    "xnor": (1, 0, 0, 1),
    "not_b": (1, 0, 1, 0),
    "b_implies_a": (1, 0, 1, 1),
    "not_a": (1, 1, 0, 0),
    "a_implies_b": (1, 1, 0, 1),
    "nand": (1, 1, 1, 0),
    "true": (1, 1, 1, 1),
}
"""A gate's name -> its output for each of `ROWS`."""
