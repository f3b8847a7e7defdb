"""Finds the versions of a model under its base path."""

import os
import re

_INTEGER = re.compile(r"-?[0-9]+")
_INT64 = range(-(2**63), 2**63)


def find_versions(base_path: str) -> dict[int, str]:
    """Returns the path of each version: every entry whose whole name is an integer.

    If two names stand for one number (`7` and `007`), the later in alphabetical order counts.

    Raises:
        OSError: there is no such folder, or it cannot be read.
    """
    numbered = [name for name in sorted(os.listdir(base_path)) if _INTEGER.fullmatch(name)]
    return {int(name): os.path.join(base_path, name) for name in numbered if int(name) in _INT64}
