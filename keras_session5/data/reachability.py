"""A quick check whether a public data set can be downloaded."""

import http.client
import queue
import threading
import urllib.error
import urllib.request

from keras_session5.data.registry import DATA_SETS
from keras_session5.errors import DataError

_TIMEOUT_S = 2.5  # including the start of Python and TFDS, the check takes less than five


def check_reachable(name: str, url: str) -> None:
    """Raises `DataError` within 2.5 seconds unless `url`, a file of the data set `name`, can be downloaded.

    TFDS alone tries for minutes before it fails.
    """
    reason = _find_obstacle(url, _TIMEOUT_S)
    if reason is None:
        return
    offline = ", ".join(other for other, entry in DATA_SETS.items() if not entry.needs_network)
    idx_files = "its IDX files (train-images-idx3-ubyte.gz, ...) or " if DATA_SETS[name].idx else ""
    raise DataError(
        f"{name} must be downloaded from the internet, which cannot be reached ({reason}). "
        f"These data sets need no internet: {offline}. "
        f"Or pass a folder that contains {idx_files}a copy prepared by TFDS: --data-dir DIR or `data_dir`. "
        f"On Debian, `apt-get install dataset-fashion-mnist` "
        f"installs Fashion-MNIST in /usr/share/datasets/fashion-mnist."
    )


def _find_obstacle(url: str, timeout_s: float) -> str | None:
    # Python's timeouts do not limit the look-up of a host name, hence the thread; as a daemon it does not
    # keep the process alive.
    results: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=lambda: results.put(_request(url, timeout_s)), daemon=True).start()
    try:
        return results.get(timeout=timeout_s)
    except queue.Empty:
        return f"no response within {timeout_s:g} seconds"


def _request(url: str, timeout_s: float) -> str | None:
    """Returns None if the server has the file, else the error. Uses the proxy settings."""
    request = urllib.request.Request(url, method="HEAD")
    try:
        # A new opener: the shared one would keep the proxy settings of its first use.
        with urllib.request.build_opener().open(request, timeout=timeout_s):
            return None
    except urllib.error.HTTPError as error:
        return str(error)
    except urllib.error.URLError as error:  # str(error) wraps the reason in "<urlopen error ...>"
        return str(error.reason)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
