"""Feedback as the API shows it once it is taken."""

from avocet.domain.contribution import PhotoRecord
from avocet.http.schema.contributing import FeedbackTaken
from avocet.http.views import timestamp


def feedback_taken(record: PhotoRecord) -> FeedbackTaken:
    """Show the feedback in ``record``.

    Raises:
        ValueError: There is none.
    """
    contribution = record.contribution
    if contribution is None:
        raise ValueError("no feedback to show")
    return FeedbackTaken(
        prediction_id=record.photo_id,
        photo_id=record.photo_id,
        feedback=contribution.answer.feedback,
        species_id=contribution.answer.species_id,
        status=contribution.status,
        given_at=timestamp(contribution.given_at),
        terms_version=contribution.consent.terms_version,
        licence=contribution.consent.licence,
    )
