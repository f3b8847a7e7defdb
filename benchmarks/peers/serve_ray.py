# pyright: reportMissingImports=false
"""Ray Serve: a deployment with `serve.batch`, over HTTP and over gRPC with TensorFlow Serving's protocol."""

import os
import signal

import numpy as np
import ray
from lenet5 import FAST, GRPC_PORT, PORT, fast_images, load_signature
from ray import serve

SERVICER = "tensorflow_serving.apis.prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server"


@serve.deployment(
    num_replicas=int(os.environ.get("WORKERS", "1")),
    ray_actor_options={"num_cpus": 1},
    max_ongoing_requests=256,
)
class Lenet5:
    def __init__(self):
        self.model = load_signature()

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.0)
    async def run(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        output = self.model(np.concatenate(inputs))
        return np.split(output, np.cumsum([len(images) for images in inputs])[:-1])

    async def predict(self, images: np.ndarray) -> np.ndarray:
        return await self.run(images)  # type: ignore[arg-type]  # serve.batch maps one image to one result

    async def __call__(self, request):
        if FAST:
            images = fast_images(await request.body())
        else:
            images = np.array((await request.json())["instances"], "float32")
        return {"predictions": (await self.predict(images)).tolist()}

    async def Predict(self, request):  # noqa: N802
        import tensorflow as tf
        from tensorflow_serving.apis.predict_pb2 import PredictResponse

        response = PredictResponse(model_spec=request.model_spec)
        output = await self.predict(tf.make_ndarray(request.inputs["image"]))
        response.outputs["probabilities"].CopyFrom(tf.make_tensor_proto(output))
        return response


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, _temp_dir=os.environ["RAY_FOLDER"])
    serve.start(
        http_options={"host": "127.0.0.1", "port": PORT},
        grpc_options={"port": GRPC_PORT, "grpc_servicer_functions": [SERVICER]},
    )
    serve.run(Lenet5.bind(), route_prefix="/predict")
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    serve.shutdown()
    ray.shutdown()
