"""Computes medians, ratios and tables from the measurements in serving.json."""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from side_by_side.contenders import CONTENDERS
from side_by_side.load import POINTS, Point

SINGLE = [point for point in POINTS if point.protocol == "REST" and point.images == 1]
MANY = next(point for point in POINTS if point.images > 1)
GRPC = [point for point in POINTS if point.protocol == "gRPC"]
# The fastest of these is the reference of the required ratios.
RIVALS = ("fastapi", "fastapi-2", "litserve", "bentoml", "mlserver", "ray-default", "ray")
FASTAPI = ("fastapi", "fastapi-2")
MEMORY_AND_START = 1.15

INTRODUCTION = """\
{date}, {machine}. The model is LeNet-5; an image is {image_bytes:,} bytes of JSON ({values}).
The figures are medians of {rounds_measured} rounds with {seconds:g} seconds per point. Requests with 32
images used 8 connections. The load generators (wrk and h2load, one thread) ran on the same cores. Start is
the time from the start of the process to the first correct response. Memory is the sum of all the
server's processes after the load."""
RATIO_HEADER = "| ratio in this run | reached | to be reached | |\n|---|---|---|---|\n"

Results = dict[str, Any]


@dataclass(frozen=True)
class Ratio:
    """One ratio in one run, with its target and the name of the server in the denominator."""

    what: str
    value: float | None
    target: float
    at_most: bool = False
    against: str = ""

    def line(self) -> str:
        sign = "at most" if self.at_most else "at least"
        if self.value is None:
            return f"| {self.what} | not measured | {sign} {self.target:g} | |"
        reached = self.value <= self.target if self.at_most else self.value >= self.target
        verdict = "yes" if reached else "**no**"
        return f"| {self.what} | {self.value:.2f}{self.against} | {sign} {self.target:g} | {verdict} |"


def median(results: Results, name: str, figure: Callable[[dict], float | None]) -> float | None:
    """Returns the median of a figure over the rounds that have it."""
    found = [value for one in results["rounds"].get(name, []) if (value := figure(one)) is not None]
    return statistics.median(found) if found else None


def rate(results: Results, name: str, point: Point) -> float | None:
    """Returns requests per second."""
    return _at(results, name, point, "per_second")


def _at(results: Results, name: str, point: Point, key: str) -> float | None:
    return median(results, name, lambda one: one["points"].get(str(point), {}).get(key))


def start(results: Results, name: str) -> float | None:
    """Returns seconds from the start to the first correct response."""
    return median(results, name, lambda one: one["start_s"])


def memory(results: Results, name: str, key: str) -> float | None:
    """Returns MiB after the load, summed over the processes."""
    return median(results, name, lambda one: (one["memory"] or {}).get(key))


def _divided(above: float | None, below: float | None) -> float | None:
    return above / below if above and below else None


def _against_best(results: Results, point: Point, rivals: Iterable[str]) -> tuple[float | None, str]:
    rates = {name: found for name in rivals if (found := rate(results, name, point))}
    if not rates:
        return None, ""
    best = max(rates, key=rates.__getitem__)
    return _divided(rate(results, "ours", point), rates[best]), f" ({best})"


