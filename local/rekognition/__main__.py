"""Run the stand-in: `python -m local.rekognition --port 4600 --s3-endpoint http://127.0.0.1:4566`."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

import boto3

from local.rekognition.objects import S3Objects
from local.rekognition.server import serve
from local.rekognition.service import Rekognition
from local.rekognition.topics import NO_TOPICS, SessionKeys, SnsTopics


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m local.rekognition", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (the default): any free port")
    parser.add_argument("--s3-endpoint", help="where S3 is; AWS itself when not given")
    parser.add_argument(
        "--sns-endpoint", help="where SNS and STS are, for the ends of video jobs; nobody is told when not given"
    )
    options = parser.parse_args()
    objects = S3Objects(boto3.client("s3", endpoint_url=options.s3_endpoint))
    topics = SnsTopics(partial(_client, options.sns_endpoint)) if options.sns_endpoint else NO_TOPICS
    with serve(Rekognition(objects=objects, topics=topics), options.port) as server:
        print(f"Rekognition is at http://127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("Stopped.")


def _client(endpoint: str, service: str, region: str, keys: SessionKeys | None = None) -> Any:
    """Make a client of the endpoint; without keys, with the credentials of the environment."""
    session = boto3.session.Session()  # its own: the default one may not be shared by threads
    given = {} if keys is None else keys.arguments()
    return session.client(service, region_name=region, endpoint_url=endpoint, **given)


if __name__ == "__main__":
    main()
