"""The upper bound for REST: uvicorn with an application that reads the body and sends a stored reply."""

import os
from pathlib import Path

import uvicorn

PORT = int(os.environ["PORT"])
REPLIES = {f"/{count}": Path(os.environ["REPLIES"], f"{count}.json").read_bytes() for count in (1, 32)}


async def app(scope, receive, send) -> None:
    """Answers a POST to /1 or /32 with that number of rows."""
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    b"".join(parts)
    reply = REPLIES[scope["path"]]
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(reply))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": reply})


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=PORT,
        loop="uvloop",
        http="httptools",
        lifespan="off",
        ws="none",
        access_log=False,
        log_level="warning",
    )
