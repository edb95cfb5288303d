"""Serve the stand-in alone, over plain HTTP on this machine, for any SDK or the AWS CLI."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.rekognition.bodies import body_of
from local.rekognition.boundary import answered
from local.rekognition.control import PREFIX, control
from local.rekognition.errors import ServiceError
from local.rekognition.protocol import CUT, Answer, failure
from local.rekognition.service import Rekognition

ACCOUNT = "000000000000"  # of every access key that is not itself an account, 12 digits
_DEFAULT_REGION = "us-east-1"
_IDLE_SECONDS = 75.0  # that a client may send or take nothing; longer than an SDK keeps an idle connection
_SCOPE = re.compile(r"Credential=(?P<key>[^/,]+)/\d{8}/(?P<region>[a-z0-9-]+)/rekognition/aws4_request")
_IS_ACCOUNT = re.compile(r"\d{12}")


class Server(ThreadingHTTPServer):
    """Listen on 127.0.0.1 from the beginning; answer when `rekognition` is set and the server runs."""

    request_queue_size = 128  # connections that may come at once
    rekognition: Rekognition

    def __init__(self, port: int = 0, idle_seconds: float = _IDLE_SECONDS) -> None:
        """Take the port, 0 for any free one. Raises OSError."""
        self.idle_seconds = idle_seconds
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what went wrong with a connection, but not that the client has gone."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def serve(rekognition: Rekognition, port: int = 0, idle_seconds: float = _IDLE_SECONDS) -> Server:
    """Return a server of the stand-in; the caller runs and closes it."""
    server = Server(port, idle_seconds)
    server.rekognition = rekognition
    return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: the second would wait for an ACK
    server: Server

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.idle_seconds)

    def do_GET(self) -> None:
        self._serve(lambda body: control(self.server.rekognition, "GET", self.path, body))

    def do_POST(self) -> None:
        is_control = self.path.startswith(PREFIX)
        self._serve(partial(control, self.server.rekognition, "POST", self.path) if is_control else self._ask)

    def _serve(self, answer: Callable[[bytes], Answer]) -> None:
        try:
            with body_of(self.headers, self.rfile) as body:
                found = answered(lambda: answer(body))
        except ServiceError as error:
            self.close_connection = True  # what follows is not known to be a request
            found = failure(error)
        self._send(found)

    def _ask(self, body: bytes) -> Answer:
        scope = _SCOPE.search(self.headers.get("Authorization", ""))
        return self.server.rekognition.answer(
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
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Stay silent: the caller sees each answer."""
