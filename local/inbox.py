"""The embedded cloud's mailbox: a queue that hears everything the admins' topic says, since no mail leaves a laptop."""

import json

from local.aws import Place
from local.deployment import Outputs

_RETENTION_S = 14 * 24 * 3600


def open_inbox(place: Place, outputs: Outputs) -> str:
    """Subscribe the mailbox to the admins' topic, if it is not; return the address it can be read at."""
    sqs, name = place.client("sqs"), f"avocet-{place.environment}-inbox"
    url = sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": str(_RETENTION_S)})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": outputs.admin_topic}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    # Subscribing again changes nothing.
    place.client("sns").subscribe(TopicArn=outputs.admin_topic, Protocol="sqs", Endpoint=arn)
    return f"{place.endpoint}/_avocet/inbox"
