"""Twelve hostile clients against the model server, and a small valid request beside them.

Each row is a kind of body and its size. Twelve connections send it repeatedly for some seconds, while one
client requests predictions with a body of 20 bytes. The slowest of these requests may take 100 ms plus the
time in which one core reads the twelve bodies at 100 MB/s. Linux only.

    python benchmarks/hostile.py [--seconds 5] [--mib 0.0625 --mib 4]
"""

import argparse
import http.client
import multiprocessing
import socket
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.queues import SimpleQueue
from pathlib import Path

CLIENTS = 12
BASE_S, BYTES_PER_S = 0.1, 100e6
MIB = 2**20
SIZES_MIB = (1 / 16, 1, 4, 60, 600)
SMALL = b'{"instances":[[1.0]]}'
PATH = "/v1/models/half:predict"


def _make_body(start: bytes, piece: bytes, end: bytes) -> Callable[[int], bytes]:
    return lambda size: start + piece * ((size - len(start) - len(end)) // len(piece)) + end


BODIES: dict[str, Callable[[int], bytes]] = {
    "unfinished": _make_body(b'{"instances":[', b"[0,1],  ", b""),
    "unfinished, with NaN": _make_body(b'{"instances":[[NaN,1],', b"[0,1],  ", b""),
    "last row too short": _make_body(b'{"instances":[', b"[0,1],", b"[0]]}"),
    "text for numbers": _make_body(b'{"instances":[', b'"abc",', b'""]}'),
    "objects": _make_body(b'{"instances":[', b'{"x":0},', b'{"y":0}]}'),
    "open brackets": _make_body(b"", b"[", b""),
    "numbers": _make_body(b'{"instances":[', b"[0.5],", b"[0.5]]}"),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="for each row")
    parser.add_argument("--mib", type=float, action="append", help="size of the bodies; may be repeated")
    parser.add_argument("--body", choices=BODIES, action="append", help="kind of body; may be repeated")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _save_model(Path(folder, "half/1"))
        port = _find_free_port()
        command = ["session5-model-server", "--port=0", f"--grpc_socket_path={folder}/grpc"]
        command += [f"--rest_api_port={port}", "--model_name=half", f"--model_base_path={folder}/half"]
        columns = "small request, median, ms | slowest, ms | allowed, ms | peak memory, MiB"
        print(f"| body | MiB | responses | {columns} |")
        print("|---|---|---|---|---|---|---|")
        for kind in options.body or BODIES:
            for mib in options.mib or SIZES_MIB:
                server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    while not _is_ready(port):
                        time.sleep(0.1)
                    _measure_row(server.pid, port, kind, mib, options.seconds)
                finally:
                    server.kill()
                    server.wait()


def _measure_row(server: int, port: int, kind: str, mib: float, seconds: float) -> None:
    processes = multiprocessing.get_context("spawn")  # a fork would lose TensorFlow's threads
    responses = processes.SimpleQueue()
    ends = time.time() + seconds
    hostile = processes.Process(target=_attack, args=(port, kind, int(mib * MIB), ends, responses))
    hostile.start()
    latencies, connection = [], http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    while hostile.is_alive() or not latencies:
        began = time.perf_counter()
        connection.request("POST", PATH, SMALL)
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise SystemExit(f"The small request failed with {response.status}: {text.decode()}")
        latencies.append(time.perf_counter() - began)
        time.sleep(0.02)
    hostile.join()
    counts = ", ".join(f"{count} x {status}" for status, count in sorted(responses.get().items()))
    allowed = BASE_S + CLIENTS * mib * MIB / BYTES_PER_S
    times = f"{statistics.median(latencies) * 1e3:.1f} | {max(latencies) * 1e3:.0f} | {allowed * 1e3:.0f}"
    print(f"| {kind} | {mib:g} | {counts} | {times} | {_read_peak_mib(server):.0f} |", flush=True)


def _attack(port: int, kind: str, size: int, ends: float, responses: SimpleQueue) -> None:
    """Sends a body over twelve connections, one thread each, until the time is over."""
    from threading import Thread

    body, found = BODIES[kind](size), Counter()

    def send() -> None:
        while time.time() < ends:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                connection.request("POST", PATH, body)
                found[str(connection.getresponse().status)] += 1
            except OSError as error:  # refused before the whole body was sent
                found[type(error).__name__] += 1
            connection.close()

    threads = [Thread(target=send) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    responses.put(found)


def _read_peak_mib(process: int) -> float:
    """Returns the peak memory of a process."""
    status = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def _save_model(path: Path) -> None:
    import tensorflow as tf

    class Half(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 1], tf.float32, name="x")])
        def half(self, x):
            return {"y": 0.5 * x}

    module = Half()
    tf.saved_model.save(module, str(path), signatures=module.half)


def _find_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _is_ready(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("POST", PATH, SMALL)
        return connection.getresponse().status == 200
    except OSError:
        return False


if __name__ == "__main__":
    main()
