"""Writes what the load generators send, and the right answers. Run by serving.py, in its own process.

    python benchmarks/payloads.py VERSION_FOLDER FOLDER [--values fractions]

If the version is not there, LeNet-5 is trained for one epoch and exported to it: speed does not depend on
the weights. The images are the first of the digits' test split, as the model takes them (pixels, 0.0 to
255.0) or divided by 255, which makes longer numbers (fractions).
"""

import argparse
import json
import struct
from pathlib import Path

import numpy as np

COUNTS = (1, 32)  # images a request


def make_model(version: Path, folder: Path) -> None:
    """Trains LeNet-5 for an epoch and exports it to `version`, and as a Keras file to `folder`."""
    import keras_session5

    result = keras_session5.train("lenet5", epochs=1, runs_dir=folder / "runs", verbose=0)
    made = keras_session5.export(result, folder / "exported")
    version.parent.mkdir(parents=True, exist_ok=True)
    made.rename(version)
    result.model.save(folder / "lenet5.keras")


def write_payloads(version: Path, folder: Path, values: str) -> None:
    """Writes requests and answers for each count N of images.

    `N.json` and `N.v2.json` are bodies, `N.grpc` a framed request, `N.npy` the answer; `replies/N.json` and
    `replies/reply.binpb` are what the servers without a model answer.
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
        answer = ask_saved_model(version, "serving_default", {"image": batch})["probabilities"]
        np.save(folder / f"{count}.npy", answer)
        rows = [[float(str(value)) for value in row] for row in answer]  # as many digits as float32 needs
        (folder / "replies" / f"{count}.json").write_text(json.dumps({"predictions": rows}))

        request = PredictRequest()
        request.model_spec.name = "lenet5"
        request.inputs["image"].CopyFrom(tf.make_tensor_proto(batch))
        message = request.SerializeToString()
        # gRPC's frame: not compressed, and the length.
        (folder / f"{count}.grpc").write_bytes(struct.pack(">BI", 0, len(message)) + message)
        if count == 1:
            reply = PredictResponse(model_spec=request.model_spec)
            reply.outputs["probabilities"].CopyFrom(tf.make_tensor_proto(answer))
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
