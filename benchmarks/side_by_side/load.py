"""Load generation and its results: wrk for REST and h2load for gRPC, with one thread each."""

import http.client
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import grpc
import numpy as np

PREDICT = "/tensorflow.serving.PredictionService/Predict"
LUA = Path(__file__).with_name("post.lua")
TOLERANCE = 1e-4
FRAME_BYTES = 5  # before each gRPC message


@dataclass(frozen=True)
class Point:
    """One point to measure: a protocol, a number of connections and of images per request."""

    protocol: Literal["REST", "gRPC"]
    connections: int
    images: int = 1

    def __str__(self) -> str:
        images = "" if self.images == 1 else f", {self.images} images"
        return f"{self.protocol}, {self.connections} connection{'s' * (self.connections > 1)}{images}"


POINTS = (
    *(Point("REST", connections) for connections in (1, 8, 64)),
    Point("REST", 8, images=32),
    *(Point("gRPC", connections) for connections in (1, 8, 64)),
)


@dataclass(frozen=True)
class Measured:
    """Requests per second, and latencies in milliseconds."""

    per_second: float
    p50_ms: float
    p99_ms: float


class LoadError(Exception):
    """Requests or the load generator failed."""


def numbers(reply: Any) -> np.ndarray:
    """Returns the probabilities of any server's JSON reply, in one row."""
    if isinstance(reply, dict) and "outputs" in reply:  # V2
        reply = reply["outputs"][0]["data"]
    elif isinstance(reply, dict):
        reply = reply["predictions"]
    return np.ravel(np.array(reply, np.float64))


def rest_is_right(url: str, body: bytes, expected: np.ndarray) -> bool:
    """Posts once and returns whether the reply has the expected probabilities; False if no server listens."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("POST", parts.path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        reply = response.read()
        return response.status == 200 and _alike(numbers(json.loads(reply)), expected)
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def grpc_reply(port: int, message: bytes) -> bytes | None:
    """Calls Predict once with a serialized request; returns the serialized reply, or None after an error."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            return channel.unary_unary(PREDICT)(message, timeout=5)
        except grpc.RpcError:
            return None


def grpc_is_right(port: int, message: bytes, expected: np.ndarray) -> bool:
    """Returns whether the reply contains the expected float32 values, in either encoding of a tensor."""
    reply, size = grpc_reply(port, message) or b"", 4 * expected.size
    starts = range(len(reply) - size + 1)
    return any(_alike(np.frombuffer(reply[at : at + size], "<f4"), expected) for at in starts)


def _alike(received: np.ndarray, expected: np.ndarray) -> bool:
    return received.size == expected.size and np.allclose(received, expected.ravel(), atol=TOLERANCE)


def measure_rest(url: str, body: Path, connections: int, seconds: float) -> Measured:
    """Runs wrk; every reply must have status 200."""
    size = ["-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout=10s"]
    output = _run(["wrk", *size, "--latency", "-s", str(LUA), url, "--", str(body)], seconds)
    return parse_wrk(output)


def parse_wrk(output: str) -> Measured:
    """Reads the line that post.lua prints."""
    found = re.search(r"^RESULT (.*)$", output, re.MULTILINE)
    if not found:
        raise LoadError(f"wrk: {output.strip()[-200:]}")
    result = json.loads(found[1])
    if not result["requests"]:
        raise LoadError("no request finished in that time")
    if result["failed"]:
        raise LoadError(f"{result['failed']} of {result['requests']} requests failed")
    return Measured(result["requests"] / result["seconds"], result["p50_ms"], result["p99_ms"])


def measure_grpc(port: int, frame: Path, connections: int, seconds: float) -> Measured:
    """Runs h2load with a framed request; every reply must be as long as a correct one.

    h2load sees only HTTP statuses. A failed call also has status 200, but contains no message.
    """
    reply = grpc_reply(port, frame.read_bytes()[FRAME_BYTES:])
    if reply is None:
        raise LoadError("a call over gRPC failed before the measurement")
    headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
    size = ["-t1", f"-c{connections}", "-m1", f"-D{seconds:.0f}"]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        url = f"http://127.0.0.1:{port}{PREDICT}"
        command = ["h2load", *size, *headers, "-d", str(frame), f"--log-file={log}", url]
        output = _run(command, seconds)
        return parse_h2load(output, log.read_text(), seconds, (len(reply) + FRAME_BYTES, connections))


def parse_h2load(output: str, log: str, seconds: float, expected: tuple[int, int]) -> Measured:
    """Reads h2load's summary, and the latencies (microseconds, third column) of its log.

    Args:
        expected: bytes of a reply, and the allowed difference in the number of replies: one per connection,
            because the last replies are cut off.
    """
    done = re.search(r"^requests: .* (\d+) succeeded, (\d+) failed", output, re.MULTILINE)
    data = re.search(r"\((\d+)\) data$", output, re.MULTILINE)
    rows = [line.split("\t") for line in log.splitlines()]
    latencies = np.array([int(latency) for _, status, latency in rows if status == "200"])
    if not done or not data or not latencies.size:
        raise LoadError(f"h2load: {output.strip()[-200:]}")
    requests, failed, (reply_bytes, cut_off) = int(done[1]), int(done[2]), expected
    with_message = int(data[1]) / reply_bytes
    if failed or abs(with_message - requests) > cut_off:
        raise LoadError(f"{failed} of {requests} requests failed; {with_message:.0f} replies had a message")
    p50, p99 = np.percentile(latencies, [50, 99]) / 1000
    return Measured(requests / seconds, float(p50), float(p99))


def _run(command: list[str], seconds: float) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    return done.stdout + done.stderr
