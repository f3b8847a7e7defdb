"""`session5 check`."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_session5.cli.options import MODELS, Json, Models, Timeout
from keras_session5.cli.output import print_json
from keras_session5.errors import ArgumentError


def check(
    path: Annotated[
        Path | None,
        typer.Argument(
            help="Version folder, base path, folder of models, .keras file, or configuration of a server.",
            show_default="this machine",
        ),
    ] = None,
    target: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="session5|tensorflow-serving[:VERSION]|kserve[:VERSION]",
            help="Server that is to load the model.",
        ),
    ] = "session5",
    server: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="Running server to compare with the model: http://HOST:PORT for REST, HOST:PORT for gRPC. "
            "Repeatable.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Model's name on the server.", show_default="the name of the base path"),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Network of the catalogue to build, train, export and serve instead."
        ),
    ] = None,
    measure: Annotated[
        bool | None,
        typer.Option(
            "--measure/--no-measure",
            help="Load the newest version and call it.",
            show_default="models below 256 MiB",
        ),
    ] = None,
    models: Models = MODELS,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    timeout: Timeout = 10.0,
    json: Json = False,
) -> None:
    """Check whether a model, a network, a configuration, a server or this machine will work.

    Status 1 on errors.
    """
    from keras_session5.checking.finding import SEVERITIES
    from keras_session5.checking.model import GRAPHS
    from keras_session5.checking.operations import parse_target

    wanted, figures = parse_target(target), []
    if path is not None and path.name in GRAPHS:
        path = path.parent
    if server and (path is None or not path.is_dir()):
        raise ArgumentError(f"`--server` needs a model's base path or version. Received: PATH={path}")
    if network is not None:
        if path is not None:
            raise ArgumentError(f"`--network` must be without PATH. Received: PATH={path}")
        from keras_session5.checking.network import check_network

        findings = list(check_network(network, wanted))
    elif path is None:
        findings = _check_machine()
    elif path.is_file():
        findings = _check_file(path, models)
    else:
        findings, figures = _check_models(path, wanted, measure)
    for address in server or ():
        from keras_session5.checking.server import check_server

        assert path is not None
        findings += check_server(address, path, name, timeout)
    findings.sort(key=lambda one: SEVERITIES.index(one.severity))
    counts = Counter(one.severity for one in findings)
    if json:
        listed = [to_dict(one) for one in findings]
        about = {"path": None if path is None else str(path), "for": f"{wanted.server}:{wanted.tensorflow}"}
        about |= {} if network is None else {"network": network}
        print_json(about | {"findings": listed, "models": figures, "model": figures[0] if figures else None})
    else:
        print_findings(findings)
        for one in figures:
            typer.echo(_format_figures(one))
        typer.echo(", ".join(_count(counts[severity], severity) for severity in SEVERITIES))
    if counts["error"] or (strict and counts["warning"]):
        raise typer.Exit(1)


def _check_machine() -> list[Any]:
    from keras_session5.checking.machine import check_machine, compile_with_xla, find_backend

    backend = find_backend()
    devices, findings = compile_with_xla(backend)
    return findings + list(check_machine(backend, devices))


def _check_file(path: Path, models: Path) -> list[Any]:
    from keras_session5.checking.model import KERAS_FILES, check_keras_file

    if path.suffix in KERAS_FILES:
        return list(check_keras_file(path))
    from keras_session5.checking.config import check_config

    return list(check_config(path, models))


def _check_models(path: Path, target: Any, measure: bool | None) -> tuple[list[Any], list[dict[str, Any]]]:
    """Returns the findings of the models at a path, and the figures of the newest version of each."""
    from keras_session5.checking.measuring import QUICK_BYTES, measure_size, measure_version
    from keras_session5.checking.model import check_model, find_models, find_newest

    findings, figures = [], []
    for model in find_models(path):
        found = list(check_model(model, target))
        newest = find_newest(model)
        if newest is not None:
            size = measure_size(newest)
            one: dict[str, Any] = {"path": str(newest), "size_bytes": size}
            sound = not any(finding.severity == "error" for finding in found)
            if measure or (measure is None and size < QUICK_BYTES and sound):
                measured, failures = measure_version(newest)
                one |= measured
                found += failures
            figures.append(one)
        findings += found
    return findings, figures


def print_findings(findings: Iterable[Any]) -> None:
    """Prints each finding with its reason and its remedy."""
    for one in findings:
        typer.echo(f"{one.severity}: {one.where}: {one.what}\n    {one.why}\n    -> {one.mend}")


def to_dict(finding: Any) -> dict[str, str]:
    """Returns a finding for JSON."""
    return {key: getattr(finding, key) for key in ("severity", "where", "what", "why", "mend")}


def _format_figures(figures: dict[str, Any]) -> str:
    parts = [f"{figures['size_bytes'] / 1e6:,.1f} MB"]
    if "load_seconds" in figures:
        parts.append(f"loads in {figures['load_seconds']:.2f} s")
    if "signature" in figures:
        parts.append(
            f"{figures['signature']} takes {figures['first_call_ms']:.1f} ms at the first call, then "
            f"{figures['steady_call_ms']:.2f} ms"
        )
    return f"{figures['path']}: {', '.join(parts)}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
