"""Keep the state in a folder, so that it survives a restart.

The files are pickles, as scikit-learn keeps its models: to load one is to run whatever it says. So a folder is only
ever read when it belongs to this user and nobody else may write to it; do not point the stand-in at files that came
from elsewhere. They are also only read by the versions of Python and of the learning libraries that wrote them.
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
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from local.rekognition.orders import TrainedModel

_FORMAT: Final = 1
_STATE: Final = "state.pickle"
_MODELS: Final = "models"
_LIBRARIES: Final = ("numpy", "scikit-learn", "scikit-image")


class StateFolderError(RuntimeError):
    """A folder cannot be used for the state; the message says what to do."""


class StateFolder:
    """One service's state on disk; each model has a file of its own, written once."""

    def __init__(self, folder: Path) -> None:
        """Take the folder for this process, and make it if it is not there. Raises StateFolderError."""
        self._folder = folder
        for each in (folder, folder / _MODELS):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_owner(each)
        self._lock = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise StateFolderError(f"another process uses {folder}: stop it or give another folder") from None
        # By identity: a model is never changed, and a copy of a version shares its source's.
        self._kept: dict[int, tuple[TrainedModel, str]] = {}

    def close(self) -> None:
        """Leave the folder to another process."""
        self._lock.close()

    def save(self, contents: dict[str, Any]) -> None:
        """Replace what the folder holds, at once: a crash leaves the old state or the new one."""
        stream = io.BytesIO()
        pickler = _Pickler(stream, self._keep_model)
        pickler.dump(contents)
        header = json.dumps({"format": _FORMAT, "written_by": _writer()})
        _replace(self._folder / _STATE, header.encode() + b"\n" + stream.getvalue())
        for file in (self._folder / _MODELS).iterdir():
            if file.name not in pickler.models:
                file.unlink()
        self._kept = {key: kept for key, kept in self._kept.items() if kept[1] in pickler.models}

    def load(self) -> dict[str, Any] | None:
        """Return what was saved last; None when nothing was. Raises StateFolderError."""
        file = self._folder / _STATE
        if not file.exists():
            return None
        header, _, body = file.read_bytes().partition(b"\n")
        found = json.loads(header)
        if found != {"format": _FORMAT, "written_by": _writer()}:
            raise StateFolderError(f"{file} was written by {found}, this is {_writer()}: delete it or use those")
        contents: dict[str, Any] = _Unpickler(io.BytesIO(body), self._model).load()
        return contents

    def _keep_model(self, model: TrainedModel) -> str:
        if id(model) not in self._kept:
            content = pickle.dumps(model)
            name = hashlib.sha256(content).hexdigest()
            _replace(self._folder / _MODELS / name, content)
            self._kept[id(model)] = (model, name)
        return self._kept[id(model)][1]

    def _model(self, name: str) -> TrainedModel:
        for model, kept in self._kept.values():
            if kept == name:
                return model
        file = self._folder / _MODELS / name
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != name:
            raise StateFolderError(f"{file} is damaged: delete the folder, its models must be trained again")
        loaded: TrainedModel = pickle.loads(content)  # see the top of the file
        self._kept[id(loaded)] = (loaded, name)
        return loaded


class _Pickler(pickle.Pickler):
    """Writes the name of a model's file in the model's place."""

    def __init__(self, stream: io.BytesIO, keep: Any) -> None:
        super().__init__(stream)
        self._keep = keep
        self.models: set[str] = set()

    def persistent_id(self, obj: Any) -> str | None:
        if not isinstance(obj, TrainedModel):
            return None
        name: str = self._keep(obj)
        self.models.add(name)
        return name


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, model: Any) -> None:
        super().__init__(stream)
        self._model = model

    def persistent_load(self, pid: Any) -> TrainedModel:
        model: TrainedModel = self._model(pid)
        return model


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
