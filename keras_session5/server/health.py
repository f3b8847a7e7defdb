"""`grpc.health.v1`, the health checks of load balancers.

The servicer of grpcio-health-checking stores statuses that the application sets, and it cannot remove a
service. This one reads the statuses from the models at each call.
"""

from collections.abc import AsyncIterator
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from keras_session5.server.readiness import Readiness

# The whole server: the names in TensorFlow Serving and the full names in gRPC.
_WHOLE = (
    "",
    "ModelService",
    "PredictionService",
    "tensorflow.serving.ModelService",
    "tensorflow.serving.PredictionService",
)
_Response = health_pb2.HealthCheckResponse


class Health(health_pb2_grpc.HealthServicer):
    """The health of the server and, under its name, of each model.

    Args:
        readiness: knows the state of the models.
    """

    def __init__(self, readiness: Readiness):
        self._readiness = readiness

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Any):  # noqa: N802
        status = self._get_status(request.service)
        if status == _Response.SERVICE_UNKNOWN:
            await context.abort(grpc.StatusCode.NOT_FOUND, "service name unknown")  # raises
        return _Response(status=status)

    async def List(self, request: health_pb2.HealthListRequest, context: Any):  # noqa: N802
        services = [*_WHOLE, *self._readiness.models()]
        return health_pb2.HealthListResponse(
            statuses={service: _Response(status=self._get_status(service)) for service in services}
        )

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Any) -> AsyncIterator:  # noqa: N802
        """Yields the status and every change of it, until the server stops."""
        sent = None
        while True:
            changed = self._readiness.next_change()
            stopping = self._readiness.stopping  # before the status: the last one sent is that of the end
            status = self._get_status(request.service)
            if status != sent:
                yield _Response(status=status)
            if stopping:
                return
            sent = status
            await changed.wait()

    def _get_status(self, service: str) -> int:
        serves = self._readiness.is_ready() if service in _WHOLE else self._readiness.serves(service)
        if serves is None:
            return _Response.SERVICE_UNKNOWN
        return _Response.SERVING if serves else _Response.NOT_SERVING
