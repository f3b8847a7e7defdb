"""`session5 list`."""

from keras_session5.cli.options import Json
from keras_session5.cli.output import print_json, print_table


def list_networks(json: Json = False) -> None:
    """List the networks of the catalogue."""
    from keras_session5.catalog import NETWORKS

    if json:
        fields = ("name", "title", "year", "data", "parameters", "paper", "slide")
        networks = [
            {field: getattr(entry, field) for field in fields} | {"tour": entry.tour is not None}
            for entry in NETWORKS.values()
        ]
        print_json({"networks": networks})
        return
    print_table(
        "Networks",
        ["name", "network", "year", "data set", "parameters", "slide"],
        [(e.name, e.title, str(e.year), e.data or "-", e.parameters, e.slide) for e in NETWORKS.values()],
        optional="slide",
    )
