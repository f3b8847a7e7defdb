# pyright: reportMissingImports=false
"""LitServe: batches of queued requests, with ZeroMQ queues (recommended above 100 requests per second)."""

import os

import litserve
import litserve.server
import numpy as np
from lenet5 import FAST, PORT, fast_images, load_signature


class Lenet5(litserve.LitAPI):
    def setup(self, device):
        self.model = load_signature()

    def decode_request(self, request):
        return request if FAST else np.array(request["instances"], "float32")

    def batch(self, inputs):
        self.rows = [len(images) for images in inputs]
        return np.concatenate(inputs)

    def predict(self, images):
        return self.model(images)

    def unbatch(self, output):
        return np.split(output, np.cumsum(self.rows)[:-1])

    def encode_response(self, output):
        return {"predictions": output.tolist()}


async def fast_json(request):
    """Replaces `Request.json`: LitServe sends its result to the model's process."""
    return fast_images(await request.body())


if __name__ == "__main__":
    if FAST:
        litserve.server.Request.json = fast_json
    server = litserve.LitServer(
        Lenet5(max_batch_size=64, batch_timeout=0.0),
        accelerator="cpu",
        workers_per_device=int(os.environ.get("WORKERS", "1")),
        fast_queue=True,
    )
    server.run(host="127.0.0.1", port=PORT, log_level="warning", generate_client_file=False)
