"""Reports of drift checks as they are read: newest first, with links to the page and to the photos that expire soon."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from avocet.adapters.objects import S3Objects
from avocet.domain.drift_report import PAGE_ENDINGS, without_schema
from avocet.domain.notifications import Language
from avocet.usecases.dataset_ports import DatasetPhotos

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_REPORTS = "drift-reports/"
_REPORT_ID = re.compile(r"\d{12}")
_LINK_S = 15 * 60
_LISTED = 30


@dataclass(frozen=True)
class StoredReports:
    """The reports under ``drift-reports/`` in the models bucket."""

    client: "S3Client"
    models: S3Objects
    raw_bucket: str
    photos: DatasetPhotos

    def newest(self) -> Sequence[Mapping[str, Any]]:
        """Return the newest reports, the newest first, without links."""
        keys = [key for key in self.models.keys(_REPORTS) if key.endswith(".json")]
        found = (self.models.get(key) for key in reversed(keys))
        return [without_schema(data) for data in islice((each for each in found if each is not None), _LISTED)]

    def find(self, report_id: str) -> dict[str, Any] | None:
        """Return a report with its links; None when there is none of that id. ``latest`` is the newest."""
        if report_id == "latest":
            keys = [key for key in self.models.keys(_REPORTS) if key.endswith(".json")]
            report_id = keys[-1].removeprefix(_REPORTS).removesuffix(".json") if keys else ""
        # What people type never becomes a path.
        data = self.models.get(f"{_REPORTS}{report_id}.json") if _REPORT_ID.fullmatch(report_id) else None
        return None if data is None else self._linked(without_schema(data), report_id)

    def _linked(self, report: dict[str, Any], report_id: str) -> dict[str, Any]:
        examples = [photo for species in report["drifting"] for photo in species["photos"]]
        records = self.photos.find_many(sorted({photo["photo_id"] for photo in examples})) if examples else {}
        for photo in examples:
            record = records.get(photo["photo_id"])
            photo["url"] = self._link(self.raw_bucket, record.raw_key) if record else None
        report["page_url"] = self._page(f"{_REPORTS}{report_id}{PAGE_ENDINGS[Language.EN]}")
        french = f"{_REPORTS}{report_id}{PAGE_ENDINGS[Language.FR]}"
        # Older reports were written in English alone.
        report["page_url_fr"] = self._page(french) if french in self.models.keys(french) else None
        return report

    def _page(self, key: str) -> str:
        return self._link(self.models.bucket, key, "text/html; charset=utf-8")

    def _link(self, bucket: str, key: str, media_type: str = "image/jpeg") -> str:
        asked = {"Bucket": bucket, "Key": key, "ResponseContentType": media_type}
        return str(self.client.generate_presigned_url("get_object", Params=asked, ExpiresIn=_LINK_S))
