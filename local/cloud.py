"""Start and stop a local cloud: the emulator and the Rekognition stand-in, in one process of their own.

Several may run at once, each with its own folder and port. Nothing is left when one is stopped but its log.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

import boto3
import botocore.session
import trustme
from botocore.config import Config

from local.toolchain import CHECKOUT

REGION = "us-east-1"
ACCOUNT = "000000000000"
HEALTH = "/_ministack/health"

PROFILE_FILE = "aws-profile"
PROFILE_TEXT = f"[default]\nregion = {REGION}\naws_access_key_id = test\naws_secret_access_key = test\n"

# What the process may inherit. Everything else (proxies, certificates, AWS settings) would reach the functions
# too, which inherit from it.
INHERITED = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TZ", "USER")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


class Profile(StrEnum):
    """How strict a local cloud is."""

    PLAIN = "plain"  # HTTP; every call is allowed
    STRICT = "strict"  # HTTPS; signatures, IAM policies and bucket policies are enforced


class LocalCloudError(RuntimeError):
    """The local cloud did not start; the message ends with the last lines of its log."""


@dataclass(frozen=True)
class Running:
    """A local cloud that runs."""

    profile: Profile
    endpoint: str
    folder: Path
    log: Path
    certificate: Path | None
    process: subprocess.Popen[bytes] = field(repr=False)
    lock: IO[str] = field(repr=False)  # held while it runs, so that no other run takes its folder

    @property
    def scratch(self) -> Path:
        """Where it keeps what does not outlive it."""
        return self.folder / "scratch"

    def environment(self) -> dict[str, str]:
        """Return what a client (boto3, the CDK CLI, the AWS CLI) needs to talk to this cloud and no other."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",  # the emulator's own root key
            "AWS_SESSION_TOKEN": "",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            # A profile cannot be unset from here, so it is one of this cloud's own.
            "AWS_PROFILE": "default",
            "AWS_CONFIG_FILE": str(self.scratch / PROFILE_FILE),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.scratch / PROFILE_FILE),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "CDK_HOME": str(self.scratch / "cdk"),  # it remembers account numbers by access key
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            **dict.fromkeys(PROXIES, ""),
            **dict.fromkeys(("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), str(self.certificate or "")),
        }

    def client(self, service: str) -> Any:
        """Return a boto3 client of this cloud's root user, whatever the environment says."""
        session = botocore.session.Session()
        for variable in ("config_file", "credentials_file"):
            session.set_config_variable(variable, str(self.scratch / PROFILE_FILE))
        session.set_config_variable("profile", "default")
        return boto3.session.Session(botocore_session=session).client(
            service,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's own root key
            region_name=REGION,
            verify=str(self.certificate) if self.certificate else None,
            config=Config(proxies={}, inject_host_prefix=False),
        )

    def tail(self, lines: int = 20) -> str:
        """Return the last lines of the log."""
        return tail(self.log, lines)

    def stop(self, grace_seconds: float = 5.0) -> None:
        """End the process and every function that it runs, and remove its scratch folder."""
        if self.process.stdin:
            self.process.stdin.close()
        if self.process.poll() is None:
            self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(grace_seconds)
        kill_group(self.process)
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.lock.close()


def start(
    profile: Profile,
    folder: Path,
    port: int = 0,
    wait_scale: float = 0.01,
    patience_seconds: float = 60.0,
    quotas: str = "service",
) -> Running:
    """Start a local cloud in `folder` and return it when it answers.

    Port 0 takes a free one. Workflows wait `wait_scale` times what their definitions say. Rekognition has the
    `quotas` that local/rekognition/quotas.py reads.
    Raises LocalCloudError when another one runs in the folder, when the port is taken, when it dies or does not
    answer in time.
    """
    lock = _lock(folder)
    try:
        return _start(profile, folder, port, wait_scale, patience_seconds, quotas, lock)
    except BaseException:
        lock.close()
        raise


def _start(
    profile: Profile,
    folder: Path,
    port: int,
    wait_scale: float,
    patience_seconds: float,
    quotas: str,
    lock: IO[str],
) -> Running:
    scratch = folder / "scratch"
    log = folder / "cloud.log"
    # Bound here and handed over, so that no other process can take the port in between.
    with _bound(port) as listening, log.open("wb") as output:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        (scratch / PROFILE_FILE).write_text(PROFILE_TEXT)
        certificate, key = _certificate(scratch) if profile is Profile.STRICT else (None, None)
        port = listening.getsockname()[1]
        endpoint = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        command = [
            sys.executable,
            "-m",
            "local.serve",
            f"--socket={listening.fileno()}",
            f"--endpoint={endpoint}",
        ]
        command += [f"--scratch={scratch}", f"--quotas={quotas}"]
        command += [f"--certificate={certificate}", f"--key={key}"] if certificate else []
        process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=_server_environment(profile, scratch, port, wait_scale, certificate, key),
            stdin=subprocess.PIPE,  # its end of file tells the process that this one is gone
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[listening.fileno()],
            start_new_session=True,
        )
    running = Running(profile, endpoint, folder, log, certificate, process, lock)
    try:
        _wait_until_it_answers(running, patience_seconds)
    except BaseException:
        running.stop(grace_seconds=0)
        raise
    return running


