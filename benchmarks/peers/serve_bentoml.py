# pyright: reportMissingImports=false
"""BentoML: a batchable API, whose dispatcher adapts the batch size."""

import os
from typing import Annotated

import bentoml
import numpy as np
from _bentoml_impl.serde import JSONSerde
from bentoml.validators import DType
from lenet5 import FAST, fast_images, load_signature


async def fast_request(self, request, cls):
    """Replaces `JSONSerde.parse_request`: decodes the array faster."""
    return cls.model_construct(instances=fast_images(await request.body()))


if FAST:
    JSONSerde.parse_request = fast_request


@bentoml.service(
    workers=int(os.environ.get("WORKERS", "1")),
    logging={"access": {"enabled": False}},
)
class Lenet5:
    def __init__(self):
        self.model = load_signature()

    @bentoml.api(batchable=True, max_batch_size=128)
    def predict(self, instances: Annotated[np.ndarray, DType("float32")]) -> np.ndarray:
        return self.model(instances)
