"""Run the stand-in: `python -m local.rekognition --port 4600 --s3-endpoint http://127.0.0.1:4566`."""

from __future__ import annotations

import argparse

import boto3

from local.rekognition.objects import S3Objects
from local.rekognition.server import serve
from local.rekognition.service import Rekognition


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m local.rekognition", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (the default): any free port")
    parser.add_argument("--s3-endpoint", help="where S3 is; AWS itself when not given")
    options = parser.parse_args()
    objects = S3Objects(boto3.client("s3", endpoint_url=options.s3_endpoint))
    with serve(Rekognition(objects=objects), options.port) as server:
        print(f"Rekognition is at http://127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("Stopped.")


if __name__ == "__main__":
    main()