def _lock(folder: Path) -> IO[str]:
    """Take the folder for this process until the file is closed; its end, however it comes, gives it back."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip()
        lock.close()
        raise LocalCloudError(f"process {holder} runs a local cloud in {folder}; stop it first") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _bound(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise LocalCloudError(f"port {port} of 127.0.0.1 cannot be had ({error}); name another") from error


@contextmanager
def local_cloud(
    profile: Profile, folder: Path, port: int = 0, wait_scale: float = 0.01, quotas: str = "service"
) -> Iterator[Running]:
    """Run a local cloud for the length of a `with` block."""
    running = start(profile, folder, port, wait_scale, quotas=quotas)
    try:
        yield running
    finally:
        running.stop()


def tail(log: Path, lines: int) -> str:
    """Return the last lines of a text file."""
    with log.open(errors="replace") as text:
        return "".join(deque(text, maxlen=lines))


def _server_environment(
    profile: Profile, scratch: Path, port: int, wait_scale: float, certificate: Path | None, key: Path | None
) -> dict[str, str]:
    strict = profile is Profile.STRICT
    return {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        "AUTH": str(strict).lower(),
        "USE_SSL": "1" if strict else "0",
        "MINISTACK_SSL_CERT": str(certificate or ""),
        "MINISTACK_SSL_KEY": str(key or ""),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "SFN_WAIT_SCALE": str(wait_scale),
        "TMPDIR": str(scratch),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONUNBUFFERED": "1",
    }


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1, from an authority that nobody else trusts; return it and its key."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    # Chain and authority in one file: it is what the server shows and what clients trust.
    certificate.write_bytes(b"".join(blob.bytes() for blob in [*issued.cert_chain_pems, authority.cert_pem]))
    key.touch(mode=0o600)
    issued.private_key_pem.write_to_path(key)
    return certificate, key


def _wait_until_it_answers(running: Running, patience_seconds: float) -> None:
    context = ssl.create_default_context(cafile=running.certificate) if running.certificate else None
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    handlers += [urllib.request.HTTPSHandler(context=context)] if context else []
    opener = urllib.request.build_opener(*handlers)
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            raise LocalCloudError(f"the local cloud died, see {running.log}:\n{running.tail()}")
        try:
            with opener.open(running.endpoint + HEALTH, timeout=1) as answer:
                json.load(answer)
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.05)
    raise LocalCloudError(f"no answer in {patience_seconds:.0f} s, see {running.log}:\n{running.tail()}")


def kill_group(process: subprocess.Popen[Any]) -> None:
    """Kill a process and all that it started; the group outlives its first process."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
