"""Serve the stand-in alone, over plain HTTP on this machine, for any SDK or the AWS CLI."""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.rekognition.control import PREFIX, control
from local.rekognition.errors import ServiceError
from local.rekognition.protocol import CUT, Answer, failure
from local.rekognition.service import Rekognition

ACCOUNT = "000000000000"  # of every access key that is not itself an account, 12 digits
_DEFAULT_REGION = "us-east-1"
_MOST_BYTES = 8 * 1024 * 1024  # the largest image as base64, and the rest of a request
_SCOPE = re.compile(r"Credential=(?P<key>[^/,]+)/\d{8}/(?P<region>[a-z0-9-]+)/rekognition/aws4_request")
_IS_ACCOUNT = re.compile(r"\d{12}")


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # connections that may come at once


def serve(rekognition: Rekognition, port: int = 0) -> ThreadingHTTPServer:
    """Return a server bound to 127.0.0.1 (port 0: any free one); the caller runs and closes it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are two writes: the second would wait for an ACK

        def do_GET(self) -> None:
            self._send(control(rekognition, "GET", self.path, b""))

        def do_POST(self) -> None:
            self._send(self._answer())

        def _answer(self) -> Answer:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > _MOST_BYTES:
                self.close_connection = True  # the body stays unread
                return failure(ServiceError("RequestEntityTooLargeException", "Send a length of at most 8 MB.", 413))
            body = self.rfile.read(int(length))
            if self.path.startswith(PREFIX):
                return control(rekognition, "POST", self.path, body)
            scope = _SCOPE.search(self.headers.get("Authorization", ""))
            return rekognition.answer(
                self.headers.get("X-Amz-Target", ""),
                body,
                account=scope["key"] if scope and _IS_ACCOUNT.fullmatch(scope["key"]) else ACCOUNT,
                region=scope["region"] if scope else _DEFAULT_REGION,
            )

        def _send(self, answer: Answer) -> None:
            if answer == CUT:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Stay silent: the caller sees each answer."""

    return _Server(("127.0.0.1", port), Handler)
