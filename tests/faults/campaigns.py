"""Every function's fault campaign: each in the module of what it belongs to, gathered here; and who has none."""

from collections.abc import Sequence

from tests.faults import (
    contributing,
    importing,
    judging,
    people,
    refreshing,
    shadowing,
    steering,
    syncing,
    tending,
    working,
)
from tests.faults.clouds import Campaigns

# A new module of campaigns joins here; each is tried in a cloud of its own.
MODULES: Sequence[Campaigns] = (
    contributing.CAMPAIGNS,
    importing.CAMPAIGNS,
    judging.CAMPAIGNS,
    people.CAMPAIGNS,
    refreshing.CAMPAIGNS,
    shadowing.CAMPAIGNS,
    steering.CAMPAIGNS,
    syncing.CAMPAIGNS,
    tending.CAMPAIGNS,
    working.CAMPAIGNS,
)

CAMPAIGNS: Campaigns = {verb: situations for campaigns in MODULES for verb, situations in campaigns.items()}

# A trial of these takes a whole dataset or archive; a sample tries half as many faults of each.
SLOW = frozenset({*refreshing.CAMPAIGNS, *syncing.CAMPAIGNS})

# These ask nobody outside.
ASKS_NOBODY = frozenset({"openapi", "pre_sign_up"})
