"""Reads AviList out of the ``birdnames`` package into the committed sources; runs when a new edition appears.

It gives each new species an id, once, and refuses to take one away: a species that left the list needs a line in
``changes.csv`` first. Needs ``birdnames`` and its pandas, which stay out of everything that ships: ``python -m species_list.update``.
"""

import csv
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from avocet.domain.names import slug

HERE = Path(__file__).parent
EDITION_YEAR = 2025
AVILIST_COLUMNS = ["avibase_id", "scientific", "en", "order", "family", "subspecies"]
SUBSPECIES_NAME_PARTS = 3


class ListError(Exception):
    """The sources contradict each other or what was published before; the message says what to do."""


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of the committed source ``name``."""
    with (HERE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def write_rows(name: str, columns: list[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write the committed source ``name``; line ends are the same everywhere, so the bytes are too."""
    with (HERE / name).open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def avilist_rows() -> list[dict[str, str]]:
    """Return one row per species of AviList, in its own order, with the epithets of its subspecies."""
    from birdnames.utils import load_taxonomy  # only this step has it installed

    table = load_taxonomy("avilist", EDITION_YEAR).fillna("")
    rows: list[dict[str, str]] = []
    for entry in table.to_dict("records"):
        if entry["avilist_taxon_rank"] == "species":
            rows.append(
                {
                    "avibase_id": entry["avilist_avibase_id"],
                    "scientific": entry["scientific_name"],
                    "en": entry["avilist_common_name"],
                    "order": entry["avilist_order"],
                    "family": entry["avilist_family"],
                    "subspecies": "",
                }
            )
        elif entry["avilist_taxon_rank"] == "subspecies":
            parts = entry["scientific_name"].split()
            species = rows[-1]
            if len(parts) != SUBSPECIES_NAME_PARTS or " ".join(parts[:2]) != species["scientific"]:
                raise ListError(f"{entry['scientific_name']!r} does not follow its species")
            if parts[2] != parts[1]:
                species["subspecies"] = f"{species['subspecies']} {parts[2]}".strip()
    return rows


def assign_ids(rows: list[dict[str, str]], known: dict[str, str], gone: set[str]) -> dict[str, str]:
    """Return species_id by Avibase id: every known one unchanged, a new slug for each newcomer.

    Args:
        rows: AviList as `avilist_rows` gives it.
        known: species_id by Avibase id, as published so far.
        gone: Ids that ``changes.csv`` accounts for.

    Raises:
        ListError: When a published species is missing and no change explains it, or two would share an id.
    """
    present = {row["avibase_id"] for row in rows}
    vanished = [species_id for avibase_id, species_id in known.items() if avibase_id not in present | gone]
    unexplained = sorted(set(vanished) - gone)
    if unexplained:
        raise ListError("no longer in AviList, and not in changes.csv: " + ", ".join(unexplained))
    assigned = dict(known)
    taken = set(known.values())
    for row in rows:
        if row["avibase_id"] in assigned:
            continue
        candidate = slug(row["en"])
        if candidate in taken:  # an old bird holds the name: the scientific one is free by the rules of nomenclature
            candidate = slug(row["scientific"])
        if candidate in taken:
            raise ListError(f"no free id for {row['en']}")
        assigned[row["avibase_id"]] = candidate
        taken.add(candidate)
    return assigned


def main() -> int:
    """Rewrite ``avilist.csv`` and extend ``ids.csv``."""
    rows = avilist_rows()
    known = (
        {row["avibase_id"]: row["species_id"] for row in read_rows("ids.csv")} if (HERE / "ids.csv").exists() else {}
    )
    gone = {row["species_id"] for row in read_rows("changes.csv")}
    assigned = assign_ids(rows, known, gone)
    write_rows("avilist.csv", AVILIST_COLUMNS, rows)
    write_rows(
        "ids.csv",
        ["species_id", "avibase_id"],
        [{"species_id": species_id, "avibase_id": avibase_id} for avibase_id, species_id in assigned.items()],
    )
    sys.stdout.write(f"{len(rows)} species, {len(assigned) - len(known)} of them new\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
