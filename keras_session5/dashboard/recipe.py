"""The settings of a run: as a table, and as hyperparameters for the comparison of runs."""

import json
from collections.abc import Mapping
from typing import Any

import keras


def recipe_table(record: Mapping[str, Any]) -> str:
    """Returns the run, its recipe and the network's arguments as Markdown.

    Args:
        record: of the run.
    """
    examples = ", ".join(f"{count:,} for {split}" for split, count in record["examples"].items())
    run = {
        "network": record["name"],
        "parameters": f"{record['parameters']:,}",
        "data": record["data"],
        "examples": examples,
        "source": record["data_source"],
        "seed": record["seed"],
        "device": record["device"],
        "XLA": "on" if record["jit_compile"] else "off",
        "began with": record.get("start_from") or "new weights",
    }
    tables = {
        "Run": run,
        "Recipe": record["recipe"],
        "Network": record["arguments"],
        "Versions": record["versions"],
    }
    return _join_tables(tables)


def _join_tables(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns tables of settings as Markdown, by their titles."""
    parts = []
    for title, rows in tables.items():
        cells = {key: str(value).replace("|", "\\|").replace("\n", " ") for key, value in rows.items()}
        lines = [f"| {key} | {cell} |" for key, cell in cells.items()]
        parts.append("\n".join([f"#### {title}", "", "| setting | value |", "|---|---|", *lines]))
    return "\n\n".join(parts)


def model_table(model: Any) -> str:
    """Returns the size and the compilation of a compiled model as Markdown."""
    optimizer = {} if model.optimizer is None else model.optimizer.get_config()
    rows = {
        "network": model.name,
        "parameters": f"{model.count_params():,}",
        "optimizer": optimizer.pop("name", None),
        "loss": _name_losses(model.loss),
    }
    return _join_tables({"Model": rows, "Optimizer": optimizer})


def _name_losses(loss: Any) -> str:
    """Returns the names of the losses of a model, which may be objects or functions, one or several."""
    names = [
        getattr(one, "name", None) or getattr(one, "__name__", str(one)) for one in keras.tree.flatten(loss)
    ]
    return ", ".join(names)


def hyperparameters(record: Mapping[str, Any]) -> dict[str, bool | int | float | str]:
    """Returns all settings of a run, with the prefix `recipe/` or `network/`."""
    values = {"name": record["name"], "data": record["data"], "seed": record["seed"]}
    for part, settings in (("recipe", record["recipe"]), ("network", record["arguments"])):
        values |= {f"{part}/{key}": value for key, value in settings.items() if value is not None}
    # Lists, such as the widths of layers, become text.
    plain = bool | int | float | str
    return {key: value if isinstance(value, plain) else json.dumps(value) for key, value in values.items()}
