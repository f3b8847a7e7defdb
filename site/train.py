"""Writes weights/NAME.json: the weights or the picture that a demonstration of the start page shows.

python site/train.py lenet5                                  # trains it with its recipe, then writes
python site/train.py lenet5 --run runs/lenet5/20260101-120000
python site/train.py photograph
python site/train.py recurrent                               # two small networks of its own
python site/train.py dates                                   # trains the transformer as the tour does
"""

import argparse
import base64
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

WEIGHTS = Path(__file__).resolve().parent / "weights"
ROW_LENGTH = 64  # of the names, in characters; longer names are left out
EXAMPLES = 24  # test names of each language on the page


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


def finished_run(name: str, run: Path | None, **settings: Any) -> Any:
    """Returns the result of a run of a catalogue network; trains the network if None."""
    import keras_session5 as s5

    if run is not None:
        return s5.load_result(name, run_dir=run)
    with tempfile.TemporaryDirectory() as folder:
        return s5.train(name, seed=0, runs_dir=folder, dashboard=False, **settings)


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


@dataclass(frozen=True)
class Small:
    """A small recurrent network on some of the twenty languages.

    Attributes:
        languages: the classes, in the order of the network's outputs.
        units: width of the hidden state. Two units can be drawn as they are.
        embed_dim: width of a letter's vector.
        epochs: passes over the training names.
        seeds: one network is trained for each; the best on the validation names is kept.
    """

    languages: tuple[str, ...]
    units: int
    embed_dim: int
    epochs: int
    seeds: tuple[int, ...]


SMALL = {
    "two": Small(("German", "Italian", "Finnish"), units=2, embed_dim=8, epochs=60, seeds=(2, 3, 4, 5)),
    "many": Small(
        ("English", "Finnish", "French", "German", "Hungarian", "Italian", "Polish", "Turkish"),
        units=24,
        embed_dim=16,
        epochs=30,
        seeds=(0,),
    ),
}


def names_of(languages: tuple[str, ...]) -> dict[str, tuple[list[str], np.ndarray]]:
    """Returns split -> the names of these languages, and their labels (N,)."""
    import keras_session5 as s5

    data = s5.load_data("place_names")
    found = {}
    for split in ("train", "validation", "test"):
        part = getattr(data, split)
        pairs = [
            (text, languages.index(data.class_names[label]))
            for text, label in zip(part.texts, part.labels, strict=True)
            if data.class_names[label] in languages and len(text) <= ROW_LENGTH
        ]
        found[split] = [text for text, _ in pairs], np.array([label for _, label in pairs])
    return found


def train_small(small: Small) -> tuple[Any, dict[str, float]]:
    """Returns the network that is best on the validation names, and its accuracies on all splits."""
    import keras

    import keras_session5 as s5
    from keras_session5.data.characters import ALPHABET, encode, vocabulary_size

    rows = {
        split: (encode(texts, ALPHABET, ROW_LENGTH), labels)
        for split, (texts, labels) in names_of(small.languages).items()
    }
    best: tuple[Any, dict[str, float]] = None, {"validation": 0.0}
    for seed in small.seeds:
        keras.utils.set_random_seed(seed)
        model = s5.build(
            "simple_rnn",
            vocabulary_size=vocabulary_size(ALPHABET),
            num_classes=len(small.languages),
            embed_dim=small.embed_dim,
            units=small.units,
            bidirectional=False,  # the page shows a state that moves from left to right
            pooling="last",
            dropout=0.0,
        )
        steps = small.epochs * -(-len(rows["train"][1]) // 64)
        rate = keras.optimizers.schedules.CosineDecay(0.01, steps)
        optimizer = keras.optimizers.AdamW(rate, weight_decay=0.02, clipnorm=1.0)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(*rows["train"], batch_size=64, epochs=small.epochs, verbose=0)
        accuracy = {split: model.evaluate(*of, verbose=0)[1] for split, of in rows.items()}
        print(f"{small.units} units, seed {seed}: {accuracy}", flush=True)
        if accuracy["validation"] > best[1]["validation"]:
            best = model, accuracy
    return best


def plane_of(model: Any, names: list[str], labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Returns the two directions in which the last states of the classes differ most.

    Returns:
        The mean of the classes' mean states (U,), the directions (U, 2), and their share of the variance
        between the classes' mean states.
    """
    from keras_session5.data.characters import ALPHABET, encode
    from keras_session5.introspection import layer_outputs

    states = layer_outputs(model, ["rnn"])(encode(names, ALPHABET, ROW_LENGTH), training=False)["rnn"]
    means = np.stack([np.asarray(states, "float64")[labels == i].mean(0) for i in range(labels.max() + 1)])
    mean = means.mean(0)
    _, values, axes = np.linalg.svd(means - mean, full_matrices=False)
    return mean, axes[:2].T, float((values[:2] ** 2).sum() / (values**2).sum())


def recurrent(run: Path | None) -> Path:
    """Two simple recurrent networks on place names: one of two units, one of more."""
    from keras_session5.data.characters import ALPHABET

    tensors, networks = {}, {}
    for name, small in SMALL.items():
        model, accuracy = train_small(small)
        texts, labels = names_of(small.languages)["test"]
        tensors |= {f"{name}/{path}": values for path, values in weights_of(model).items()}
        share = 1.0
        if small.units > 2:
            mean, axes, share = plane_of(model, *names_of(small.languages)["validation"])
            tensors |= {f"{name}/plane/mean": mean, f"{name}/plane/axes": axes}
        networks[name] = {
            "languages": small.languages,
            "units": small.units,
            "parameters": model.count_params(),
            "accuracy": {split: round(value, 4) for split, value in accuracy.items()},
            "test_names": len(texts),
            "variance": round(share, 3),
            "examples": [
                [text for text, label in zip(texts, labels, strict=True) if label == i][:EXAMPLES]
                for i in range(len(small.languages))
            ],
        }
    return write("recurrent", tensors, alphabet=ALPHABET, networks=networks)


def dates(run: Path | None) -> Path:
    """The transformer of 2017 that writes dates as ISO 8601, and test dates with their languages."""
    from keras_session5.catalog import network
    from keras_session5.data.characters import DATE_ALPHABET, ISO_ALPHABET
    from keras_session5.data.dates.days import FORMATS, list_days, write_date
    from keras_session5.data.place_names.names import LANGUAGES

    result = finished_run("transformer", run, **network("transformer").tour)
    days = list_days("test")  # of no text that the network was trained on
    examples = []
    for i, language in enumerate(LANGUAGES):
        day = days[(i * 37 + 11) * 13 % len(days)]
        written = write_date(day, language, FORMATS[i % 2])
        examples.append([language, written, day.isoformat()])
    return write(
        "dates",
        weights_of(result.model),
        alphabet=DATE_ALPHABET,
        target_alphabet=ISO_ALPHABET,
        parameters=result.model.count_params(),
        accuracy=round(result.metrics["accuracy"], 4),
        token_accuracy=round(result.metrics["token_accuracy"], 4),
        examples=examples,
    )


WRITERS = {"lenet5": lenet5, "photograph": photograph, "recurrent": recurrent, "dates": dates}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=WRITERS)
    parser.add_argument("--run", type=Path, help="directory of a finished run, instead of a new training")
    arguments = parser.parse_args()
    if arguments.run and arguments.name not in ("lenet5", "dates"):
        parser.error(f"--run is for lenet5 and dates: {arguments.name} is made anew each time")
    path = WRITERS[arguments.name](arguments.run)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
