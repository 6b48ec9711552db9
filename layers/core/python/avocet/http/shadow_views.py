"""What a version said of people's own photos, as the API shows it; what must be gone by now is not shown, swept or not."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from avocet.adapters.shadow_book import DynamoShadowBook, PairCounts
from avocet.domain.comparison import mcnemar
from avocet.domain.evaluation import Rate
from avocet.domain.models import Aliases
from avocet.domain.shadow import (
    SHOWN_DISAGREEMENTS,
    Confidence,
    DisputedSpecies,
    Sample,
    Shadowed,
    Side,
    disputed,
    figures_of,
)
from avocet.domain.taxonomy import WorldList
from avocet.http.schema.names import Names
from avocet.http.schema.shadow import (
    ConfidenceView,
    ShadowAgainst,
    ShadowAnswer,
    ShadowDisagreement,
    ShadowSpecies,
    ShadowTrouble,
    ShadowView,
    ShareView,
)
from avocet.http.views import timestamp


def shadow_view(
    version: str,
    known: Aliases,
    champions: Sequence[str],
    book: DynamoShadowBook,
    *,
    sample: Sample,
    world_list: WorldList,
    now: datetime,
) -> ShadowView:
    """Show the answers of ``version`` beside those of each of ``champions``, as far as there are any."""
    pairs = book.pairs(version, champions)
    last_at = max((each.last_at for each in pairs.values() if each.last_at), default=None)
    trouble = book.trouble(version)
    if trouble is not None and last_at is not None and last_at > trouble.at:
        # It has scored since.
        trouble = None
    shown = [
        _against(version, champion, pairs[champion], known, book, _Namer(world_list), now)
        for champion in champions
        if champion in pairs
    ]
    return ShadowView(
        version=version,
        state="not_challenger" if version != known.challenger else "scoring" if sample.beginnings else "off",
        share=sample.share,
        trouble=ShadowTrouble(trouble.reason, timestamp(trouble.at)) if trouble else None,
        against=tuple(sorted(shown, key=lambda each: not each.is_champion_now)),
    )


class _Namer:
    """Names of species, each looked up once."""

    def __init__(self, world_list: WorldList) -> None:
        self._world_list = world_list
        self._known: dict[str, Names] = {}

    def learn(self, species_ids: Sequence[str]) -> None:
        wanted = [each for each in dict.fromkeys(species_ids) if each not in self._known]
        for species_id, taxon in zip(wanted, self._world_list.find_many(wanted), strict=True):
            plain = species_id.replace("-", " ").capitalize()
            self._known[species_id] = Names(taxon.scientific, taxon.en, taxon.fr) if taxon else Names(plain, None, None)

    def __call__(self, species_id: str) -> Names:
        return self._known[species_id]


def _against(
    version: str,
    champion: str,
    pair: PairCounts,
    known: Aliases,
    book: DynamoShadowBook,
    names: _Namer,
    now: datetime,
) -> ShadowAgainst:
    figures = figures_of(pair.counts)
    by_species: Mapping[str, Mapping[str, int]] = book.by_species(version, champion)
    species = disputed(by_species)
    latest = [each for each in book.disagreements(version, champion, limit=SHOWN_DISAGREEMENTS) if now < each.gone_at]
    names.learn(
        [
            *(species_id for each in species for species_id in (each.species_id, each.instead)),
            *(side.species_id for each in latest for side in (each.champion, each.challenger)),
        ]
    )
    only = figures.only_champion_right, figures.only_challenger_right
    return ShadowAgainst(
        champion=champion,
        is_champion_now=champion == known.champion,
        last_scored_at=timestamp(pair.last_at) if pair.last_at else None,
        photos=figures.photos,
        agreement=_share(figures.agreement),
        in_three=_share(figures.in_three),
        same=_confidence(figures.same),
        other=_confidence(figures.other),
        unfamiliar_champion=figures.unfamiliar_champion,
        unfamiliar_challenger=figures.unfamiliar_challenger,
        unfamiliar_both=figures.unfamiliar_both,
        challenger_ms=_rounded(figures.challenger_ms, 1),
        named=figures.named,
        champion_right=_share(figures.champion_right),
        challenger_right=_share(figures.challenger_right),
        only_champion_right=figures.only_champion_right,
        only_challenger_right=figures.only_challenger_right,
        p_value=round(mcnemar(*only), 4) if any(only) else None,
        species=tuple(_species(each, names) for each in species),
        disagreements=tuple(_disagreement(each, names) for each in latest),
    )


def _species(each: DisputedSpecies, names: _Namer) -> ShadowSpecies:
    return ShadowSpecies(
        each.species_id,
        names(each.species_id),
        each.photos,
        each.other,
        each.instead,
        names(each.instead),
        each.instead_photos,
    )


def _disagreement(photo: Shadowed, names: _Namer) -> ShadowDisagreement:
    return ShadowDisagreement(
        prediction_id=photo.photo_id,
        created_at=timestamp(photo.created_at),
        champion=_answer(photo.champion, names),
        challenger=_answer(photo.challenger, names),
        named=photo.named,
    )


def _answer(side: Side, names: _Namer) -> ShadowAnswer:
    return ShadowAnswer(side.species_id, names(side.species_id), side.score, side.is_unfamiliar)


def _share(rate: Rate) -> ShareView:
    return ShareView(round(rate.value, 4), round(rate.low, 4), round(rate.high, 4), rate.trials)


def _confidence(mean: Confidence) -> ConfidenceView:
    return ConfidenceView(_rounded(mean.champion, 4), _rounded(mean.challenger, 4))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
