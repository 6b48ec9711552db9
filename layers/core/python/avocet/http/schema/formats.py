"""How ids and moments are written in the API's JSON."""

PHOTO_ID_PATTERN = "^[0-9a-f]{32}$"
SPECIES_ID_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"
TIMESTAMP_EXAMPLE = "2026-11-23T09:30:00.000000+00:00"
PHOTO_ID_EXAMPLE = "5f2b8c1e9a7d4c3fb0e6d1a2c3b4f5e6"
