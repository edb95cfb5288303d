"""Serve the stand-in alone, over plain HTTP on this machine, for any SDK or the AWS CLI."""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.rekognition.errors import ServiceError
from local.rekognition.protocol import Answer, failure
from local.rekognition.service import Rekognition

ACCOUNT = "000000000000"
_DEFAULT_REGION = "us-east-1"
_MOST_BYTES = 8 * 1024 * 1024  # the largest image as base64, and the rest of a request
_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/(?P<region>[a-z0-9-]+)/rekognition/aws4_request")


def serve(rekognition: Rekognition, port: int = 0) -> ThreadingHTTPServer:
    """Return a server bound to 127.0.0.1 (port 0: any free one); the caller runs and closes it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self._send(self._answer())

        def _answer(self) -> Answer:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > _MOST_BYTES:
                self.close_connection = True  # the body stays unread
                return failure(ServiceError("RequestEntityTooLargeException", "Send a length of at most 8 MB.", 413))
            scope = _SCOPE.search(self.headers.get("Authorization", ""))
            return rekognition.answer(
                self.headers.get("X-Amz-Target", ""),
                self.rfile.read(int(length)),
                account=ACCOUNT,
                region=scope["region"] if scope else _DEFAULT_REGION,
            )

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Stay silent: the caller sees each answer."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
