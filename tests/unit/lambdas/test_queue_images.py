import json

import pytest
from botocore.exceptions import ClientError

from lambdas.events import object_created
from lambdas.images import job_id
from lambdas.jobs import JobStatus
from lambdas.listings import PAGE, Listing, Listings
from lambdas.queue_images import handler, queueing
from lambdas.queue_images.queueing import ListedElsewhereError, PageUnsentError, Queuer
from lambdas.start_jobs import StartJob, StartJobs
from lambdas.stored_images import Page, list_page
from tests.unit.aws import Refusal, client_of
from tests.unit.s3 import Buckets
from tests.unit.sqs import Queues

START = "0" * 32
IMAGES_QUEUE = "https://sqs.test/custom-labels-demo-detect_labels-digits"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:told"


class Sns:
    def __init__(self):
        self.told = []

    def publish(self, TopicArn, Message, MessageAttributes):  # noqa: N803
        self.told.append((TopicArn, json.loads(Message)))
        return {"MessageId": "m"}


@pytest.fixture
def buckets():
    buckets = Buckets()
    buckets.versions["images"] = []
    return buckets


@pytest.fixture
def queues():
    return Queues()


@pytest.fixture
def sns():
    return Sns()


@pytest.fixture
def queuer(dynamodb, buckets, queues, monkeypatch):
    monkeypatch.setattr(queueing, "PAGE", 4)
    queuer = Queuer(
        s3=client_of("s3", buckets),
        sqs=client_of("sqs", queues),
        deployment="demo",
        starts=StartJobs(dynamodb, "results"),
        listings=Listings(dynamodb, "results"),
    )
    start = StartJob(id=START, project="digits", created_at=1, job_tag="line-7", notification_topic=TOPIC)
    queuer.starts.open(start, now=1)
    queuer.listings.open(Listing(start_id=START, bucket="images", prefix="digits/"))
    return queuer


@pytest.fixture
def handle(queuer, queues, sns, monkeypatch, lambda_context):
    """Run the handler with one message; `seconds` are what is left at each look, the last for good."""
    clients = {"sqs": queuer.sqs, "sns": client_of("sns", sns)}
    monkeypatch.setattr(handler, "client", clients.__getitem__)
    monkeypatch.setattr(handler, "_queuer", lambda: queuer)

    def run(*seconds):
        left = list(seconds or [60])
        lambda_context.get_remaining_time_in_millis = lambda: 1000 * (left.pop(0) if len(left) > 1 else left[0])
        record = {
            "messageId": "m1",
            "receiptHandle": "r1",
            "body": json.dumps({"JobId": START}),
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:custom-labels-demo-queue_images",
        }
        return handler.handle({"Records": [record]}, lambda_context)

    return run


def stored(buckets, count):
    names = [f"digits/{number:04}.png" for number in range(count)]
    for name in names:
        buckets.add("images", name, size=9)
    return names


def sent(queues):
    return [object_created(body).object.key for body in queues.bodies(IMAGES_QUEUE)]


def plenty():
    return 60.0


def test_every_image_is_put_into_the_projects_queue_as_a_job_of_the_start(queuer, buckets, queues):
    names = stored(buckets, 10)
    assert queuer.queue(START, plenty) is True
    assert sorted(sent(queues)) == names
    arrival = object_created(queues.bodies(IMAGES_QUEUE)[0])
    assert arrival.size == 9
    request = arrival.request
    assert (request.project, request.run, request.start_job_id, request.job_tag) == ("digits", START, START, "line-7")
    assert request.notification_topic is None  # the start job is told of there, once, and not each image
    assert queuer.starts.get(START).total == 10


def test_an_image_that_was_detected_before_is_a_job_of_its_own(queuer, buckets, queues):
    stored(buckets, 1)
    queuer.queue(START, plenty)
    arrival = object_created(queues.bodies(IMAGES_QUEUE)[0])
    assert job_id(arrival.object, "digits", arrival.request.run) != job_id(arrival.object, "digits")


def test_what_does_not_fit_into_the_time_goes_on_where_it_was(queuer, buckets, queues):
    names = stored(buckets, 10)
    looks = iter([60.0, 5.0])
    assert queuer.queue(START, lambda: next(looks)) is False
    assert sent(queues) == names[:4]
    assert queuer.starts.get(START).total is None
    assert queuer.queue(START, plenty) is True
    assert sorted(set(sent(queues))) == names
    assert queuer.starts.get(START).total == 10


def test_each_invocation_gets_further_however_short_it_is(queuer, buckets):
    stored(buckets, 10)
    looks = []
    while not queuer.queue(START, lambda: 60.0 if (looks.append(1) or len(looks) % 2) else 5.0):
        assert len(looks) < 20
    assert queuer.starts.get(START).total == 10


