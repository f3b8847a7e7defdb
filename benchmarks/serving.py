"""Measures this project's model server beside servers without a model and other Python model servers.

The model is LeNet-5, with one image per request at 1, 8 and 64 connections, and 32 images per request at 8.
Each round starts the servers one after another and measures each alone at all its points. The report has the
medians of all rounds. Usage:

    python benchmarks/serving.py [--rounds N] [--seconds S] [--only NAME,...] [--out FOLDER]

It needs wrk and h2load (Debian: `apt install wrk nghttp2-client`), and installs the peers' environments on
demand, 2.5 GB each. It writes `serving.json` and, from it, `serving.md`.
"""

import argparse
import contextlib
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from side_by_side.contenders import (
    CONTENDERS,
    Contender,
    MissingError,
    Places,
    Ports,
    free_ports,
    prepare,
    start_command,
    versions,
)
from side_by_side.load import (
    FRAME_BYTES,
    POINTS,
    LoadError,
    Measured,
    Point,
    grpc_is_right,
    measure_grpc,
    measure_rest,
    rest_is_right,
)
from side_by_side.report import as_markdown
from side_by_side.running import Memory, NotReadyError, Running

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "build"
PROGRAMS = ("wrk", "h2load")


@dataclass
class Round:
    """The measurements of one start of one server; `error` explains missing ones."""

    start_s: float | None = None
    memory: Memory | None = None
    points: dict[str, Measured] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True)
class Target:
    """A started server, and the folder of the payloads for it."""

    contender: Contender
    payloads: Path
    ports: Ports

    def points(self) -> list[Point]:
        """Returns the points to measure."""
        speaks = {"REST": self.contender.rest is not None, "gRPC": self.contender.grpc}
        return [point for point in POINTS if speaks[point.protocol]]

    def is_right(self, point: Point) -> bool:
        """Sends one request and compares the response with the SavedModel's outputs."""
        expected = np.load(self.payloads / f"{point.images}.npy")
        request = self._request(point).read_bytes()
        if point.protocol == "gRPC":
            return grpc_is_right(self.ports.grpc, request[FRAME_BYTES:], expected)
        return rest_is_right(self._url(point), request, expected)

    def measure(self, point: Point, seconds: float) -> Measured:
        """Warms the server up for a second at this point, then measures it."""
        with contextlib.suppress(LoadError):  # a slow server may finish no request within that second
            self._send(point, 1)
        # This request waits until the warm-up's queue is empty.
        if not self.is_right(point):
            raise LoadError("the response is wrong or late")
        return self._send(point, seconds)

    def _send(self, point: Point, seconds: float) -> Measured:
        if point.protocol == "gRPC":
            return measure_grpc(self.ports.grpc, self._request(point), point.connections, seconds)
        return measure_rest(self._url(point), self._request(point), point.connections, seconds)

    def _request(self, point: Point) -> Path:
        name = "{images}.grpc" if point.protocol == "gRPC" else self.contender.body
        return self.payloads / name.format(images=point.images)

    def _url(self, point: Point) -> str:
        return self.ports.url((self.contender.rest or "").format(images=point.images))


def measure(contender: Contender, places: Places, seconds: float) -> Round:
    """Starts a server, measures it at all its points, measures its memory and stops it."""
    result, target = Round(), Target(contender, places.payloads, free_ports())
    points = target.points()
    with tempfile.TemporaryDirectory(prefix="serving-", ignore_cleanup_errors=True) as folder:
        command, environment = start_command(contender, places, target.ports, Path(folder))
        try:
            with Running(command, environment, Path(folder)) as running:
                result.start_s = running.wait_until(lambda: target.is_right(points[0]))
                for point in points:
                    try:
                        result.points[str(point)] = target.measure(point, seconds)
                    except (LoadError, subprocess.TimeoutExpired) as error:
                        result.error += f"{point}: {error}. "
                result.memory = running.memory()
        except (NotReadyError, OSError) as error:
            result.error += f"not started: {error}"
    return result


def report_round(contender: Contender, result: Round) -> None:
    """Prints one line of measurements per point."""
    start = f"ready after {result.start_s:.1f} s" if result.start_s else "never ready"
    memory = f", {result.memory.rss:,.0f} MiB (PSS {result.memory.pss:,.0f})" if result.memory else ""
    print(f"{contender.name}: {start}{memory} {result.error}", flush=True)
    for point, found in result.points.items():
        latencies = f"p50 {found.p50_ms:8.2f} ms  p99 {found.p99_ms:8.2f} ms"
        print(f"    {point:<34}{found.per_second:>9,.0f}/s  {latencies}", flush=True)


