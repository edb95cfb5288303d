"""Run the stand-in: `python -m local.rekognition --port 4600 --s3-endpoint http://127.0.0.1:4566`."""

from __future__ import annotations

import signal
import sys
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError

from local.rekognition.objects import S3Objects
from local.rekognition.options import MISTAKE, PROGRAM, Options, options
from local.rekognition.server import Server
from local.rekognition.service import Rekognition
from local.rekognition.storage import StateFolderError
from local.rekognition.topics import NO_TOPICS, SessionKeys, SnsTopics


def main() -> int:
    """Serve until interrupted or terminated."""
    given = options(description=__doc__)
    try:
        server = Server(given.port)  # first of all: what is kept need not be taken up for nothing
    except OSError as error:
        return _refused(f"port {given.port}: {error.strerror}: give another --port, or 0 for any free one")
    with server:
        try:
            server.rekognition = _rekognition(given)
        except StateFolderError as error:
            return _refused(f"argument --state: {error}")
        except BotoCoreError as error:
            return _refused(f"S3 client: {error}: mend the AWS variables or files that boto3 reads")
        try:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            print(f"Rekognition is at http://127.0.0.1:{server.server_port}", flush=True)
            server.serve_forever()
        except KeyboardInterrupt:
            print("Stopped.")
    server.rekognition.close()
    return 0


def _rekognition(given: Options) -> Rekognition:
    return Rekognition(
        objects=S3Objects(boto3.client("s3", endpoint_url=given.s3_endpoint)),
        durations=given.durations,
        quotas=given.quotas,
        faults=given.faults,
        bill_starting=given.bill_starting,
        folder=given.folder,
        topics=SnsTopics(partial(_client, given.sns_endpoint)) if given.sns_endpoint else NO_TOPICS,
    )


def _refused(why: str) -> int:
    print(f"{PROGRAM}: error: {why}", file=sys.stderr)
    return MISTAKE


def _client(endpoint: str, service: str, region: str, keys: SessionKeys | None = None) -> Any:
    """Make a client of the endpoint; without keys, with the credentials of the environment."""
    session = boto3.session.Session()  # its own: the default one may not be shared by threads
    given = {} if keys is None else keys.arguments()
    return session.client(service, region_name=region, endpoint_url=endpoint, **given)


if __name__ == "__main__":
    sys.exit(main())