def test_a_crash_after_sending_sends_the_same_page_again_whatever_has_changed_since(
    queuer, buckets, queues, table, monkeypatch
):
    names = stored(buckets, 6)
    crash_at(queuer.listings, 2, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        queuer.queue(START, plenty)
    assert sent(queues) == names[:4]
    buckets.add("images", "digits/0000-new.png")  # before the place where the listing is
    buckets.versions["images"] = [one for one in buckets.versions["images"] if one[0] != names[1]]
    queuer.queue(START, plenty)
    assert sorted(set(sent(queues))) == names
    assert queuer.starts.get(START).total == len(names)


def crash_at(listings, call, monkeypatch):
    """Let a call of `advance` die, before it has written."""
    advance, calls = Listings.advance, []

    def dying(self, listing):
        calls.append(listing)
        if len(calls) == call:
            raise KeyboardInterrupt
        return advance(self, listing)

    monkeypatch.setattr(Listings, "advance", dying)


def test_a_page_that_could_not_be_sent_whole_is_not_passed_over(queuer, buckets, queues):
    names = stored(buckets, 6)
    queues.fail_entries[names[1]] = [True]
    with pytest.raises(PageUnsentError, match="1 of 4 images"):
        queuer.queue(START, plenty)
    assert queuer.starts.get(START).total is None
    queuer.queue(START, plenty)
    assert sorted(set(sent(queues))) == names


def test_of_two_deliveries_one_goes_on_and_the_other_lets_it(queuer, buckets, monkeypatch):
    stored(buckets, 6)
    standing = queuer.listings.get(START)
    queuer.listings.advance(standing.followed_by(Page([], 0, None)))
    monkeypatch.setattr(Listings, "get", lambda self, start_id: standing)
    with pytest.raises(ListedElsewhereError):
        queuer.queue(START, plenty)


def test_a_start_job_that_is_listed_or_has_expired_is_left_alone(queuer, buckets, queues, table):
    stored(buckets, 3)
    queuer.queue(START, plenty)
    buckets.add("images", "digits/later.png")
    assert queuer.queue(START, plenty) is True
    table.items.clear()
    assert queuer.queue(START, plenty) is True
    assert len(sent(queues)) == 3


def test_an_emptied_listing_takes_no_room(queuer, buckets, table):
    stored(buckets, 3)
    queuer.queue(START, plenty)
    assert table.items[f"JOB#{START}", "LISTING"]["Page"] == {"L": []}


def test_a_listing_comes_back_as_it_was_written(queuer, buckets):
    listing = Listing(start_id="1" * 32, bucket="images", prefix="p", expires_at=77)
    queuer.listings.open(listing)
    assert queuer.listings.get("1" * 32) == listing
    queuer.listings.open(Listing(start_id="1" * 32, bucket="other"))
    assert queuer.listings.get("1" * 32) == listing


def test_the_longest_page_fits_into_an_item(queuer, buckets):
    for number in range(PAGE):
        buckets.add("images", f"digits/{number:04}{'é' * 500}.png", version="v" * 32, size=10**10)
    page = list_page(queuer.s3, "images", "digits/", None, PAGE)
    assert len(page.images) == PAGE
    # The table refuses items of more than 400 KB.
    assert queuer.listings.advance(queuer.listings.get(START).followed_by(page))


def test_a_message_whose_images_are_all_queued_is_done(handle, buckets, sns):
    stored(buckets, 3)
    assert handle() == {"batchItemFailures": []}
    assert sns.told == []  # the images themselves are not done


def test_a_message_that_has_more_to_do_comes_back_at_once(handle, buckets, queues):
    stored(buckets, 10)
    assert handle(60, 5) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert queues.calls[-1] == "show r1 in 0"


def test_a_prefix_without_images_is_a_start_job_that_is_done_and_told_of_once(handle, queuer, sns):
    handle()
    handle()
    start = queuer.starts.get(START)
    assert (start.status, start.total) == (JobStatus.SUCCEEDED, 0)
    ((topic, message),) = sns.told
    assert topic == TOPIC
    assert (message["JobId"], message["Status"]) == (START, "SUCCEEDED")


@pytest.mark.parametrize("code", ["SlowDown", "ThrottlingException"])
def test_a_call_that_may_work_later_brings_the_message_back_in_its_time(handle, buckets, queues, code, monkeypatch):
    stored(buckets, 3)
    monkeypatch.setattr(buckets, "list_object_versions", refusing(code))
    assert handle() == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert not any(call.startswith("show") for call in queues.calls)


def test_a_call_that_is_refused_ends_the_start_job_with_the_reason_and_is_told(
    handle, buckets, queuer, sns, monkeypatch
):
    stored(buckets, 3)
    monkeypatch.setattr(buckets, "list_object_versions", refusing("AccessDenied"))
    assert handle() == {"batchItemFailures": []}
    start = queuer.starts.get(START)
    assert start.status is JobStatus.FAILED
    assert "AccessDenied" in start.status_message
    ((_, message),) = sns.told
    assert message["Status"] == "FAILED"


def refusing(code):
    def refuse(**_):
        raise Refusal(code, 403)

    return refuse


def test_images_that_sqs_fails_bring_the_message_back(handle, buckets, queues):
    names = stored(buckets, 3)
    queues.fail_entries[names[0]] = [True]
    assert handle() == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_the_refusal_of_the_queue_is_raised_by_the_verb(queuer, buckets, queues):
    stored(buckets, 1)
    queues.refusals["send_message_batch"] = [Refusal("AccessDenied", 403)]
    with pytest.raises(ClientError):
        queuer.queue(START, plenty)
