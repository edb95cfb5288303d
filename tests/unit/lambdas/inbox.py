"""CloudFormation, as a custom resource's function knows it: the address that takes the answer."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Inbox(ThreadingHTTPServer):
    """The address that CloudFormation names for the answer."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Receiver)
        self.answers = []
        self.content_types = []
        self.refuse = 0  # so many of the next answers
        self.url = f"http://127.0.0.1:{self.server_address[1]}/answer"


class _Receiver(BaseHTTPRequestHandler):
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refused, self.server.refuse = self.server.refuse > 0, max(0, self.server.refuse - 1)
        if not refused:
            self.server.answers.append(json.loads(body))
            self.server.content_types.append(self.headers["Content-Type"])
        self.send_response(503 if refused else 200)
        self.end_headers()

    def log_message(self, *_):
        pass
