"""A drift check's report as one HTML page in one language; it needs nothing else and runs nothing. Pure."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from avocet.domain.drift import Direction, Measure
from avocet.domain.drift_report import (
    BothLanguages,
    DataChange,
    DriftReport,
    ShareFigure,
    SpeciesFigures,
    feature_in,
    interval,
    percent,
    share_of,
)
from avocet.domain.notifications import Language
from avocet.domain.taxonomy import Taxon


@dataclass(frozen=True, slots=True)
class _Words:
    """What the page says around the figures."""

    title: str
    moved: Mapping[tuple[Measure, Direction], str]
    drifting: str
    drifting_heads: Sequence[str]
    to_see: str
    changed: str
    worst: str
    best: str
    species_heads: Sequence[str]
    live: str
    live_heads: Sequence[str]
    shifted: str
    as_before: str
    glossary: str
    model: str
    dataset: str
    reference: str
    none: str
    this_check: str
    test_photos: str
    scored: str
    new_photos: str
    judged: str
    accuracy: str
    accuracy_new: str
    expected: str
    confirmed: str
    left_catalogue: str
    added: str
    added_one: str
    from_sources: str
    new_species: str


_EN = _Words(
    title="Avocet: model check",
    moved={
        (Measure.RECALL, Direction.WORSE): "recognised less often",
        (Measure.RECALL, Direction.BETTER): "recognised more often",
        (Measure.PRECISION, Direction.WORSE): "other birds are taken for it more often",
        (Measure.PRECISION, Direction.BETTER): "other birds are taken for it less often",
    },
    drifting="Species that drift",
    drifting_heads=["Species", "What moved", "Before", "New photos", "F1", "Photos", "By chance", "Wrongly answered"],
    to_see="To see those photos:",
    changed="What changed in the data",
    worst="Ten worst",
    best="Ten best",
    species_heads=["Species", "F1", "Recall", "Precision", "Photos"],
    live="Photos people send",
    live_heads=["", "", "Before", "Lately"],
    shifted="shifted",
    as_before="as before",
    glossary=(
        "<h2>How to read this</h2><p><b>Recall</b>: of the photos of a bird, the share that was named rightly. "
        "<b>Precision</b>: of the photos that were given its name, the share that shows it. <b>F1</b> is high only where both "
        "are. In brackets: where the true share lies, nineteen times in twenty. <b>By chance</b>: how likely such a move is when "
        "nothing has changed. <b>Before</b> is the reference: what this model answered when it was made.</p>"
    ),
    model="Model",
    dataset="Dataset",
    reference="Reference",
    none="none",
    this_check="this check",
    test_photos="Test photos",
    scored="{scored} scored by this check",
    new_photos="New photos",
    judged="{judged} species have enough to be judged",
    accuracy="Accuracy, all test photos",
    accuracy_new="Accuracy, new photos",
    expected="expected {share}",
    confirmed="Confirmed by people",
    left_catalogue="No longer in the catalogue",
    added="Since the reference {added} test photos were added and {removed} removed.",
    added_one="Since the reference 1 test photo was added and {removed} removed.",
    from_sources="Added from: {sources}.",
    new_species="New species among them: {species}.",
)
_FR = _Words(
    title="Avocet : contrôle du modèle",
    moved={
        (Measure.RECALL, Direction.WORSE): "reconnue moins souvent",
        (Measure.RECALL, Direction.BETTER): "reconnue plus souvent",
        (Measure.PRECISION, Direction.WORSE): "d'autres oiseaux sont plus souvent pris pour elle",
        (Measure.PRECISION, Direction.BETTER): "d'autres oiseaux sont moins souvent pris pour elle",
    },
    drifting="Espèces en dérive",
    drifting_heads=[
        "Espèce",
        "Ce qui a bougé",
        "Avant",
        "Nouvelles photos",
        "F1",
        "Nombre",
        "Par hasard",
        "Mal nommées",
    ],
    to_see="Pour voir ces photos :",
    changed="Ce qui a changé dans les données",
    worst="Les dix moins bien reconnues",
    best="Les dix mieux reconnues",
    species_heads=["Espèce", "F1", "Rappel", "Précision", "Nombre"],
    live="Les photos que les gens envoient",
    live_heads=["", "", "Avant", "Ces temps-ci"],
    shifted="a changé",
    as_before="comme avant",
    glossary=(
        "<h2>Comment lire cette page</h2><p><b>Rappel</b> : parmi les photos d'un oiseau, la part de celles qui ont été bien "
        "nommées. <b>Précision</b> : parmi les photos qui ont reçu son nom, la part de celles qui le montrent. <b>F1</b> n'est "
        "haut que si les deux le sont. Entre parenthèses : où se trouve la vraie part, dix-neuf fois sur vingt. <b>Par "
        "hasard</b> : la probabilité d'un tel écart quand rien n'a changé. <b>Avant</b> est la référence : ce que ce modèle "
        "répondait quand il a été fait.</p>"
    ),
    model="Modèle",
    dataset="Jeu de données",
    reference="Référence",
    none="aucun",
    this_check="ce contrôle",
    test_photos="Photos de test",
    scored="{scored} vues par ce contrôle",
    new_photos="Nouvelles photos",
    judged="{judged} espèces en ont assez pour être jugées",
    accuracy="Justesse, toutes les photos de test",
    accuracy_new="Justesse, nouvelles photos",
    expected="attendu {share}",
    confirmed="Confirmées par les personnes",
    left_catalogue="Ne sont plus au catalogue",
    added="Depuis la référence, {added} photos de test ont été ajoutées et {removed} retirées.",
    added_one="Depuis la référence, 1 photo de test a été ajoutée et {removed} retirées.",
    from_sources="Venues de : {sources}.",
    new_species="Nouvelles espèces parmi elles : {species}.",
)
_WORDS = {Language.EN: _EN, Language.FR: _FR}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1b2a2f;background:#fff}"
    "main{max-width:60rem;margin:auto;padding:1rem}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}td,th{padding:.3rem .7rem;text-align:left;"
    "border-bottom:1px solid #d8e0e2}@media(prefers-color-scheme:dark){body{color:#e8eef0;background:#12191c}"
    "td,th{border-color:#33434a}}"
)


def page_of(report: DriftReport, language: Language, taxa: Mapping[str, Taxon | None]) -> str:
    """Return the report as one HTML page.

    Args:
        report: What the check found.
        language: In which it is told.
        taxa: Names of the species that are new in the dataset.
    """
    return _Page(report, language, taxa).text()


@dataclass(frozen=True, slots=True)
class _Page:
    report: DriftReport
    language: Language
    taxa: Mapping[str, Taxon | None]

    @property
    def _words(self) -> _Words:
        return _WORDS[self.language]

    def text(self) -> str:
        words, report = self._words, self.report
        parts = [
            f"<h1>{html.escape(self._said(report.sentence))}</h1><p>{html.escape(self._said(report.advice))}</p>",
            self._facts(),
        ]
        if report.drifting:
            parts.append(f"<h2>{words.drifting}</h2>" + self._drifting())
            parts.append(f"<p>{words.to_see} <code>avocet drift {html.escape(report.report_id)}</code></p>")
        if report.changes:
            parts.append(f"<h2>{words.changed}</h2><p>{html.escape(self._changes(report.changes))}</p>")
        for title, species in ((words.worst, report.worst), (words.best, report.best)):
            rows = [
                [
                    self._name(each),
                    self._number(f"{each.f1.value:.2f}"),
                    self._interval(each.recall),
                    self._interval(each.precision),
                    str(each.photos),
                ]
                for each in species
            ]
            parts.append(f"<h2>{title}</h2>" + _table(words.species_heads, rows))
        if report.live:
            rows = [
                [
                    feature_in(self.language, each.feature),
                    words.shifted if each.is_shifted else words.as_before,
                    self._number(f"{each.before:g}"),
                    self._number(f"{each.now:g}"),
                ]
                for each in report.live
            ]
            parts.append(f"<h2>{words.live}</h2>" + _table(words.live_heads, rows))
        parts.append(words.glossary)
        return (
            f'<!doctype html><html lang="{self.language.value}"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f"<title>{words.title} {html.escape(report.made_at[:10])}</title><style>{_STYLE}</style>"
            f"<main>{''.join(parts)}</main></html>"
        )

    def _facts(self) -> str:
        words, report = self._words, self.report
        judged = words.judged.format(judged=report.judged_species)
        rows = [
            [words.model, report.model_version or words.none],
            [words.dataset, (report.snapshot_id or words.none)[:12]],
            [words.reference, report.reference_snapshot_id[:12] if report.reference_snapshot_id else words.this_check],
            [words.test_photos, f"{report.test_photos} ({words.scored.format(scored=report.newly_scored)})"],
            [words.new_photos, f"{report.new_photos}; {judged}"],
        ]
        if report.accuracy:
            rows.append([words.accuracy, self._interval(report.accuracy)])
        if report.overall:
            expected = words.expected.format(share=percent(report.overall.expected_accuracy))
            rows.append([words.accuracy_new, f"{self._interval(report.overall.accuracy)}; {expected}"])
        if report.live_accuracy:
            rows.append([words.confirmed, self._interval(report.live_accuracy)])
        if report.left_catalogue:
            rows.append([words.left_catalogue, ", ".join(report.left_catalogue)])
        return _table(["", ""], rows)

    def _drifting(self) -> str:
        rows = [
            [
                self._name(each.current),
                self._words.moved[each.measure, each.direction],
                percent(share_of(each.measure, each.reference)),
                percent(share_of(each.measure, each.current)),
                self._number(f"{each.reference.f1.value:.2f} → {each.current.f1.value:.2f}"),
                str(each.current.photos),
                self._number(f"{each.p_value:.1g}"),
                ", ".join(photo.photo_id[:8] for photo in each.photos),
            ]
            for each in self.report.drifting
        ]
        return _table(self._words.drifting_heads, rows)

    def _changes(self, changes: DataChange) -> str:
        words, added = self._words, changes.test_photos_added
        told = [
            (words.added_one if added == 1 else words.added).format(added=added, removed=changes.test_photos_removed)
        ]
        if changes.sources:
            sources = ", ".join(f"{source} {number}" for source, number in changes.sources.items())
            told.append(words.from_sources.format(sources=sources))
        if changes.new_species:
            told.append(words.new_species.format(species=", ".join(map(self._new, changes.new_species))))
        return " ".join(told)

    def _new(self, species_id: str) -> str:
        taxon = self.taxa.get(species_id)
        if taxon is None:
            return species_id
        return (taxon.fr or taxon.scientific) if self.language is Language.FR else taxon.en

    def _name(self, figures: SpeciesFigures) -> str:
        return figures.fr if self.language is Language.FR else figures.en

    def _said(self, words: BothLanguages) -> str:
        return words.fr if self.language is Language.FR else words.en

    def _interval(self, figure: ShareFigure) -> str:
        return self._number(interval(figure))

    def _number(self, text: str) -> str:
        return text.replace(".", ",") if self.language is Language.FR else text


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(each)}</th>" for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
