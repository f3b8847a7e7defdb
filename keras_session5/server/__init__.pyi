from .server import (
    Server as Server,
    serve as serve,
)
