"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(help="Network of the catalogue; `session5 list` shows them.")]
Model = Annotated[str, typer.Argument(help="Served model; `session5 models` shows them.")]
Image = Annotated[Path | None, typer.Option(help="PNG or JPEG file.")]
Text = Annotated[str | None, typer.Option(help="Text input.")]
Version = Annotated[int | None, typer.Option(help="Version; the newest if left out.", min=0)]
Data = Annotated[str | None, typer.Option(help="Data set; the network's own if left out.")]
DataDir = Annotated[
    Path | None,
    typer.Option(help="TFDS's data directory, or a folder of IDX files.", show_default="TFDS's default"),
]
Epochs = Annotated[int | None, typer.Option(help="Epochs; the recipe's if left out.", min=1)]
Seed = Annotated[
    int | None, typer.Option(help="Seed of weights, order and augmentation.", show_default="0", min=0)
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting of the recipe or the network: learning_rate=1e-3, num_hidden=2. Repeatable.",
    ),
]
Xla = Annotated[
    str | None, typer.Option(metavar="auto|on|off", help="Compile with XLA.", show_default="auto")
]
Runs = Annotated[Path, typer.Option(help="Directory of the training runs.")]
RunDir = Annotated[
    Path | None, typer.Option("--run", help="Run directory; the newest finished one if left out.")
]
Models = Annotated[Path, typer.Option(help="Directory of the exported models.")]
Report = Annotated[Path, typer.Option(help="Output file of the report.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]
Timeout = Annotated[float, typer.Option(help="Seconds to wait for a response.", min=0.001)]
Server = Annotated[str, typer.Option(help="Address: http://HOST:PORT for REST, HOST:PORT for gRPC.")]
RUNS, MODELS, REPORT = Path("runs"), Path("saved_models"), Path("report.json")
SERVER = "http://127.0.0.1:8501"
