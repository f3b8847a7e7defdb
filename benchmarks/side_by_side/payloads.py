"""Writes the load generators' requests and the expected outputs. serving.py runs it in a separate process.

    python benchmarks/payloads.py VERSION_FOLDER FOLDER [--values fractions]

If the version is missing, the script trains LeNet-5 for one epoch and exports it, because speed does not
depend on the weights. The images are the first of the digits' test split, either as the model's inputs
(pixels, 0.0 to 255.0) or divided by 255, which makes longer numbers (fractions).
"""

import argparse
import json
import struct
from pathlib import Path

import numpy as np

COUNTS = (1, 32)  # images per request


def make_model(version: Path, folder: Path) -> None:
    """Trains LeNet-5 for an epoch and exports it to `version`, and as a Keras file to `folder`."""
    import keras_session5

    result = keras_session5.train("lenet5", epochs=1, runs_dir=folder / "runs", verbose=0)
    made = keras_session5.export(result, folder / "exported")
    version.parent.mkdir(parents=True, exist_ok=True)
    made.rename(version)
    result.model.save(folder / "lenet5.keras")


def write_payloads(version: Path, folder: Path, values: str) -> None:
    """Writes the requests and the expected outputs for each number N of images.

    `N.json` and `N.v2.json` are bodies, `N.grpc` is a framed request, and `N.npy` has the expected outputs.
    `replies/N.json` and `replies/reply.binpb` are the replies of the servers without a model.
    """
    import tensorflow as tf
    from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

    from keras_session5.data import load_data
    from keras_session5.exporting import ask_saved_model

    (folder / "replies").mkdir(parents=True, exist_ok=True)
    pixels = load_data("digits").test.inputs[: max(COUNTS)].astype("float32")
    images = pixels / np.float32(255) if values == "fractions" else pixels
    for count in COUNTS:
        batch = images[:count]
        tensor = {"name": "image", "shape": batch.shape, "datatype": "FP32", "data": batch.ravel().tolist()}
        (folder / f"{count}.json").write_text(json.dumps({"instances": batch.tolist()}))
        (folder / f"{count}.v2.json").write_text(json.dumps({"inputs": [tensor]}))
        probabilities = ask_saved_model(version, "serving_default", {"image": batch})["probabilities"]
        np.save(folder / f"{count}.npy", probabilities)
        rows = [
            [float(str(value)) for value in row] for row in probabilities
        ]  # as many digits as float32 needs
        (folder / "replies" / f"{count}.json").write_text(json.dumps({"predictions": rows}))

        request = PredictRequest()
        request.model_spec.name = "lenet5"
        request.inputs["image"].CopyFrom(tf.make_tensor_proto(batch))
        message = request.SerializeToString()
        # gRPC's frame: no compression, and the length.
        (folder / f"{count}.grpc").write_bytes(struct.pack(">BI", 0, len(message)) + message)
        if count == 1:
            reply = PredictResponse(model_spec=request.model_spec)
            reply.outputs["probabilities"].CopyFrom(tf.make_tensor_proto(probabilities))
            (folder / "replies" / "reply.binpb").write_bytes(reply.SerializeToString())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", type=Path, help="version folder of LeNet-5")
    parser.add_argument("folder", type=Path, help="where to write")
    parser.add_argument("--values", choices=("pixels", "fractions"), default="pixels")
    options = parser.parse_args()
    if not options.version.exists():
        make_model(options.version, options.folder)
    write_payloads(options.version, options.folder, options.values)


if __name__ == "__main__":
    main()
