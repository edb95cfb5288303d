import pytest

from lambdas.images import ImageRef
from lambdas.stored_images import Position, StoredImage, list_page
from tests.unit.aws import client_of
from tests.unit.s3 import Buckets


@pytest.fixture
def buckets():
    buckets = Buckets()
    buckets.versions["images"] = []
    return buckets


@pytest.fixture
def s3(buckets):
    return client_of("s3", buckets)


def listed(s3, prefix="digits/", limit=1000):
    """List a prefix to its end; return the keys with their versions, and how many were skipped."""
    found, skipped, after = [], 0, None
    while True:
        page = list_page(s3, "images", prefix, after, limit)
        found += [(stored.image.key, stored.image.version) for stored in page.images]
        skipped += page.skipped
        if page.next is None:
            return found, skipped
        after = page.next


def test_an_image_is_listed_with_its_version_and_size(s3, buckets):
    buckets.add("images", "digits/a+b %41.png", "v1", 12)
    page = list_page(s3, "images", "digits/")
    assert page.images == [StoredImage(ImageRef("images", "digits/a+b %41.png", "v1"), 12)]
    assert page.next is None


def test_only_the_current_version_of_a_key_is_listed_and_none_of_a_deleted_one(s3, buckets):
    buckets.add("images", "digits/a.png", "v1")
    buckets.add("images", "digits/a.png", "v2")
    buckets.add("images", "digits/gone.png", "v1")
    buckets.deleted.add(("images", "digits/gone.png"))
    assert listed(s3) == ([("digits/a.png", "v2")], 0)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_leave_nothing_out_and_say_nothing_twice(s3, buckets, limit):
    for number in range(4):
        buckets.add("images", f"digits/{number}.png", "v1")
        buckets.add("images", f"digits/{number}.png", "v2")
    found, _ = listed(s3, limit=limit)
    assert found == [(f"digits/{number}.png", "v2") for number in range(4)]


def test_a_page_says_where_to_go_on(s3, buckets):
    for key in ("digits/a.png", "digits/b.png"):
        buckets.add("images", key)
    assert list_page(s3, "images", "digits/", limit=1).next == Position("digits/a.png", "v1")


def test_folders_of_the_console_and_videos_are_skipped_and_counted(s3, buckets):
    buckets.add("images", "digits/", size=0)
    buckets.add("images", "digits/sub/", size=0)
    buckets.add("images", "digits/odd/", size=3)
    buckets.add("images", "videos/digits/a.mp4")
    assert listed(s3, prefix="") == ([("digits/odd/", "v1")], 3)
