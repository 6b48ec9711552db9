"""A taxon's names in the API's JSON; nearly every other area shows some."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Names:
    """A taxon's names; a name that nobody has given yet is null."""

    scientific: str = field(metadata={"examples": ["Recurvirostra avosetta"]})
    en: str | None = field(metadata={"examples": ["Pied Avocet"]})
    fr: str | None = field(metadata={"examples": ["Avocette élégante"]})
