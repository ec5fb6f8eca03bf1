"""What both servers share: the ASGI server and its workers, request bodies, logs and metrics."""
