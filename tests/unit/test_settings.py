"""What infra writes, functions read."""

import pytest

from avocet.settings import (
    FEEDBACK_LEASE_S,
    FEEDBACK_TIMEOUT_S,
    SETTLE_LEASE_S,
    SETTLE_TIMEOUT_S,
    MissingSettingError,
    Settings,
)


def test_settings_survive_the_environment():
    settings = Settings(stage="dev", photos_table="photos", page_origin="https://page.example.org")
    assert Settings.from_environment(settings.to_environment()) == settings


def test_what_is_not_given_is_not_in_the_environment():
    assert Settings(stage="dev").to_environment() == {"AVOCET_STAGE": "dev"}


def test_a_function_names_every_setting_it_misses():
    with pytest.raises(MissingSettingError, match="AVOCET_RAW_BUCKET, AVOCET_PHOTOS_TABLE"):
        Settings(stage="dev").require("stage", "raw_bucket", "photos_table")


def test_a_lease_outlives_the_function_that_takes_it():
    assert FEEDBACK_LEASE_S >= 1.5 * FEEDBACK_TIMEOUT_S
    assert SETTLE_LEASE_S >= 1.5 * SETTLE_TIMEOUT_S
