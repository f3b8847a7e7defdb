"""The upper bound for gRPC: `grpc.aio` with a Predict that decodes nothing and returns a stored reply."""

import asyncio
import os
from pathlib import Path

import grpc

REPLY = Path(os.environ["REPLIES"], "reply.binpb").read_bytes()


async def predict(request: bytes, context: grpc.aio.ServicerContext) -> bytes:
    return REPLY


async def main() -> None:
    server = grpc.aio.server()
    handlers = {"Predict": grpc.unary_unary_rpc_method_handler(predict)}
    service = grpc.method_handlers_generic_handler("tensorflow.serving.PredictionService", handlers)
    server.add_generic_rpc_handlers((service,))
    server.add_insecure_port(f"127.0.0.1:{os.environ['GRPC_PORT']}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
