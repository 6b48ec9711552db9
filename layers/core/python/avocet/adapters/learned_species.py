"""Which species the champion can name, read from its bundle's description and kept until another one serves.

Only the order of search results and a word on the species' page hang on it, so an outage leaves the last answer
standing, and a fresh process without one says that nothing is learned yet.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from avocet.observability import log

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

    from avocet.usecases.ports import ChampionPointer

LOOK_EVERY_S = 30.0


@dataclass
class CachedLearnedSpecies:
    """Follows the champion pointer, by the wall clock.

    Attributes:
        client: Of S3.
        bucket: Where the bundles are.
        pointer: Says which version serves.
        wall_clock_s: Seconds since the epoch.
    """

    client: "S3Client"
    bucket: str
    pointer: "ChampionPointer"
    wall_clock_s: Callable[[], float]
    _species: frozenset[str] = frozenset()
    _version: str | None = None
    _looked_at_s: float | None = None

    def current(self) -> frozenset[str]:
        """Return the ids the champion was trained on; none before the first champion."""
        now_s = self.wall_clock_s()
        # A clock set back must not stop us from looking.
        if self._looked_at_s is None or not 0 <= now_s - self._looked_at_s <= LOOK_EVERY_S:
            self._looked_at_s = now_s
            try:
                self._look()
            except (ClientError, BotoCoreError, ValueError, KeyError) as error:
                log("learned_species_unreadable", level="WARNING", reason=type(error).__name__)
        return self._species

    def _look(self) -> None:
        version = self.pointer.read()
        if version is None or version == self._version:
            return
        got = self.client.get_object(Bucket=self.bucket, Key=f"bundles/{version}/bundle.json")
        self._species = frozenset(json.loads(got["Body"].read())["species"])
        self._version = version