def ratios(results: Results) -> list[Ratio]:
    """Returns all required ratios, against peers as their users write them and with fast JSON decoding."""
    found = []
    for suffix, way in (("", "as their users write them"), ("-fast", "with our JSON decoding")):
        for point in SINGLE:
            value, best = _against_best(results, point, [name + suffix for name in RIVALS])
            found.append(Ratio(f"{point}: against the best peer, {way}", value, 8, against=best))
        value, best = _against_best(results, MANY, [name + suffix for name in FASTAPI])
        found.append(Ratio(f"{MANY}: against FastAPI (signature), {way}", value, 4, against=best))
    for point in SINGLE[1:]:
        value = _divided(rate(results, "ours", point), rate(results, "asgi", point))
        found.append(Ratio(f"{point}: against the same ASGI server without a model", value, 0.5))
    for point, target in zip(GRPC[::2], (0.5, 0.85), strict=True):
        value = _divided(rate(results, "ours", point), rate(results, "grpc-aio", point))
        found.append(Ratio(f"{point}: against `grpc.aio` without a model", value, target))
    for name, way in (("ray-default", "its own proxy"), ("ray", "high throughput mode")):
        for point in GRPC:
            value = _divided(rate(results, "ours", point), rate(results, name, point))
            found.append(Ratio(f"{point}: against Ray Serve, {way}", value, 10))
    rss = _divided(memory(results, "ours", "rss"), memory(results, "fastapi", "rss"))
    started = _divided(start(results, "ours"), start(results, "fastapi"))
    found.append(Ratio("Memory: against FastAPI (signature, one process)", rss, MEMORY_AND_START, True))
    found.append(Ratio("Start to ready: against the same", started, MEMORY_AND_START, True))
    return found


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(header), *rows]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def rest_table(results: Results) -> str:
    """Makes the table of requests per second over REST: one row per server, with and without fast JSON."""
    points = [*SINGLE, MANY]
    head = [str(point.connections) for point in SINGLE] + [f"{MANY.images} images"]
    rows = []
    for contender in CONTENDERS:
        if contender.fast_json or contender.name not in results["rounds"] or contender.rest is None:
            continue
        plain = [_number(rate(results, contender.name, point)) for point in points]
        fast = [_number(rate(results, f"{contender.name}-fast", point)) for point in points]
        rows.append([contender.label, *plain, *fast])
    return _table(["REST, requests a second", *head, *(f"{name}, our JSON" for name in head)], rows)


def grpc_table(results: Results) -> str:
    """Makes the table of requests per second over gRPC."""
    rows = [
        [contender.label, *(_number(rate(results, contender.name, point)) for point in GRPC)]
        for contender in CONTENDERS
        if contender.grpc and not contender.fast_json and contender.name in results["rounds"]
    ]
    return _table(["gRPC, requests a second", *(str(point.connections) for point in GRPC)], rows)


def details_table(results: Results) -> str:
    """Makes the table of latencies, start and memory, one row per server and variant."""
    rows = []
    for contender in CONTENDERS:
        name = contender.name
        if name not in results["rounds"]:
            continue
        latencies = []
        for point in POINTS:
            p50, p99 = (_at(results, name, point, key) for key in ("p50_ms", "p99_ms"))
            latencies.append("" if p50 is None else f"{_number(p50, 1)} / {_number(p99, 1)}")
        weights = [_number(memory(results, name, key)) for key in ("rss", "pss", "processes")]
        label = contender.label + (", our JSON" if contender.fast_json else "")
        rows.append([label, *latencies, _number(start(results, name), 1), *weights])
    head = [f"{p.protocol} {p.connections}{', 32 images' if p.images > 1 else ''}" for p in POINTS]
    return _table(["p50 / p99 in ms", *head, "start, s", "RSS, MiB", "PSS, MiB", "processes"], rows)


def failures(results: Results) -> list[str]:
    """Lists missing measurements with the reasons."""
    lines = [f"* `{name}` was left out: {reason}." for name, reason in results["missing"].items()]
    for name, rounds in results["rounds"].items():
        reasons = sorted({one["error"].strip() for one in rounds if one["error"]})
        lines += [f"* `{name}`: {reason}" for reason in reasons]
    return lines


def as_markdown(results: Results) -> str:
    """Returns the text of serving.md."""
    rounds = max((len(found) for found in results["rounds"].values()), default=0)
    image_bytes = results["body_bytes"]["1"]
    paragraphs = [
        "# Serving, side by side",
        INTRODUCTION.format(rounds_measured=rounds, image_bytes=image_bytes, **results),
        f"    {results['command']}",
        rest_table(results),
        grpc_table(results),
        RATIO_HEADER + "\n".join(ratio.line() for ratio in ratios(results)),
        details_table(results),
        *(f"Versions in `{name}`: {_listed(found)}." for name, found in results["versions"].items()),
        "\n".join(failures(results)),
    ]
    return "\n\n".join(paragraphs).strip() + "\n"


def _listed(installed: dict[str, str]) -> str:
    return ", ".join(f"{package} {version}" for package, version in installed.items())
