"""Keep the state in a folder, so that it survives a restart.

The state is one file; what is large and never changes (a model, what was seen in a video) has a file of its own, which
is written once. All are pickles, as scikit-learn keeps its models: to load one is to run whatever it says. So a folder
is only ever read when it belongs to this user and nobody else may write to it; do not point the stand-in at files that
came from elsewhere. They are also only read by the versions of Python and of the learning libraries that wrote them.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import pickle
import platform
import stat
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from local.rekognition.orders import TrainedModel
from local.rekognition.video_job import Sightings

_FORMAT: Final = 2
_STATE: Final = "state.pickle"
_PARTS: Final = "parts"
_LIBRARIES: Final = ("numpy", "scikit-learn")


Part = TrainedModel | Sightings


class StateFolderError(RuntimeError):
    """A folder cannot be used for the state; the message says what to do."""


class StateFolder:
    """One service's state on disk."""

    def __init__(self, folder: Path) -> None:
        """Take the folder for this process, and make it if it is not there. Raises StateFolderError."""
        self._folder = folder
        try:
            for each in (folder, folder / _PARTS):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
                _check_owner(each)
            self._lock = (folder / "lock").open("w")
        except OSError as error:
            raise StateFolderError(f"{folder}: {error.strerror}: name a folder that you may write to") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise StateFolderError(f"another process uses {folder}: stop it or give another folder") from None
        # By identity: a part is never changed, and a copy of a version shares its source's model.
        self._kept: dict[int, tuple[Part, str]] = {}

    def close(self) -> None:
        """Leave the folder to another process."""
        self._lock.close()

    def save(self, contents: dict[str, Any]) -> None:
        """Replace what the folder holds, at once: a crash leaves the old state or the new one."""
        stream = io.BytesIO()
        pickler = _Pickler(stream, self._keep_part)
        pickler.dump(contents)
        body = stream.getvalue()
        header = json.dumps({"format": _FORMAT, "written_by": _writer(), "sha256": _digest(body)})
        _replace(self._folder / _STATE, header.encode() + b"\n" + body)
        for file in (self._folder / _PARTS).iterdir():
            if file.name not in pickler.parts:
                file.unlink()
        self._kept = {key: kept for key, kept in self._kept.items() if kept[1] in pickler.parts}

    def load(self) -> dict[str, Any] | None:
        """Return what was saved last; None when nothing was. Raises StateFolderError."""
        file = self._folder / _STATE
        if not file.exists():
            return None
        header, _, body = self._read(file).partition(b"\n")
        try:
            found = json.loads(header)
        except (ValueError, RecursionError):
            raise _damaged(file) from None
        expected = found.pop("sha256", None) if isinstance(found, dict) else None
        if found != {"format": _FORMAT, "written_by": _writer()}:
            raise StateFolderError(
                f"{file} was written by {found}, this is {_writer()} with format {_FORMAT}: delete it or use those"
            )
        if _digest(body) != expected:
            raise _damaged(file)
        contents: dict[str, Any] = self._unpickled(file, body)
        return contents

    def _keep_part(self, part: Part) -> str:
        if id(part) not in self._kept:
            content = pickle.dumps(part)
            name = _digest(content)
            _replace(self._folder / _PARTS / name, content)
            self._kept[id(part)] = (part, name)
        return self._kept[id(part)][1]

    def _part(self, name: str) -> Part:
        for part, kept in self._kept.values():
            if kept == name:
                return part
        file = self._folder / _PARTS / name
        content = self._read(file)
        if _digest(content) != name:
            raise _damaged(file)
        loaded: Part = self._unpickled(file, content)
        self._kept[id(loaded)] = (loaded, name)
        return loaded

    def _unpickled(self, file: Path, content: bytes) -> Any:
        try:
            return _Unpickler(io.BytesIO(content), self._part).load()  # see the top of the file
        except (pickle.UnpicklingError, AttributeError, ImportError, IndexError, EOFError, TypeError) as error:
            # The file is whole, so it names what this code no longer has.
            raise StateFolderError(f"{file} is of another release ({error}): delete the folder or use that") from error

    def _read(self, file: Path) -> bytes:
        try:
            return file.read_bytes()
        except OSError as error:
            raise StateFolderError(f"{file}: {error.strerror}: make it readable, or delete the folder") from error


class _Pickler(pickle.Pickler):
    """Writes the name of a part's file in the part's place."""

    def __init__(self, stream: io.BytesIO, keep: Callable[[Part], str]) -> None:
        super().__init__(stream)
        self._keep = keep
        self.parts: set[str] = set()

    def persistent_id(self, obj: Any) -> str | None:
        if not isinstance(obj, Part):
            return None
        name = self._keep(obj)
        self.parts.add(name)
        return name


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, part: Callable[[str], Part]) -> None:
        super().__init__(stream)
        self._part = part

    def persistent_load(self, pid: Any) -> Part:
        return self._part(pid)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _damaged(file: Path) -> StateFolderError:
    return StateFolderError(f"{file} is damaged: delete the folder, its models must be trained again")


def _writer() -> dict[str, str]:
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, **{library: version(library) for library in _LIBRARIES}}


def _check_owner(folder: Path) -> None:
    found = folder.stat()
    if found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StateFolderError(f"{folder} belongs to another user or others may write to it: chmod 700 your own")


def _replace(file: Path, content: bytes) -> None:
    new = file.with_name(f".{file.name}.new")
    with new.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)
