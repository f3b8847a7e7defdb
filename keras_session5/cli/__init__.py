"""The command `session5`: one file per verb.

The verbs' modules import heavy libraries inside functions only, so that every `--help` is fast.
"""

import sys

import typer

from keras_session5.cli import (
    check,
    compare,
    dashboard,
    doctor,
    evaluate,
    exercises,
    explain,
    export,
    import_weights,
    list_networks,
    models,
    playground,
    query,
    run,
    serve,
    tour,
    train,
)
from keras_session5.cli.output import configure_logging
from keras_session5.errors import ArgumentError, Session5Error

app = typer.Typer(
    name="session5",
    help="From the perceptron to the transformer: build, train, look, export, serve, query.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_EXAMPLES = {
    list_networks.list_networks: "session5 list --json",
    train.train: "session5 train lenet5 --epochs 5 --set learning_rate=1e-3",
    evaluate.evaluate: "session5 evaluate lenet5 --json",
    export.export: "session5 export lenet5",
    import_weights.import_weights: "session5 import gpt2_small ~/gpt2",
    run.run: "session5 run lenet5",
    tour.tour: "session5 tour --report report.json",
    serve.serve: "session5 serve --config serving/models.config --port 8500 --rest-port 8501",
    query.query: 'session5 query simple_rnn --text "Frankreich"',
    explain.explain: 'session5 explain simple_rnn --text "Frankreich"',
    models.models: "session5 models --server 127.0.0.1:8500",
    dashboard.dashboard: "session5 dashboard lenet5 --port 6007",
    compare.compare: "session5 compare digits --curve --network lenet5",
    playground.playground: "session5 playground --open",
    exercises.exercises: "session5 exercises class/",
    doctor.doctor: "session5 doctor --json",
    check.check: "session5 check saved_models/lenet5 --for tensorflow-serving:2.20",
}
for verb, example in _EXAMPLES.items():
    app.command(example.split()[1], epilog=f"Example: {example}")(verb)


def main() -> None:
    """Runs the command line. Exit status: 0 success, 1 failure, 2 wrong usage."""
    configure_logging()
    try:
        app()
    except Session5Error as error:
        _fail(error.sentence, status=2 if isinstance(error, ArgumentError) else 1)
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        _fail(
            "This needs TensorFlow, which is not installed. Install it: pip install 'keras-session5'. "
            "Networks train without it with KERAS_BACKEND=jax",
            status=1,
        )
    except OSError as error:  # a full disk, a folder that may not be written
        if error.strerror is None:
            raise
        where = f": {error.filename}" if error.filename else ""
        _fail(f"{error.strerror}{where}", status=1)


def _fail(sentence: str, status: int) -> None:
    typer.echo(f"error: {sentence}", err=True)
    sys.exit(status)
