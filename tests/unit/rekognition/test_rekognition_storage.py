"""State that survives the process."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from PIL import Image
from rekognition_bench import ACCOUNT, DURATIONS, REGION, Bench, drawing, put_drawings, shapes_data

from local.rekognition.storage import StateFolder, StateFolderError


def bench_in(folder: Path, before: Bench | None = None) -> Bench:
    """Return a bench on a folder, with the clock and the objects of the one before."""
    more = {"clock": before.clock, "objects": before.objects} if before else {}
    return Bench(more={"folder": folder}, **more)


def restarted(bench: Bench) -> Bench:
    bench.service.close()
    return bench_in(bench.more["folder"], bench)


@pytest.fixture
def kept(tmp_path) -> Bench:
    return bench_in(tmp_path / "state")


def trained_in(bench: Bench) -> str:
    project = bench.call("CreateProject", ProjectName="shapes", Tags={"a": "b"})["ProjectArn"]
    version = bench.create_version(project, **shapes_data(bench))
    assert bench.trained(version)["Status"] == "TRAINING_COMPLETED"
    return version


def test_projects_models_tags_and_usage_are_there_after_a_restart(kept):
    version = trained_in(kept)
    kept.run(version)
    described, projects = kept.describe(version), kept.call("DescribeProjects")
    again = restarted(kept)
    assert (again.describe(version), again.call("DescribeProjects")) == (described, projects)
    assert [label["Name"] for label in again.detect(version, drawing("disc", 555))] == ["disc"]
    project = projects["ProjectDescriptions"][0]["ProjectArn"]
    assert again.call("ListTagsForResource", ResourceArn=project)["Tags"] == {"a": "b"}
    again.clock.pass_(100)
    assert again.service.usage()[version].billed_unit_seconds == 100


def test_what_was_answered_is_kept_without_a_farewell(kept, tmp_path):
    kept.call("CreateProject", ProjectName="p")
    kept.service._folder.close()  # as a killed process does
    again = bench_in(tmp_path / "state", kept)
    assert [p["ProjectArn"].split("/")[1] for p in again.call("DescribeProjects")["ProjectDescriptions"]] == ["p"]


def test_time_goes_on_while_it_is_down(kept):
    version = trained_in(kept)
    kept.call("StartProjectVersion", ProjectVersionArn=version, MinInferenceUnits=1)
    kept.service.close()
    kept.clock.pass_(DURATIONS.starting)
    assert bench_in(kept.more["folder"], kept).describe(version)["Status"] == "RUNNING"


def test_a_training_that_was_cut_off_begins_again(kept):
    project = kept.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    begun: list[object] = []
    kept.service._trainers.begin = lambda *_: begun.append(1)  # it never gets to work
    version = kept.create_version(project, **shapes_data(kept))
    assert begun
    assert restarted(kept).trained(version)["Status"] == "TRAINING_COMPLETED"


def test_a_reading_that_was_cut_off_begins_again(kept):
    project = kept.call("CreateProject", ProjectName="shapes")["ProjectArn"]
    source = kept.put_manifest("a.manifest", put_drawings(kept, "all", 4))["Assets"][0]
    kept.service._readers._readers.begin = lambda *_: None  # it never gets to work
    request = {"ProjectArn": project, "DatasetType": "TRAIN", "DatasetSource": source}
    dataset = kept.call("CreateDataset", **request)["DatasetArn"]
    kept.clock.pass_(DURATIONS.dataset)
    assert kept.dataset(dataset)["Status"] == "CREATE_IN_PROGRESS"
    again = restarted(kept)
    again.wait_while(lambda: again.dataset(dataset)["Status"] == "CREATE_IN_PROGRESS")
    assert again.dataset(dataset)["DatasetStats"]["TotalEntries"] == 4


def test_models_are_written_once_and_go_with_their_version(kept, tmp_path):
    version = trained_in(kept)
    parts = tmp_path / "state" / "parts"
    (file,) = parts.iterdir()
    written = file.stat().st_mtime_ns
    kept.call("CreateProject", ProjectName="other")
    assert [each.stat().st_mtime_ns for each in parts.iterdir()] == [written]
    kept.call("DeleteProjectVersion", ProjectVersionArn=version)
    kept.clock.pass_(DURATIONS.deleting)
    kept.call("DescribeProjects")
    kept.call("CreateProject", ProjectName="third")
    assert list(parts.iterdir()) == []


def test_a_token_goes_on_after_a_restart(kept):
    for name in "abc":
        kept.call("CreateProject", ProjectName=name)
    token = kept.call("DescribeProjects", MaxResults=1)["NextToken"]
    rest = restarted(kept).call("DescribeProjects", NextToken=token)["ProjectDescriptions"]
    assert [project["ProjectArn"].split("/")[1] for project in rest] == ["b", "a"]


def test_the_meter_does_not_count_the_time_while_it_is_down(kept):
    version = trained_in(kept)
    kept.run(version)
    kept.clock.pass_(100)
    kept.service.close()
    kept.clock.pass_(1000)
    again = bench_in(kept.more["folder"], kept)
    assert again.describe(version)["Status"] == "RUNNING"
    assert again.service.usage()[version].billed_unit_seconds == 100
    again.clock.pass_(10)
    again.call("StopProjectVersion", ProjectVersionArn=version)
    again.clock.pass_(10)
    assert again.service.usage()[version].billed_unit_seconds == 110
    assert restarted(again).service.usage()[version].billed_unit_seconds == 110


def test_a_start_that_ends_while_it_is_down_is_billed_from_the_restart(kept):
    version = trained_in(kept)
    kept.call("StartProjectVersion", ProjectVersionArn=version, MinInferenceUnits=1)
    kept.clock.pass_(5)
    kept.service.close()
    kept.clock.pass_(DURATIONS.starting + 1000)
    again = bench_in(kept.more["folder"], kept)
    again.clock.pass_(7)
    used = again.service.usage()[version]
    assert (used.running_unit_seconds, used.starting_unit_seconds) == (7, 5)


def test_a_human_loop_is_still_in_use_after_a_crash(kept, tmp_path):
    flow = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:flow-definition/review"
    request = {
        "Image": {"Bytes": base64.b64encode(magenta()).decode()},
        "HumanLoopConfig": {"HumanLoopName": "one", "FlowDefinitionArn": flow},
    }
    kept.call("DetectModerationLabels", **request)
    kept.service._folder.close()  # as a killed process does
    again = bench_in(tmp_path / "state", kept)
    assert again.error("DetectModerationLabels", **request) == "InvalidParameterException"


def magenta() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (80, 80), (255, 0, 255)).save(stream, "PNG")
    return stream.getvalue()


def test_reset_forgets_on_disk_too_and_no_arn_comes_twice(kept):
    first = kept.call("CreateProject", ProjectName="p")["ProjectArn"]
    kept.service.reset()
    assert kept.service.usage() == {}
    again = restarted(kept)
    assert again.call("DescribeProjects")["ProjectDescriptions"] == []
    assert again.call("CreateProject", ProjectName="p")["ProjectArn"] != first


def test_a_training_that_ends_after_a_reset_leaves_nothing(bench, project):
    version = bench.create_version(project, **shapes_data(bench))
    bench.service.reset()
    bench.service.close()  # waits for it
    assert not bench.service._state.has_version(version)


def test_a_folder_serves_one_process_at_a_time(kept, tmp_path):
    with pytest.raises(StateFolderError, match="another process uses"):
        bench_in(tmp_path / "state")


def test_a_folder_that_others_may_write_to_is_refused(tmp_path):
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(StateFolderError, match="chmod 700"):
        StateFolder(folder)


def test_files_of_other_versions_are_not_unpickled(kept, tmp_path):
    kept.call("CreateProject", ProjectName="p")
    kept.service.close()
    file = tmp_path / "state" / "state.pickle"
    header, _, _ = file.read_bytes().partition(b"\n")
    changed = json.loads(header) | {"format": 0}
    file.write_bytes(json.dumps(changed).encode() + b"\nno pickle")
    with pytest.raises(StateFolderError, match="was written by"):
        bench_in(tmp_path / "state")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"\xff" + content,
        lambda content: b"[]\n" + content,
        lambda content: content[:-1],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    ],
    ids=["empty", "no JSON", "no object", "cut", "a bit"],
)
def test_a_damaged_state_is_not_unpickled(kept, tmp_path, damage):
    kept.call("CreateProject", ProjectName="p")
    kept.service.close()
    file = tmp_path / "state" / "state.pickle"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(StateFolderError, match=r"state\.pickle (is damaged|was written by).*: delete"):
        bench_in(tmp_path / "state")


def test_a_damaged_model_is_not_unpickled(kept, tmp_path):
    trained_in(kept)
    kept.service.close()
    (file,) = (tmp_path / "state" / "parts").iterdir()
    file.write_bytes(b"no pickle")
    with pytest.raises(StateFolderError, match="is damaged"):
        bench_in(tmp_path / "state")


def test_a_missing_model_is_named(kept, tmp_path):
    trained_in(kept)
    kept.service.close()
    (file,) = (tmp_path / "state" / "parts").iterdir()
    file.unlink()
    with pytest.raises(StateFolderError, match=f"{file.name}: No such file.*delete the folder"):
        bench_in(tmp_path / "state")


def test_a_state_of_another_release_is_refused(kept, tmp_path, monkeypatch):
    kept.call("CreateProject", ProjectName="p")
    kept.service.close()
    monkeypatch.delattr("local.rekognition.lifecycle.Project")
    with pytest.raises(StateFolderError, match="is of another release"):
        StateFolder(tmp_path / "state").load()


def test_a_state_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "state.pickle").mkdir()
    with pytest.raises(StateFolderError, match=r"state\.pickle: Is a directory"):
        StateFolder(tmp_path).load()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateFolderError, match="file: File exists: name a folder"):
        StateFolder(tmp_path / "file")
