"""Export what is kept about a person: one archive with every answer, every prediction and every photo of theirs."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import IO, Any, cast

from avocet.domain.contribution import PhotoRecord
from avocet.domain.trust import TrustRecord
from avocet.domain.whereabouts import whereabouts_of
from avocet.usecases.dataset_ports import DatasetPhotos, Objects
from avocet.usecases.notice_ports import NotificationChoices
from avocet.usecases.people_ports import (
    Accounts,
    DataRequest,
    DataRequests,
    Exports,
    OwnPhotos,
    StoredExport,
    TrustBook,
)
from avocet.usecases.ports import Clock, People

# Whoever asks again soon is given what is there; later something new may have come in.
_GOOD_FOR = timedelta(hours=1)
# Longer than making one may take: then it was lost on the way, and asking again sends it again.
_PATIENCE = timedelta(minutes=20)
_PAGE = 100
# The zip format counts years from here.
_STAMP = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class AskForExport:
    """Takes the wish."""

    exports: Exports
    requests: DataRequests
    clock: Clock

    def __call__(self, owner_id: str) -> StoredExport | None:
        """Return the export that lies ready; None while it is being made, which this begins."""
        now, ready = self.clock(), self.exports.find(owner_id)
        if ready is not None and now - ready.made_at < _GOOD_FOR:
            return ready
        asked = self.exports.asked_at(owner_id)
        is_under_way = asked is not None and now - asked < _PATIENCE and (ready is None or ready.made_at < asked)
        if not is_under_way:
            self.requests.send(DataRequest.EXPORT, owner_id)
            self.exports.note_asked(owner_id)
        return None


@dataclass(frozen=True, kw_only=True)
class MakeExport:
    """Makes the archive; photos pass through one at a time."""

    own_photos: OwnPhotos
    photos: DatasetPhotos
    people: People
    accounts: Accounts
    trust: TrustBook
    notifications: NotificationChoices
    raw_objects: Objects
    exports: Exports

    def __call__(self, owner_id: str) -> int:
        """Write the archive, over one that is there; return how many photos it holds."""
        count = 0
        with self.exports.create(owner_id) as file, zipfile.ZipFile(cast("IO[bytes]", file), "w") as archive:
            listed: list[Mapping[str, object]] = []
            for records in self._pages(owner_id):
                known = self.photos.find_many([record.photo_id for record in records])
                for record in records:
                    photo = self._photo(record)
                    name = f"photos/{record.photo_id}.jpg" if photo is not None else None
                    if name is not None and photo is not None:
                        archive.writestr(zipfile.ZipInfo(name, _STAMP), photo)
                        count += 1
                    place = whereabouts_of(record, known.get(record.photo_id))
                    listed.append({**_told(record), "status": place.stage, "reason": place.reason, "photo": name})
            archive.writestr(zipfile.ZipInfo("contributions.json", _STAMP), _text(listed))
            archive.writestr(zipfile.ZipInfo("person.json", _STAMP), _text(self._person(owner_id)))
        return count

    def _pages(self, owner_id: str) -> Iterator[list[PhotoRecord]]:
        after = None
        while True:
            page = self.own_photos.of_owner(owner_id, limit=_PAGE, after=after)
            yield list(page.records)
            after = page.next
            if after is None:
                return

    def _photo(self, record: PhotoRecord) -> bytes | None:
        contribution = record.contribution
        if contribution is None or contribution.stored_key is None or record.withdrawn_at is not None:
            return None
        return self.raw_objects.get(contribution.stored_key)

    def _person(self, owner_id: str) -> Mapping[str, object]:
        account, accepted = self.accounts.find(owner_id), self.people.find(owner_id)
        told = self.notifications.find(owner_id)
        judged = self.trust.find_many([owner_id]).get(owner_id, TrustRecord()).judgements
        return {
            "id": owner_id,
            "account": dict(account.attributes) if account else None,
            "reviewed_labels": [asdict(each) for each in judged],
            "roles": sorted(account.roles) if account else [],
            "since": _moment(account.created_at) if account else None,
            "notifications": {
                "kinds": sorted(told.choice.kinds),
                "language": told.choice.language,
                "email": told.address,
            }
            if told
            else None,
            "terms": {
                "version": accepted.consent.terms_version,
                "licence": accepted.consent.licence,
                "accepted_at": _moment(accepted.accepted_at),
            }
            if accepted
            else None,
        }


def _told(record: PhotoRecord) -> dict[str, Any]:
    prediction, contribution = record.prediction, record.contribution
    return {
        "photo_id": record.photo_id,
        "sent_at": _moment(record.created_at),
        "prediction": {
            "model_version": prediction.model_version,
            "ranked": [{"species_id": each.species_id, "score": each.score} for each in prediction.ranked],
            "unfamiliar": prediction.unfamiliar,
            "sketch": prediction.sketch.hex(),
        }
        if prediction
        else None,
        "feedback": {
            "kind": contribution.answer.feedback,
            "species_id": contribution.answer.species_id,
            "given_at": _moment(contribution.given_at),
            "terms_version": contribution.consent.terms_version,
            "licence": contribution.consent.licence,
        }
        if contribution
        else None,
        "withdrawn_at": _moment(record.withdrawn_at) if record.withdrawn_at else None,
    }


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
