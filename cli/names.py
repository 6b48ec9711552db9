"""A taxon's name in the language the person reads."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer


class Language(StrEnum):
    """The languages that species have names in."""

    EN = "en"
    FR = "fr"


LanguageOption = Annotated[
    Language, typer.Option("--lang", envvar="AVOCET_LANG", help="Language of the birds' names.", case_sensitive=False)
]


def name_of(names: Mapping[str, str | None], language: Language) -> str:
    """Return the name in ``language``; the scientific one stands in where there is none."""
    return names.get(language.value) or names.get("scientific") or names.get("en") or ""
