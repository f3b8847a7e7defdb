# pyright: reportMissingImports=false
"""MLServer: a custom runtime with the V2 protocol, with adaptive batching."""

from lenet5 import FAST, SHAPE, fast_images, load_signature
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.rest.requests import Request
from mlserver.types import InferenceRequest, InferenceResponse


async def fast_json(self):
    """Replaces `Request.json`: decodes the same request faster."""
    images = fast_images(await self.body(), "/inputs/0/data")
    tensor = {"name": "image", "datatype": "FP32", "shape": list(images.shape), "data": images}
    return {"inputs": [tensor]}


if FAST:
    Request.json = fast_json


class Lenet5(MLModel):
    async def load(self) -> bool:
        self.model = load_signature()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        images = NumpyCodec.decode_input(payload.inputs[0]).reshape(SHAPE)
        outputs = [NumpyCodec.encode_output("probabilities", self.model(images))]
        return InferenceResponse(model_name=self.name, outputs=outputs)
