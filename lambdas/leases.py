"""What an invocation takes the lease of a job with: the name of a delivery, and for how long it may need the job."""

from typing import Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.work_messages import Message

SPARE_SECONDS: Final = 5.0  # that Lambda may take to end an invocation that is out of time


def holder(context: LambdaContext, message: Message) -> str:
    """Name a delivery, unlike any other."""
    return f"{context.aws_request_id}/{message.id}"


def lease_seconds(context: LambdaContext) -> float:
    """Return the seconds after which the invocation has certainly ended."""
    return context.get_remaining_time_in_millis() / 1000 + SPARE_SECONDS
