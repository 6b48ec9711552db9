"""What is asked of a person's data, out of its queue: an export is made, a person erased, labels looked at again.

A message that fails comes back; what it asks for can be done twice.
"""

from typing import Any

from avocet.adapters.data_requests import ReceivedRequest, received
from avocet.http import people_wiring
from avocet.observability import correlated, log
from avocet.usecases.people_ports import DataRequest


def handler(event: dict[str, Any], _context: object) -> None:
    """Fulfil each request of the batch."""
    for message in event["Records"]:
        asked = received(message)
        with correlated(asked.correlation_id or None):
            _fulfil(asked)


def _fulfil(asked: ReceivedRequest) -> None:
    match asked.request:
        case DataRequest.EXPORT:
            photos = people_wiring.make_export()(asked.owner_id)
        case DataRequest.ERASE:
            photos = people_wiring.erase_person()(asked.owner_id, is_last_look=asked.is_last)
        case DataRequest.DOUBT:
            photos = people_wiring.doubt_labels()(asked.owner_id)
    # No id of the person: a log outlives the wish to be forgotten.
    log("fulfilled", request=asked.request, photos=photos, is_last_look=asked.is_last)
