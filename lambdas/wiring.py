"""What several functions work with, made of their environments."""

from functools import cache

from lambdas.clients import client
from lambdas.environment import TellsResults
from lambdas.label_objects import LabelObjects
from lambdas.results import ResultsTable
from lambdas.telling import Teller
from lambdas.work_messages import Queues


@cache
def queues_of(verb_noun: str) -> Queues:
    """Return the queues of a function."""
    return Queues(client("sqs"), verb_noun)


def teller_from(environment: TellsResults) -> Teller:
    """Return what tells of results, with the results table in it."""
    objects = LabelObjects(client("s3"), environment.results_bucket)
    results = ResultsTable(client("dynamodb"), environment.results_table, objects)
    return Teller(sns=client("sns"), results=results, results_topic_arn=environment.results_topic_arn)
