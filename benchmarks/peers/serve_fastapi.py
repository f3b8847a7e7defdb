# pyright: reportMissingImports=false
"""FastAPI. By default the handler is a plain function, which FastAPI runs in its thread pool.

ON_LOOP=1 makes it a coroutine: faster with two processes, since no threads compete for the interpreter.
MODEL_CALL=predict calls Keras's `predict` instead of the SavedModel's signature.
"""

import os

import numpy as np
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from lenet5 import FAST, fast_images, load_keras, load_signature

ON_LOOP = os.environ.get("ON_LOOP") == "1"
app = FastAPI()
model = load_keras() if os.environ.get("MODEL_CALL") == "predict" else load_signature()


def make_reply(images: np.ndarray) -> dict:
    return {"predictions": model(images).tolist()}


if FAST:

    @app.post("/predict")
    async def predict_fast(request: Request):
        images = fast_images(await request.body())
        return make_reply(images) if ON_LOOP else await run_in_threadpool(make_reply, images)

elif ON_LOOP:

    @app.post("/predict")
    async def predict_on_loop(body: dict):
        return make_reply(np.array(body["instances"], "float32"))

else:

    @app.post("/predict")
    def predict(body: dict):
        return make_reply(np.array(body["instances"], "float32"))
