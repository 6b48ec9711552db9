"""Every operation of the REST API, a module for each area: the source of its OpenAPI description, and of nothing at run time."""

from avocet.http.operations import dataset, jobs, models, openly, own, people, photos, review, running, species
from avocet.http.operations.shape import PHOTO_MEDIA_TYPES, Operation, Parameter, Success

__all__ = ["OPERATIONS", "PHOTO_MEDIA_TYPES", "Operation", "Parameter", "Success"]

OPERATIONS: tuple[Operation, ...] = (
    *photos.OPERATIONS,
    *species.OPERATIONS,
    *openly.OPERATIONS,
    *own.OPERATIONS,
    *review.OPERATIONS,
    *people.OPERATIONS,
    *jobs.OPERATIONS,
    *dataset.OPERATIONS,
    *models.OPERATIONS,
    *running.OPERATIONS,
)
