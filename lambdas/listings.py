"""How far the images of a start job are listed: one item beside the start job (`JOB#<start id>`, `LISTING`).

What is sent to a queue was recorded and counted here before, page by page. So the total is exact, and whoever goes on
after a crash sends the very same page again, whatever was put into the bucket meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.errors import error_code
from lambdas.images import ImageRef
from lambdas.items import from_item, to_item
from lambdas.stored_images import Page, Position, StoredImage

# Versions that one page is listed from: an item has 400 KB, a key 1 KB, a version 32 characters.
PAGE: Final = 250

_SORT_KEY: Final = "LISTING"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The images of a start job, as far as they are listed."""

    start_id: str
    bucket: str
    prefix: str = ""
    step: int = 0
    page: tuple[StoredImage, ...] = ()  # recorded and counted; sent before the next page is listed
    total: int = 0  # images recorded so far, those of this page too
    after: Position | None = None  # where to go on; None at the beginning
    ended: bool = False  # no page follows this one
    expires_at: int | None = None  # epoch seconds

    def followed_by(self, page: Page) -> "Listing":
        """Return the listing with its next page."""
        return replace(
            self,
            step=self.step + 1,
            page=tuple(page.images),
            total=self.total + len(page.images),
            after=page.next,
            ended=page.next is None,
        )

    def emptied(self) -> "Listing":
        """Return the listing once its last page was sent."""
        return replace(self, step=self.step + 1, page=())


@dataclass(frozen=True)
class Listings:
    """The listings of a deployment, through a boto3 DynamoDB client and the results table's name."""

    dynamodb: Any
    name: str

    def open(self, listing: Listing) -> None:
        """Write a new listing; nothing happens where there is one already."""
        self._put(listing, "attribute_not_exists(PK)", {})

    def get(self, start_id: str) -> Listing | None:
        """Return the listing of a start job, or None where there is none or it has expired."""
        answer = self.dynamodb.get_item(TableName=self.name, Key=to_item(_key(start_id)), ConsistentRead=True)
        return _listing(start_id, from_item(answer["Item"])) if "Item" in answer else None

    def advance(self, listing: Listing) -> bool:
        """Write the step after the one that stands; False where another delivery has gone on already."""
        return self._put(listing, "Step = :before", {":before": listing.step - 1})

    def _put(self, listing: Listing, condition: str, values: dict[str, Any]) -> bool:
        said = {"ExpressionAttributeValues": to_item(values)} if values else {}
        try:
            self.dynamodb.put_item(
                TableName=self.name, Item=to_item(_item(listing)), ConditionExpression=condition, **said
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True


def _key(start_id: str) -> dict[str, str]:
    return {"PK": f"JOB#{start_id}", "SK": _SORT_KEY}


def _item(listing: Listing) -> dict[str, Any]:
    after = {"After": [listing.after.key, listing.after.version]} if listing.after else {}
    expires = {"ExpiresAt": listing.expires_at} if listing.expires_at else {}
    return {
        **_key(listing.start_id),
        "Bucket": listing.bucket,
        "Prefix": listing.prefix,
        "Step": listing.step,
        "Page": [[stored.image.key, stored.image.version, stored.size] for stored in listing.page],
        "ImagesListed": listing.total,
        "Ended": listing.ended,
        **after,
        **expires,
    }


def _listing(start_id: str, item: dict[str, Any]) -> Listing:
    return Listing(
        start_id=start_id,
        bucket=item["Bucket"],
        prefix=item["Prefix"],
        step=item["Step"],
        page=_page(item["Bucket"], item["Page"]),
        total=item["ImagesListed"],
        after=Position(*item["After"]) if "After" in item else None,
        ended=item["Ended"],
        expires_at=item.get("ExpiresAt"),
    )


def _page(bucket: str, said: Sequence[Sequence[Any]]) -> tuple[StoredImage, ...]:
    return tuple(StoredImage(ImageRef(bucket, key, version), size) for key, version, size in said)
