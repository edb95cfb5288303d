"""What clients may do to a connection: reuse it, be slow, lie about lengths, send chunks, go away."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import threading
import time

import pytest
from rekognition_bench import MemoryObjects

from local.rekognition import bodies
from local.rekognition.server import serve
from local.rekognition.service import Rekognition

TARGET = "X-Amz-Target: RekognitionService.{}\r\n"


class Served:
    """A running server, and raw connections to it."""

    def __init__(self, server) -> None:
        self.server = server
        self.rekognition = server.rekognition

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.server_port), timeout=10)

    def exchange(self, *pieces: bytes) -> tuple[int, dict]:
        """Send the pieces on a connection of their own and return what comes back."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return received(connection)


@pytest.fixture
def served():
    with serve(Rekognition(objects=MemoryObjects()), idle_seconds=0.3) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Served(server)
        server.shutdown()
        thread.join()


def received(connection: socket.socket) -> tuple[int, dict]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, json.loads(answer.read())


def post(headers: str, body: bytes = b"", operation: str = "DescribeProjects") -> bytes:
    return f"POST / HTTP/1.1\r\nHost: x\r\n{TARGET.format(operation)}{headers}\r\n".encode() + body


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def until(look) -> None:
    patience = time.monotonic() + 10
    while not look():
        assert time.monotonic() < patience
        time.sleep(0.01)


def test_a_defect_is_an_internal_server_error_and_logged_with_its_place(served, caplog, monkeypatch):
    monkeypatch.setattr("local.rekognition.service.check_rate", lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR):
        status, body = served.exchange(post("Content-Length: 2\r\n", b"{}"))
    assert (status, body["__type"], body["Code"]) == (500, "InternalServerError", "InternalServerError")
    assert "ZeroDivisionError" in caplog.text


def test_a_defect_of_the_control_path_is_an_answer_too(served, monkeypatch):
    monkeypatch.setattr(served.rekognition, "usage", lambda: 1 / 0)
    status, body = served.exchange(b"GET /_local/meter HTTP/1.1\r\n\r\n")
    assert (status, body["__type"]) == (500, "InternalServerError")


def test_a_connection_serves_one_request_after_another(served):
    with served.connect() as connection:
        for _ in range(3):
            connection.sendall(post("Content-Length: 2\r\n", b"{}"))
            assert received(connection) == (200, {"ProjectDescriptions": []})


def test_the_body_of_a_get_is_not_taken_for_the_next_request(served):
    with served.connect() as connection:
        for _ in range(2):
            connection.sendall(b"GET /_local/faults HTTP/1.1\r\nContent-Length: 5\r\n\r\nthing")
            assert received(connection)[0] == 200


def test_a_body_without_length_is_empty_as_of_curl(served):
    assert served.exchange(b"POST /_local/reset HTTP/1.1\r\nHost: x\r\n\r\n") == (200, {})


def test_a_chunked_body_is_put_together(served):
    body = chunked(b'{"Project', b'Name": "p"}')
    status, answer = served.exchange(post("Transfer-Encoding: chunked\r\n", body, "CreateProject"))
    assert (status, answer["ProjectArn"].split("/")[1]) == (200, "p")


def test_a_connection_goes_on_after_chunks_and_trailers(served):
    body = chunked(b"{}").removesuffix(b"\r\n") + b"Checksum: 7\r\n\r\n"
    with served.connect() as connection:
        for _ in range(2):
            connection.sendall(post("Transfer-Encoding: chunked\r\n", body))
            assert received(connection)[0] == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Length: -1\r\n", b""),
        ("Content-Length: two\r\n", b""),
        ("Content-Length: " + "9" * 5000 + "\r\n", b""),
        ("Content-Length: 2\r\nContent-Length: 3\r\n", b"{}"),
        ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"{}"),
        ("Transfer-Encoding: gzip\r\n", b""),
        ("Transfer-Encoding: chunked\r\n", b"two\r\n{}\r\n"),
        ("Transfer-Encoding: chunked\r\n", b"1\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", b"-2\r\n{}\r\n0\r\n\r\n"),
    ],
)
def test_a_badly_framed_body_is_refused_and_the_connection_closed(served, headers, body):
    with served.connect() as connection:
        connection.sendall(post(headers, body))
        status, answer = received(connection)
        assert (status, answer["__type"]) == (400, "SerializationException")
        assert connection.recv(1) == b""


def test_a_body_that_ends_too_early_is_refused(served):
    with served.connect() as connection:
        connection.sendall(post("Content-Length: 100\r\n", b"{}", "CreateProject"))
        connection.shutdown(socket.SHUT_WR)
        assert received(connection)[1]["__type"] == "SerializationException"


def test_a_length_that_nobody_sends_is_refused_at_once(served):
    status, body = served.exchange(post(f"Content-Length: {10**12}\r\n"))
    assert (status, body["__type"]) == (413, "RequestEntityTooLargeException")


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST / HT", post("")[:-2], post("Content-Length: 100\r\n", b"{"), post("Transfer-Encoding: chunked\r\n")],
    ids=["nothing", "half a line", "half a head", "half a body", "no chunk"],
)
def test_a_client_that_falls_silent_is_let_go(served, sent, capfd):
    with served.connect() as connection:
        connection.sendall(sent)
        assert connection.recv(1) == b""  # closed by the server, within the socket's 10 s
    assert capfd.readouterr().err == ""


def test_a_body_that_drips_for_ever_is_let_go(served, monkeypatch):
    monkeypatch.setattr("local.rekognition.bodies._SECONDS", 0.0)
    with served.connect() as connection:
        connection.sendall(post("Content-Length: 100\r\n", b"{"))
        assert connection.recv(1) == b""


def test_large_bodies_take_turns(served):
    large = post(f"Content-Length: {8 * 1024**2 + 2}\r\n", b" " * (8 * 1024**2 + 1))  # all but the last byte
    with served.connect() as first:
        first.sendall(large)
        until(lambda: bodies._turn.locked())
        assert served.exchange(post("Content-Length: 2\r\n", b"{}"))[0] == 200  # small ones do not wait
        with served.connect() as second:
            second.sendall(large + b" ")
            second.settimeout(0.1)
            with pytest.raises(TimeoutError):
                second.recv(1)
            first.sendall(b" ")
            assert received(first)[1]["__type"] == "SerializationException"
            second.settimeout(10)
            assert received(second)[1]["__type"] == "SerializationException"


def test_a_client_that_goes_away_is_not_reported(served, capfd, monkeypatch):
    reported = threading.Event()
    handle_error = served.server.handle_error

    def noticing(*arguments):
        handle_error(*arguments)
        reported.set()

    def answer(*_):
        raise ConnectionResetError

    monkeypatch.setattr(served.server, "handle_error", noticing)
    monkeypatch.setattr("local.rekognition.server._Handler._send", answer)
    with served.connect() as connection:
        connection.sendall(post("Content-Length: 2\r\n", b"{}"))
        assert reported.wait(10)
    assert capfd.readouterr().err == ""
