import io
import json

import pytest
from botocore.response import StreamingBody

from lambdas import clients
from lambdas.add_entries import handler
from lambdas.add_entries.entries import next_part
from tests.unit.aws import Refusal, client_of

TRAIN = "arn:aws:rekognition:eu-west-1:123456789012:project/demo.digits/dataset/train/1"
TEST = TRAIN.replace("train", "test")


def line(number, **more):
    return json.dumps({"source-ref": f"s3://b/{number}.png", **more}).encode()


LINES = [line(number) for number in range(5)]
SIZE = len(LINES[0])


def test_lines_of_new_images_are_taken_and_those_of_known_ones_kept():
    part = next_part(LINES, 0, {"s3://b/1.png", "s3://b/3.png"})
    assert part.lines == (LINES[0], LINES[2], LINES[4])
    assert (part.offset, part.kept, part.done) == (5, 2, True)


def test_a_part_holds_what_one_call_takes_to_the_byte():
    two = 2 * SIZE + 1
    assert next_part(LINES, 0, set(), most_bytes=two).lines == tuple(LINES[:2])
    assert next_part(LINES, 0, set(), most_bytes=two - 1).lines == tuple(LINES[:1])
    assert len(next_part(LINES, 0, set(), most_bytes=two).body) == two


def test_the_parts_of_a_manifest_are_all_of_its_lines_once():
    taken, offset, done = [], 0, False
    while not done:
        part = next_part(LINES, offset, set(), most_bytes=2 * SIZE + 1)
        taken += part.lines
        offset, done = part.offset, part.done
    assert taken == LINES


@pytest.mark.parametrize("bad", [b"", b"{", b"[]", b"3", b"{}", b'{"source-ref": 3}', b"\xff"])
def test_a_line_that_names_no_image_is_left_out(bad):
    assert next_part([bad, LINES[0]], 0, set()).lines == (LINES[0],)


class DataSets:
    """Rekognition's data sets, in pages of two."""

    def __init__(self):
        self.entries = {TRAIN: [], TEST: []}
        self.updates = []
        self.refuse = {}

    def list_dataset_entries(self, DatasetArn, Labeled=None, NextToken="0"):  # noqa: N803
        if "list" in self.refuse:
            raise Refusal(self.refuse["list"])
        found = [text for text in self.entries[DatasetArn] if not Labeled or "cl-metadata" in text]
        start = int(NextToken)
        more = {"NextToken": str(start + 2)} if found[start + 2 :] else {}
        return {"DatasetEntries": found[start : start + 2]} | more

    def update_dataset_entries(self, DatasetArn, Changes):  # noqa: N803
        if "update" in self.refuse:
            raise Refusal(self.refuse["update"])
        self.updates.append((DatasetArn, Changes["GroundTruth"].split(b"\n")))
        return {}


class Bucket:
    def get_object(self, Bucket, Key, VersionId):  # noqa: N803
        body = b"\n".join(LINES)
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}


@pytest.fixture
def datasets():
    return DataSets()


@pytest.fixture
def add(monkeypatch, datasets, lambda_context):
    fakes = {"rekognition": client_of("rekognition", datasets), "s3": client_of("s3", Bucket())}
    monkeypatch.setattr(clients.boto3, "client", lambda service, **_: fakes[service])
    monkeypatch.setattr("time.sleep", lambda _: None)
    clients.client.cache_clear()
    event = {"DatasetArn": TRAIN, "OtherDatasetArn": TEST, "Offset": 0}
    event["Manifest"] = {"Bucket": "b", "Name": "digits/lot/train.manifest", "Version": "v1"}
    yield lambda **changed: handler.handle(event | changed, lambda_context)
    clients.client.cache_clear()


def test_labels_that_people_gave_stay_and_an_image_stays_in_the_data_set_that_it_is_in(add, datasets):
    labelled = {"cl-metadata": {"is_labeled": True}}
    datasets.entries[TRAIN] = [line(0).decode(), *(line(n, **labelled).decode() for n in (1, 7, 8))]
    datasets.entries[TEST] = [line(n).decode() for n in (9, 10, 2)]
    assert add() == {"Offset": 5, "Done": True, "Added": 3, "Kept": 2}
    assert datasets.updates == [(TRAIN, [LINES[0], LINES[3], LINES[4]])]


def test_where_all_images_are_known_nothing_is_changed(add, datasets):
    datasets.entries[TEST] = [text.decode() for text in LINES]
    assert add() == {"Offset": 5, "Done": True, "Added": 0, "Kept": 5}
    assert datasets.updates == []


def test_a_project_without_the_other_data_set_is_asked_for_one_only(add, datasets):
    del datasets.entries[TEST]
    assert add(OtherDatasetArn="")["Added"] == 5


@pytest.mark.parametrize("call", ["list", "update"])
@pytest.mark.parametrize("code", ["ResourceInUseException", "ResourceNotReadyException"])
def test_a_data_set_that_is_being_changed_is_tried_again_from_the_same_line(add, datasets, call, code):
    datasets.refuse[call] = code
    assert add(Offset=2) == {"Offset": 2, "Done": False, "Added": 0, "Kept": 0}


def test_another_refusal_is_an_error(add, datasets):
    datasets.refuse["update"] = "LimitExceededException"
    with pytest.raises(Exception, match="LimitExceeded"):
        add()
