import json

import pytest

from cli.sources import Manifest, ManifestError, Prefix, Refused
from lambdas.images import ImageRef
from lambdas.stored_images import StoredImage
from tests.unit.aws import client_of


@pytest.fixture
def s3(buckets):
    return client_of("s3", buckets)


@pytest.fixture
def manifest(tmp_path, s3):
    """Write a manifest; return its reader, two lines at a time."""

    def write(name, text):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return Manifest(s3, file, page=2)

    return write


def images(source, after=None):
    return [stored for portion in source.portions(after) for stored in portion.images]


def test_a_prefix_is_read_page_by_page_and_goes_on_after_any_of_them(s3, buckets):
    for number in range(5):
        buckets.add("images", f"digits/{number}.png")
    source = Prefix(s3, "images", "digits/", page=2)
    portions = list(source.portions())
    assert [len(portion.images) for portion in portions] == [2, 2, 1]
    assert portions[-1].after is None
    for at, portion in enumerate(portions[:-1]):
        saved = json.loads(json.dumps(portion.after))
        assert images(source, saved) == [stored for later in portions[at + 1 :] for stored in later.images]


def test_json_lines_have_raw_keys_and_a_version_if_they_like(manifest, buckets):
    buckets.add("images", "digits/a+b %41.png", "v7", 12)
    lines = [
        {"bucket": "images", "key": "digits/a+b %41.png"},
        {"bucket": "images", "key": "digits/é.png", "version": "v1", "error": "said before"},
    ]
    source = manifest("list.jsonl", "\n".join(map(json.dumps, lines)) + "\n\n")
    assert source.total == 2
    assert images(source) == [
        StoredImage(ImageRef("images", "digits/a+b %41.png", "v7"), 12),
        StoredImage(ImageRef("images", "digits/é.png", "v1"), 0),
    ]


def test_csv_has_encoded_keys_as_s3_inventory_writes_them(manifest, buckets):
    buckets.add("images", "digits/a+b c,é.png", "v7", 12)
    source = manifest("list.csv", '"images","digits/a%2Bb+c%2C%C3%A9.png"\nimages,digits/b.png,v1\n')
    assert images(source) == [
        StoredImage(ImageRef("images", "digits/a+b c,é.png", "v7"), 12),
        StoredImage(ImageRef("images", "digits/b.png", "v1"), 0),
    ]


def test_an_object_of_a_bucket_without_versions_has_the_version_null(manifest, buckets):
    buckets.add("other", "a.png", "null", 3)
    assert images(manifest("list.csv", "other,a.png\n")) == [StoredImage(ImageRef("other", "a.png", "null"), 3)]


def test_an_object_that_is_not_there_is_refused_and_the_others_are_read(manifest, buckets):
    buckets.add("images", "digits/b.png")
    (portion,) = manifest("list.csv", "images,digits/a.png\nimages,digits/b.png\n").portions()
    assert [stored.image.key for stored in portion.images] == ["digits/b.png"]
    ((refused),) = portion.refused
    assert (refused.bucket, refused.key) == ("images", "digits/a.png")
    assert "404" in refused.reason


def test_folders_and_videos_of_a_manifest_are_skipped(manifest, buckets):
    buckets.add("images", "digits/", size=0)
    (portion,) = manifest("list.csv", "images,digits/\nimages,videos/digits/a.mp4,v1\n").portions()
    assert (portion.images, portion.skipped) == ([], 2)


def test_a_manifest_goes_on_after_the_lines_that_were_done(manifest):
    text = "".join(f"images,digits/{number}.png,v1\n" for number in range(5))
    source = manifest("list.csv", text)
    assert [portion.after for portion in source.portions()] == [2, 4, 5]
    assert [stored.image.key for stored in images(source, 4)] == ["digits/4.png"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "images,digits/a.png,v1,true\n", "row 1: 4 columns"),
        ("a.csv", "images\n", "row 1: 1 columns"),
        ("a.jsonl", '{"bucket": "b", "key": "k"}\n{"bucket": "b"}\n', "entry 2"),
        ("a.jsonl", "images,digits/a.png\n", "ends in .csv"),
        ("a.jsonl", '{"bucket": "b", "key": "k", "version": 5}\n', "entry 1"),
        ("a.jsonl", "[]\n", "entry 1"),
    ],
)
def test_a_manifest_that_is_none_is_refused_with_its_line(manifest, name, text, said):
    with pytest.raises(ManifestError, match=said):
        _ = manifest(name, text).total


@pytest.mark.parametrize("content", [None, b"\x1f\x8b\xff\xfe"])
def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path, s3, content):
    file = tmp_path / "list.csv"
    if content:
        file.write_bytes(content)
    with pytest.raises(ManifestError, match="cannot be read as text"):
        _ = Manifest(s3, file).total


def test_what_was_refused_is_a_line_of_a_manifest(manifest):
    refused = Refused("images", "digits/a.png", "v1", "Odd: said")
    assert images(manifest("again.jsonl", json.dumps(refused.to_json()))) == [
        StoredImage(ImageRef("images", "digits/a.png", "v1"), 0)
    ]
