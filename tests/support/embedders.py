"""Runs the examples of docs/embedding.md: each app, on a free port, with a plugin that verifies requests."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from support.markdown import blocks
from support.paths import DOCS
from support.servers import free_port, until

EXAMPLES = {block.file: block.text for block in blocks(DOCS / "embedding.md", "python") if block.file}
"""The modules that the document shows, by file name."""

SERVERS = {
    "FastAPI": "import uvicorn; uvicorn.run('fastapi_app:app', port={port})",
    "Flask": "from flask_app import app; app.run(port={port})",
    "Django": "import django_site; django_site.serve({port})",
    "aiohttp": "from aiohttp_app import app, web; "
    "web.run_app(app, host='127.0.0.1', port={port}, auto_decompress=False)",
}
"""How each web framework serves its example."""

_DJANGO_SITE = """
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path
from werkzeug.serving import run_simple

from django_view import webhook

urlpatterns = [path("<str:source>", webhook)]


def serve(port):
    middleware = ["django.middleware.csrf.CsrfViewMiddleware"]
    settings.configure(ROOT_URLCONF="django_site", ALLOWED_HOSTS=["*"], MIDDLEWARE=middleware)
    run_simple("127.0.0.1", port, get_wsgi_application())
"""

_PLUGIN = '''
from springhead import hookimpl


@hookimpl
def springhead_verify(source, request, config):
    """Refuse what is marked as forged, and fail over what is marked as broken."""
    signature = [value for name, value in request.headers.items() if name.lower() == "x-acme-signature"]
    if signature in (["broken"], [["broken"]]):
        raise RuntimeError
    return "the signature is wrong" if signature in (["forged"], [["forged"]]) else None
'''


def install_examples(folder: Path) -> dict[str, str]:
    """Write the examples and the plugin to a folder; returns the environment in which they are importable."""
    info = folder / "verifier-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: verifier\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[springhead]\nverifier = verifier\n")
    for name, text in {**EXAMPLES, "verifier.py": _PLUGIN, "django_site.py": _DJANGO_SITE}.items():
        (folder / name).write_text(text)
    return {**os.environ, "PYTHONPATH": str(folder), "SPRINGHEAD_PLUGINS": "springhead,verifier"}


@dataclass(frozen=True)
class App:
    """A running example: its address, and the file to which it prints."""

    url: str
    log: Path

    def printed(self, kind: str) -> list[str]:
        """What its store printed of this kind, `event` or `rejection`."""
        return re.findall(rf"^{kind} (.*)$", self.log.read_text(), re.MULTILINE)


@contextmanager
def serving_example(framework: str, folder: Path) -> Iterator[App]:
    """Serve the example of a web framework until the end of the block."""
    environment = install_examples(folder)
    port, log = free_port(), folder / "log"
    command = [sys.executable, "-c", SERVERS[framework].format(port=port)]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=file, stderr=file, start_new_session=True
        )

    def listens() -> bool:
        assert process.poll() is None, log.read_text()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(listens)
        yield App(f"http://127.0.0.1:{port}", log)
    finally:
        with suppress(ProcessLookupError):  # it has ended
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
