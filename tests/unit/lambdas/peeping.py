"""A function and its decoding process, which looks into the function for credentials and tells what it could read.

Run it as a module: where it is root, it first gives up root's capabilities, with which all can be read. A function in
Lambda has none.
"""

import ctypes
import os
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from lambdas.pictures.confinement import limit, start_confined
from lambdas.pictures.framing import receive, send

_PR_CAPBSET_DROP = 24  # linux/prctl.h


def serve(connection_file: int, memory_bytes: int, cpu_seconds: int) -> None:
    """Tell which files of the function's process can be opened, and open one of its own as the video decoder does."""
    limit(memory_bytes)
    readable = []
    for name in ("environ", "mem", "maps", "fd/0"):
        with suppress(PermissionError), Path(f"/proc/{os.getppid()}/{name}").open("rb"):
            readable.append(name)
    with tempfile.TemporaryFile() as own, Path(f"/proc/self/fd/{own.fileno()}").open("rb"):
        readable.append("own")
    with socket.socket(fileno=connection_file) as connection:
        send(connection, {"readable": readable})


def main() -> None:
    """Print what the decoding process tells."""
    if os.geteuid() == 0 and "dropped" not in sys.argv:
        libc = ctypes.CDLL(None)
        for capability in range(64):
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # refuses those that this kernel does not have
        os.execv(sys.executable, [*sys.orig_argv, "dropped"])  # what is executed has only what is left
    with tempfile.TemporaryFile() as log:
        process, connection = start_confined(__spec__.name, memory_bytes=2**31, cpu_seconds=10, log=log)
        with connection, process:
            print(receive(connection)[0]["readable"])


if __name__ == "__main__":
    main()
