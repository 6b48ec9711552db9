"""Giving photos in the API's JSON: the upload, what one says of it, and the terms it is given under."""

from dataclasses import dataclass, field

from avocet.domain.contribution import ContributionStatus, Feedback
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, PHOTO_ID_PATTERN, SPECIES_ID_PATTERN, TIMESTAMP_EXAMPLE


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """A photo that is about to be uploaded."""

    size_bytes: int = field(metadata={"ge": 1, "le": 25 * 1024 * 1024, "description": "Size of the photo."})


@dataclass(frozen=True, slots=True)
class UploadGranted:
    """Leave to upload one photo: post `fields` and then the photo as `file`, as multipart/form-data, to `url`."""

    upload_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    url: str = field(metadata={"examples": ["https://uploads.example.org/"]})
    fields: dict[str, str] = field(metadata={"description": "Form fields to send unchanged, before the file."})
    expires_at: str = field(
        metadata={"description": "Until when the upload may begin.", "examples": [TIMESTAMP_EXAMPLE]}
    )
    max_bytes: int = field(metadata={"ge": 1})


@dataclass(frozen=True, slots=True)
class FeedbackRequest:
    """An answer to a prediction."""

    feedback: Feedback = field(metadata={"description": "confirmed: the first species is right."})
    species_id: str | None = field(
        default=None,
        metadata={
            "pattern": SPECIES_ID_PATTERN,
            "description": "The right species, any of the world list; for corrected only.",
            "examples": ["pied-avocet"],
        },
    )


@dataclass(frozen=True, slots=True)
class FeedbackTaken:
    """The feedback is recorded and the photo is in the raw dataset."""

    prediction_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    photo_id: str = field(metadata={"pattern": PHOTO_ID_PATTERN, "examples": [PHOTO_ID_EXAMPLE]})
    feedback: Feedback
    species_id: str | None
    status: ContributionStatus
    given_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    terms_version: str
    licence: str = field(metadata={"examples": ["CC-BY-4.0"]})


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """What a photo really shows."""

    species_id: str = field(metadata={"pattern": SPECIES_ID_PATTERN, "examples": ["pied-avocet"]})


@dataclass(frozen=True, slots=True)
class TermsAcceptance:
    """Which terms of contribution one accepts."""

    terms_version: str = field(metadata={"max_length": 32, "examples": ["2026-11"]})


@dataclass(frozen=True, slots=True)
class TermsAccepted:
    """What one's contributions are given under from now on."""

    terms_version: str
    licence: str = field(metadata={"examples": ["CC-BY-4.0"]})
    accepted_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
