"""Writes weights/NAME.json: the weights or the picture that a demonstration of the start page shows.

python site/train.py lenet5                                  # trains it with its recipe, then writes
python site/train.py lenet5 --run runs/lenet5/20260101-120000
python site/train.py photograph
"""

import argparse
import base64
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

WEIGHTS = Path(__file__).resolve().parent / "weights"


def write(name: str, tensors: Mapping[str, np.ndarray], **fields: Any) -> Path:
    """Writes one file: each tensor, uint8 or else float32, as base64 with its shape, on a line of its own."""
    lines = [
        f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}," for key, value in fields.items()
    ]
    encoded = []
    for key, values in tensors.items():
        dtype = "uint8" if values.dtype == np.uint8 else "float32"
        data = base64.b64encode(np.ascontiguousarray(values, "<f4" if dtype == "float32" else dtype))
        tensor = {"shape": values.shape, "dtype": dtype, "data": data.decode()}
        encoded.append(f"    {json.dumps(key)}: {json.dumps(tensor)}")
    lines += ['  "tensors": {', ",\n".join(encoded), "  }"]
    path = WEIGHTS / f"{name}.json"
    path.write_text("{\n" + "\n".join(lines) + "\n}\n", "utf-8")
    return path


def finished_run(name: str, run: Path | None) -> Any:
    """Returns the result of a run of a catalogue network; trains the network with its recipe if None."""
    import keras_session5 as s5

    if run is not None:
        return s5.load_result(name, run_dir=run)
    with tempfile.TemporaryDirectory() as folder:
        return s5.train(name, seed=0, runs_dir=folder, dashboard=False)


def weights_of(model: Any) -> dict[str, np.ndarray]:
    """Returns a Keras model's weights by their paths, such as `c1/kernel`."""
    return {weight.path: np.asarray(weight) for weight in model.weights}


def lenet5(run: Path | None) -> Path:
    """LeNet-5, and the first test digit of each class."""
    import keras_session5 as s5

    result = finished_run("lenet5", run)
    test = s5.load_data("digits").test
    rows = [int(np.flatnonzero(test.labels == label)[0]) for label in range(10)]
    return write(
        "lenet5",
        weights_of(result.model) | {"examples": test.inputs[rows, :, :, 0]},
        parameters=result.model.count_params(),
        accuracy=round(result.metrics["accuracy"], 4),
        test_rows=rows,
    )


def photograph(run: Path | None) -> Path:
    """A photograph of scikit-learn's in grey, 120 x 160 pixels."""
    from PIL import Image
    from sklearn.datasets import load_sample_image

    image = Image.fromarray(load_sample_image("china.jpg"))
    width, height = image.size
    side = min(width // 4, height // 3)  # cut to 4:3, around the middle
    left, top = (width - 4 * side) // 2, (height - 3 * side) // 2
    cut = image.crop((left, top, left + 4 * side, top + 3 * side)).convert("L").resize((160, 120))
    source = "china.jpg by danielbuechele (CC BY 2.0), from scikit-learn; cut, made smaller and grey"
    return write("photograph", {"pixels": np.asarray(cut)}, source=source)


WRITERS = {"lenet5": lenet5, "photograph": photograph}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=WRITERS)
    parser.add_argument("--run", type=Path, help="directory of a finished run, instead of a new training")
    arguments = parser.parse_args()
    path = WRITERS[arguments.name](arguments.run)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
