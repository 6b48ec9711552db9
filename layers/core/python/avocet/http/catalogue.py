"""The world list as functions show it: with imported names, made once per process on first use."""

import time
from functools import cache

from avocet.adapters.aws import s3_client
from avocet.adapters.imported_names_s3 import S3ImportedNames, WorldListInFrench
from avocet.http import wiring
from avocet.http.grown_list import grown_world_list


@cache
def imported_names() -> S3ImportedNames:
    """Return the names that an admin imported."""
    wiring.settings().require("models_bucket")
    return S3ImportedNames(s3_client(), wiring.settings().models_bucket, time.time)


@cache
def world_list_in_french() -> WorldListInFrench:
    """Return the world list with the imported names."""
    return WorldListInFrench(grown_world_list(), lambda: imported_names().current())
