"""Run the stand-in: `python -m local.rekognition --port 4600 --s3-endpoint http://127.0.0.1:4566`."""

from __future__ import annotations

import signal
import sys

import boto3

from local.rekognition.objects import S3Objects
from local.rekognition.options import options
from local.rekognition.server import serve
from local.rekognition.service import Rekognition
from local.rekognition.storage import StateFolderError


def main() -> int:
    """Serve until interrupted or terminated."""
    given = options(description=__doc__)
    try:
        rekognition = Rekognition(
            objects=S3Objects(boto3.client("s3", endpoint_url=given.s3_endpoint)),
            durations=given.durations,
            quotas=given.quotas,
            faults=given.faults,
            bill_starting=given.bill_starting,
            folder=given.folder,
        )
    except StateFolderError as error:
        print(error, file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with serve(rekognition, given.port) as server:
        print(f"Rekognition is at http://127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("Stopped.")
    rekognition.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
