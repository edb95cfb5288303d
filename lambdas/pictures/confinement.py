"""Processes without credentials and with bounded memory and time, for decoders of hostile files."""

import ctypes
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import IO, Final

_FUNCTION_MEGABYTES: Final = 256  # for the function itself, with ten pictures of 4 MB on their way
_DEFAULT_MEGABYTES: Final = 1024  # of the function, where nothing says
_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h
_MAX_LOG: Final = 64 * 1024  # bytes of stderr: libraries may be made to complain for ever

# The child's path is the function's own: layers and local clouds set it in ways that no environment variable tells.
_START: Final = (
    "import sys; module, file, memory, seconds, *sys.path = sys.argv[1:]; "
    "from importlib import import_module; import_module(module).serve(int(file), int(memory), int(seconds))"
)


def start_confined(
    module: str, *, memory_bytes: int, cpu_seconds: int, log: IO[bytes], **environment: str
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a process that runs `module.serve(connection's file, memory, seconds)`; return it and our connection.

    `module.serve` bounds itself by `limit` and `allow_seconds`. What it writes to stderr goes into `log`.
    """
    _hide()
    ours, theirs = socket.socketpair()
    arguments = [module, theirs.fileno(), memory_bytes, cpu_seconds, *sys.path]
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", _START, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            pass_fds=[theirs.fileno()],
            env=_environment() | environment,
        )
    return process, ours


def memory_left(environment: Mapping[str, str]) -> int:
    """Return the bytes that a function of this environment leaves to its decoding process."""
    megabytes = int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", _DEFAULT_MEGABYTES))
    return max(megabytes - _FUNCTION_MEGABYTES, _FUNCTION_MEGABYTES) * 1024 * 1024


def limit(memory_bytes: int) -> None:
    """Bound what this process can take: address space, files, core dumps."""
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, _MAX_LOG),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def allow_seconds(cpu_seconds: int) -> None:
    """Give what comes next so many seconds of CPU; then this process is killed, though nobody waits for it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + cpu_seconds + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _hide() -> None:
    """Keep this process's credentials from others of its user: on Linux these could read its environment and memory.

    The process that is started is not hidden: what is executed anew begins with a flag of its own.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, *map(ctypes.c_ulong, (0, 0, 0, 0))) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE) failed, so a decoder could read credentials")


def _environment() -> dict[str, str]:
    """Return the function's environment without its credentials."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {"MALLOC_ARENA_MAX": "1"}  # glibc's arenas would eat the address space
