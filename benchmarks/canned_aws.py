"""AWS on this machine that always says the same: `python -m benchmarks.canned_aws FOLDER` prints its port.

What a handler costs is measured against it, as nothing of its own cost is counted. S3 serves the files of FOLDER,
DynamoDB takes everything, and Rekognition sees the same label on every image.
"""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

VERSION_ARN: Final = "arn:aws:rekognition:us-east-1:000000000000:project/bench.bench/version/v1/1"
_LABEL: Final = {"Name": "crack", "Confidence": 91.5}
_STATE: Final = {"Item": {"PK": {"S": "PROJECT#bench"}, "SK": {"S": "STATE"}, "ActiveVersionArn": {"S": VERSION_ARN}}}
_PUBLISHED: Final = (
    b'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId>'
    b"</PublishResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PublishResponse>"
)
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d+)")


def main() -> None:
    """Serve until standard input closes."""
    folder = Path(sys.argv[1])
    objects = {file.name: file.read_bytes() for file in folder.iterdir()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(objects))
    server.daemon_threads = True
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


def _handler(objects: dict[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = objects[self.path.partition("?")[0].rpartition("/")[2]]
            wanted = _RANGE.match(self.headers.get("Range", ""))
            if not wanted:
                self._send(200, body, {"ETag": '"1"'})
                return
            first, last = int(wanted[1]), min(int(wanted[2]), len(body) - 1)
            said = {"ETag": '"1"', "Content-Range": f"bytes {first}-{last}/{len(body)}"}
            self._send(206, body[first : last + 1], said)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            target = self.headers.get("X-Amz-Target", "")
            if not target:
                self._send(200, _PUBLISHED, {"Content-Type": "text/xml"})
                return
            self._send(200, json.dumps(_answer(target)).encode(), {"Content-Type": "application/x-amz-json-1.0"})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    return Handler


def _answer(target: str) -> dict[str, Any]:
    match target.rpartition(".")[2]:
        case "DetectCustomLabels":
            return {"CustomLabels": [_LABEL]}
        case "GetItem":
            return _STATE
    return {}


if __name__ == "__main__":
    main()