def make_payloads(options: argparse.Namespace) -> Places:
    """Writes the model and the payloads in another process, to keep TensorFlow out of the measured memory."""
    folder = options.work.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    version = options.model or folder / "saved_models" / "lenet5" / "1"
    if not options.model:  # made again, by the current exporter
        shutil.rmtree(version, ignore_errors=True)
    command = [sys.executable, str(HERE / "side_by_side" / "payloads.py"), str(version), str(folder)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([*command, "--values", options.values], check=True, env=environment)
    return Places(version.resolve(), folder, options.peers_dir.resolve())


def choose_contenders(names: str) -> list[Contender]:
    """Returns the servers of `--only`, or all servers without it."""
    known = {contender.name: contender for contender in CONTENDERS}
    wanted = names.split(",") if names else list(known)
    if unknown := set(wanted) - set(known):
        sys.exit(f"--only must name servers of: {', '.join(known)}. Received: {', '.join(sorted(unknown))}")
    return [known[name] for name in wanted]


def run(options: argparse.Namespace) -> dict:
    """Measures all rounds and returns everything for the JSON file."""
    places = make_payloads(options)
    ready: list[Contender] = []
    missing: dict[str, str] = {}
    for contender in choose_contenders(options.only):
        try:
            prepare(contender, places, install=not options.no_install)
            ready.append(contender)
        except MissingError as error:
            missing[contender.name] = str(error)
            print(f"{contender.name}: left out: {error}", flush=True)

    rounds: dict[str, list[Round]] = {contender.name: [] for contender in ready}
    for number in range(options.rounds):
        first = (
            number * len(ready) // options.rounds
        )  # each round starts with another server, to reveal drift
        for contender in ready[first:] + ready[:first]:
            print(f"[round {number + 1} of {options.rounds}, {time.strftime('%H:%M:%S')}] ", end="")
            rounds[contender.name].append(measure(contender, places, options.seconds))
            report_round(contender, rounds[contender.name][-1])
    return {
        "date": datetime.date.today().isoformat(),
        "machine": describe_machine(),
        "command": " ".join(["python", "benchmarks/serving.py", *sys.argv[1:]]),
        "seconds": options.seconds,
        "values": options.values,
        "body_bytes": {str(n): (places.payloads / f"{n}.json").stat().st_size for n in (1, 32)},
        "versions": {contender.venv: versions(contender, places) for contender in ready if contender.venv},
        "missing": missing,
        "rounds": {name: [asdict(one) for one in found] for name, found in rounds.items()},
    }


def describe_machine() -> str:
    """Describes this machine in one line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")
    load = os.getloadavg()[1]
    return (
        f"{len(os.sched_getaffinity(0))} cores of {model or platform.machine()}, Linux "
        f"{platform.release().partition('-')[0]}, Python {platform.python_version()}, "
        f"load before the run {load:.1f}"
    )


def write_report(folder: Path) -> None:
    """Writes and prints serving.md from serving.json."""
    text = as_markdown(json.loads((folder / "serving.json").read_text()))
    (folder / "serving.md").write_text(text)
    print(text)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures model servers side by side.")
    parser.add_argument("--seconds", type=float, default=5.0, help="per point, after a warm-up of one second")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", metavar="NAME,...", help="servers to measure (default: all)")
    parser.add_argument("--model", type=Path, help="version folder of LeNet-5 (default: a new one)")
    parser.add_argument("--values", choices=("pixels", "fractions"), default="pixels", help="in the requests")
    parser.add_argument(
        "--work", type=Path, default=BUILD / "serving", help="folder of the model and the payloads"
    )
    parser.add_argument(
        "--peers-dir", type=Path, default=BUILD / "peers", help="folder of the peers' environments"
    )
    parser.add_argument("--no-install", action="store_true", help="skip peers without an environment")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of serving.json and serving.md")
    parser.add_argument("--report", action="store_true", help="only write serving.md again from serving.json")
    options = parser.parse_args()
    if options.report:
        return write_report(options.out)
    if absent := [program for program in PROGRAMS if not shutil.which(program)]:
        sys.exit(f"{' and '.join(absent)} must be on the PATH. Debian: apt install wrk nghttp2-client")

    results = run(options)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "serving.json").write_text(json.dumps(results, indent=1) + "\n")
    return write_report(options.out)


if __name__ == "__main__":
    main()
