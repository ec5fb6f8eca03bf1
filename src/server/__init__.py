"""What both servers share: reading bodies, deadlines, logs, counts, and running the ASGI server."""
