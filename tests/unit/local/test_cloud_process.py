"""Starting and stopping: nothing may be left behind, however it ends."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local import cloud
from local.cloud import CHECKOUT, LocalCloudError, Profile, start


def until(look: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def group_is_gone(leader: int) -> bool:
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return True
    return False


def test_stopping_leaves_no_process_and_only_the_log(tmp_path: Path) -> None:
    running = start(Profile.PLAIN, tmp_path)
    assert not group_is_gone(running.process.pid)
    running.stop()
    assert group_is_gone(running.process.pid)
    assert {left.name for left in tmp_path.iterdir()} == {"cloud.log", "lock"}


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    starter = (
        "import os, sys; from pathlib import Path; from local.cloud import Profile, start\n"
        "print(start(Profile.PLAIN, Path(sys.argv[1])).process.pid, flush=True); os._exit(1)"
    )
    done = subprocess.run(
        [sys.executable, "-c", starter, str(tmp_path)], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    until(lambda: group_is_gone(int(done.stdout)))
    assert not (tmp_path / "scratch").exists()


def test_an_early_death_is_reported_with_the_end_of_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud, "CHECKOUT", tmp_path)  # there is no package `local` there
    with pytest.raises(LocalCloudError, match="No module named"):
        start(Profile.PLAIN, tmp_path / "cloud")
    assert not (tmp_path / "cloud" / "scratch").exists()


def test_a_port_that_is_taken_is_an_error_at_once(tmp_path: Path) -> None:
    running = start(Profile.PLAIN, tmp_path / "one")
    try:
        with pytest.raises(LocalCloudError, match="in use"):
            start(Profile.PLAIN, tmp_path / "two", port=int(running.endpoint.rsplit(":", 1)[1]))
    finally:
        running.stop()


def test_a_second_start_in_the_same_folder_is_refused_and_leaves_the_first_alone(tmp_path: Path) -> None:
    running = start(Profile.PLAIN, tmp_path)
    try:
        with pytest.raises(LocalCloudError, match=f"process {os.getpid()} runs a local cloud in"):
            start(Profile.PLAIN, tmp_path)
        assert (running.scratch / cloud.PROFILE_FILE).is_file()
        assert running.client("sts").get_caller_identity()["Account"] == cloud.ACCOUNT
    finally:
        running.stop()
    start(Profile.PLAIN, tmp_path).stop()


def test_the_environment_keeps_clients_away_from_any_other_cloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere.pem")
    running = start(Profile.STRICT, tmp_path)
    try:
        script = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | running.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.strip() == cloud.ACCOUNT, done.stderr
        assert running.client("sts").get_caller_identity()["Account"] == cloud.ACCOUNT
    finally:
        running.stop()
