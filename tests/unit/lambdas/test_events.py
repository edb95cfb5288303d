import json

import pytest

from lambdas.events import MalformedEventError, ObjectCreated, created_object, object_created
from lambdas.images import ImageRef


def event(key="digits/a.png", **object_parts):
    stored = {"key": key, "size": 12, "etag": "e", "version-id": "v1"} | object_parts
    return {"detail-type": "Object Created", "detail": {"bucket": {"name": "images"}, "object": stored}}


@pytest.mark.parametrize(
    "key",
    ["digits/a b.png", "digits/a+b.png", "digits/%41.png", "digits/é.png", "digits/🦊.png", "digits/日本/1.png"],
)
def test_a_key_arrives_as_s3_stores_it(key):
    assert object_created(json.dumps(event(key))).object == ImageRef("images", key, "v1")


def test_an_event_says_version_and_size():
    assert object_created(json.dumps(event())) == ObjectCreated(ImageRef("images", "digits/a.png", "v1"), 12)


def test_an_event_without_size_has_none():
    said = event()
    del said["detail"]["object"]["size"]
    assert object_created(json.dumps(said)).size == 0


@pytest.mark.parametrize("body", ["", "no json", "[]", "null", "3", '"text"', "{}", '{"detail": 5}', '{"detail": {}}'])
def test_what_is_no_s3_event_is_malformed(body):
    with pytest.raises(MalformedEventError):
        object_created(body)


@pytest.mark.parametrize("part", [{"key": 5}, {"key": ""}, {"version-id": None}, {"size": "12"}])
def test_parts_of_the_wrong_kind_are_malformed(part):
    with pytest.raises(MalformedEventError):
        object_created(json.dumps(event(**part)))


def test_an_event_of_an_unversioned_bucket_is_malformed_and_told_so():
    said = event()
    del said["detail"]["object"]["version-id"]
    with pytest.raises(MalformedEventError, match="is the bucket versioned"):
        created_object(said)
