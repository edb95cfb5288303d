"""Decoding processes that do what a picture may do to them: `Decoder(module=...)` runs one by its name here."""

import os
import signal
import sys
import time

from lambdas.pictures import decoder_process

DEADLY, HANGING, BABBLING, HUNGRY = (b"BM" + word + b"\0" * 80 for word in (b"die", b"hang", b"babble", b"eat"))


def serve(connection_file: int, memory_bytes: int, cpu_seconds: int) -> None:
    """Serve as ever, but obey what these files say."""
    decode = decoder_process.normalised

    def obey(file, file_format, **bounds):
        word = file.read(8)
        file.seek(0)
        if word.startswith(DEADLY[:5]):
            os.kill(os.getpid(), signal.SIGSEGV)
        if word.startswith(HANGING[:6]):
            time.sleep(600)
        if word.startswith(BABBLING[:8]):
            sys.stdout.write("out" * 100_000)
            sys.stderr.write("err" * 1_000_000)
            sys.stderr.flush()
        if word.startswith(HUNGRY[:5]):
            bytearray(memory_bytes)
        return decode(file, file_format, **bounds)

    decoder_process.normalised = obey
    decoder_process.serve(connection_file, memory_bytes, cpu_seconds)
