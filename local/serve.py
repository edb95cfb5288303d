"""Run one local cloud in this process: `python -m local.serve`. local/cloud.py starts it and says with what.

It ends when its standard input closes, that is, when the process that started it is gone; so nothing outlives a
killed terminal or test run. It keeps nothing, so it may also be killed at any time.
"""

import argparse
import asyncio
import functools
import os
import resource
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any

OVERLAY = Path(__file__).resolve().parent / "overlay"


def main() -> None:
    """Serve on the listening socket that was handed over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", type=int, required=True, help="file descriptor of the listening socket")
    parser.add_argument("--endpoint", required=True, help="URL that the socket is reached at")
    parser.add_argument("--scratch", type=Path, required=True, help="temporary folder to remove at the end")
    parser.add_argument("--certificate", type=Path, help="TLS certificate, with --key: serve HTTPS")
    parser.add_argument("--key", type=Path)
    parser.add_argument("--quotas", default="service", help="of Rekognition, see local/rekognition/quotas.py")
    arguments = parser.parse_args()
    threading.Thread(target=_end_with_parent, args=(arguments.scratch,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    os.environ["PYTHONPATH"] = str(OVERLAY)  # for the functions' interpreters
    _allow_files()
    application = _application(arguments.endpoint, arguments.certificate, arguments.quotas)
    asyncio.run(_serve(application, arguments.socket, arguments.certificate, arguments.key))


def _end_with_parent(scratch: Path) -> None:
    """End, with every function that runs, when standard input closes."""
    sys.stdin.buffer.read()
    shutil.rmtree(scratch, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


_MACOS_FILES = 10_240  # OPEN_MAX


def _allow_files() -> None:
    """Allow as many open files as may be had; macOS refuses more than 10,240, whatever its limit says."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard
    if sys.platform == "darwin":
        most = _MACOS_FILES if hard == resource.RLIM_INFINITY else min(hard, _MACOS_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _application(endpoint: str, certificate: Path | None, quotas: str) -> Any:
    # Imported here: ministack reads the environment when it is imported.
    import boto3
    from botocore.config import Config

    from local import emulator
    from local.rekognition.control import control
    from local.rekognition.objects import S3Objects
    from local.rekognition.quotas import quotas_from
    from local.rekognition.service import Rekognition
    from local.rekognition.topics import SessionKeys, SnsTopics

    # Workflows retry by their own Retry, so boto3 must not; a host prefix would name another host.
    config = Config(
        inject_host_prefix=False,
        retries={"total_max_attempts": 1},
        read_timeout=900,  # seconds, the longest that a function may run
        max_pool_connections=64,
    )
    making = threading.Lock()  # a boto3 session is not thread-safe, its clients are
    session = boto3.session.Session()

    def client(service: str, keys: emulator.Credentials, region: str) -> Any:
        with making:
            return session.client(
                service,
                region_name=region,
                endpoint_url=endpoint,
                verify=str(certificate) if certificate else None,
                aws_access_key_id=keys.access_key,
                aws_secret_access_key=keys.secret_key,
                aws_session_token=keys.session_token or None,
                config=config,
            )

    root = emulator.Credentials("test", "test", "")

    def topics_client(service: str, region: str, keys: SessionKeys | None = None) -> Any:
        given = emulator.Credentials(keys.access_key, keys.secret_key, keys.token) if keys else root
        return client(service, given, region)

    objects = S3Objects(client("s3", root, os.environ["MINISTACK_REGION"]))
    rekognition = Rekognition(objects=objects, quotas=quotas_from(quotas), topics=SnsTopics(topics_client))
    return emulator.install(rekognition, client, functools.partial(control, rekognition))


async def _serve(application: Any, listening: int, certificate: Path | None, key: Path | None) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{listening}"]
    config.keep_alive_timeout = 75  # seconds; longer than an SDK keeps an idle connection
    config.certfile = str(certificate) if certificate else None
    config.keyfile = str(key) if key else None
    await serve(application, config, shutdown_trigger=asyncio.Event().wait)


if __name__ == "__main__":
    main()
