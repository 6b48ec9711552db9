"""What a drift check tells people: figures by name, one sentence, advice, and a letter for a phone. Pure.

It holds photo ids, never pixels and never a person.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from avocet.domain.drift import Direction, DriftFindings, DriftState, Measure, SpeciesDrift
from avocet.domain.evaluation import Evaluation, Rate, SpeciesScores
from avocet.domain.notifications import Language, Notice, NoticeKind, Words
from avocet.domain.taxonomy import Taxon

SCHEMA = 1
LISTED = 10
# Where a report's pages lie, after its key.
PAGE_ENDINGS = {Language.EN: ".html", Language.FR: ".fr.html"}
_FEATURES_FR = {
    "confidence": "assurance",
    "unfamiliar photos": "photos inconnues",
    "mix of species": "mélange des espèces",
    "brightness": "clarté",
    "size in pixels": "taille en pixels",
}
# Photos linked for each species that drifts: enough to see what is wrong with them.
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class ShareFigure:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float
    of: int

    @classmethod
    def of_rate(cls, rate: Rate) -> "ShareFigure":
        """Round a rate to what it is worth."""
        return cls(round(rate.value, 4), round(rate.low, 4), round(rate.high, 4), rate.trials)


@dataclass(frozen=True, slots=True)
class SpeciesFigures:
    """How well a species is recognised."""

    species_id: str
    en: str
    fr: str
    scientific: str
    photos: int
    precision: ShareFigure
    recall: ShareFigure
    f1: ShareFigure


@dataclass(frozen=True, slots=True)
class ExamplePhoto:
    """A photo that was answered wrongly; `url` is a link that expires, where one was asked for."""

    photo_id: str
    answer: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class DriftingSpecies:
    """A species that drifts: what moved, which way, from what to what, and how likely that is by chance."""

    measure: Measure
    direction: Direction
    p_value: float
    reference: SpeciesFigures
    current: SpeciesFigures
    photos: tuple[ExamplePhoto, ...]


@dataclass(frozen=True, slots=True)
class OverallFigures:
    """How the model does as a whole on the photos that came since."""

    expected_accuracy: float
    accuracy: ShareFigure
    accuracy_p: float
    accuracy_moved: Direction | None
    reference_calibration_gap: float
    calibration_gap: float
    calibration_p: float
    is_calibration_adrift: bool


@dataclass(frozen=True, slots=True)
class DataChange:
    """What changed in the dataset since the reference."""

    test_photos_added: int
    test_photos_removed: int
    sources: dict[str, int]
    new_species: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LiveShift:
    """One property of the photos people sent lately, held against those before."""

    feature: str
    is_shifted: bool
    p_value: float
    before: float
    now: float
    photos: int


@dataclass(frozen=True, slots=True)
class BothLanguages:
    """One text in English and in French."""

    en: str
    fr: str


@dataclass(frozen=True, slots=True)
class DriftReport:
    """One check of the model."""

    report_id: str
    job_id: str
    made_at: str
    state: DriftState
    sentence: BothLanguages
    advice: BothLanguages
    model_version: str | None
    snapshot_id: str | None
    reference_snapshot_id: str | None
    test_photos: int
    newly_scored: int
    new_photos: int
    judged_species: int
    accuracy: ShareFigure | None
    overall: OverallFigures | None
    drifting: tuple[DriftingSpecies, ...]
    best: tuple[SpeciesFigures, ...]
    worst: tuple[SpeciesFigures, ...]
    changes: DataChange | None
    left_catalogue: tuple[str, ...]
    live_accuracy: ShareFigure | None
    live: tuple[LiveShift, ...]
    page_url: str | None = None
    page_url_fr: str | None = None

    def moved(self, direction: Direction) -> tuple[DriftingSpecies, ...]:
        """Return the species that moved in ``direction``, as listed."""
        return tuple(each for each in self.drifting if each.direction is direction)

    def to_json(self) -> bytes:
        """Return the report as stored."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check gathered, before it is put into words.

    Attributes:
        report_id: Grows from report to report.
        job_id: The job that made it.
        made_at: When, ISO 8601.
        model_version: The champion; None when there is none.
        snapshot_id: The dataset it was checked on; None when there is none.
        reference_snapshot_id: Where its reference stops; None when this very check becomes the reference.
        findings: What drifts.
        whole: The champion on every test photo of today.
        newly_scored: Photos that this check had to score.
        changes: What changed in the dataset since the reference.
        left_catalogue: Species the model names that the world list holds no more.
        examples: By species, photos that were answered wrongly with the answer.
        taxa: Names, by species.
        live_accuracy: Share of answers that people confirmed.
        live: What moved in the photos people send.
    """

    report_id: str
    job_id: str
    made_at: str
    model_version: str | None
    snapshot_id: str | None
    reference_snapshot_id: str | None
    findings: DriftFindings
    whole: Evaluation
    newly_scored: int
    changes: DataChange | None
    left_catalogue: tuple[str, ...]
    examples: Mapping[str, Sequence[tuple[str, str]]]
    taxa: Mapping[str, Taxon | None]
    live_accuracy: Rate | None = None
    live: tuple[LiveShift, ...] = ()


def report_on(checked: Checked) -> DriftReport:
    """Put what was gathered into words and figures."""
    findings, whole = checked.findings, checked.whole
    named = [each for each in whole.species.values() if each.photos]
    ranked = sorted(named, key=lambda each: (-each.f1.value, -each.f1.low, each.species_id))
    worse, better = findings.moved(Direction.WORSE), findings.moved(Direction.BETTER)
    overall = findings.overall
    return DriftReport(
        report_id=checked.report_id,
        job_id=checked.job_id,
        made_at=checked.made_at,
        state=findings.state,
        sentence=_both(_sentence(checked)),
        advice=_both(_advice(checked)),
        model_version=checked.model_version,
        snapshot_id=checked.snapshot_id,
        reference_snapshot_id=checked.reference_snapshot_id,
        test_photos=whole.photos,
        newly_scored=checked.newly_scored,
        new_photos=findings.new_photos,
        judged_species=findings.judged,
        accuracy=ShareFigure.of_rate(whole.accuracy) if whole.photos else None,
        overall=OverallFigures(
            expected_accuracy=round(overall.expected, 4),
            accuracy=ShareFigure.of_rate(overall.accuracy),
            accuracy_p=_significant(overall.accuracy_p),
            accuracy_moved=overall.direction,
            reference_calibration_gap=round(overall.reference_gap, 4),
            calibration_gap=round(overall.calibration_gap, 4),
            calibration_p=_significant(overall.calibration_p),
            is_calibration_adrift=overall.is_calibration_adrift,
        )
        if overall
        else None,
        drifting=tuple(_drifting(each, checked) for each in (*worse, *better)),
        best=tuple(_figures(each, checked.taxa) for each in ranked[:LISTED]),
        worst=tuple(_figures(each, checked.taxa) for each in ranked[::-1][:LISTED]),
        changes=checked.changes,
        left_catalogue=checked.left_catalogue,
        live_accuracy=ShareFigure.of_rate(checked.live_accuracy) if checked.live_accuracy else None,
        live=checked.live,
    )


def notice_of(report: DriftReport) -> Notice:
    """Write the letter about a report: what happened in the subject, what to do at the end."""
    return Notice(
        kind=NoticeKind.DRIFT,
        subject=_subject(report),
        text=Words(_letter(report, Language.EN), _letter(report, Language.FR)),
    )


def _sentence(checked: Checked) -> Words:
    findings = checked.findings
    worse, better = len(findings.moved(Direction.WORSE)), len(findings.moved(Direction.BETTER))
    match findings.state:
        case DriftState.NO_MODEL:
            return Words(
                "No model is in service, so there was nothing to check.",
                "Aucun modèle n'est en service : il n'y avait rien à contrôler.",
            )
        case DriftState.NO_REFERENCE:
            photos = checked.whole.photos
            return Words(
                f"First check of this model: its answers to {photos} test photos are the reference from now on.",
                f"Premier contrôle de ce modèle : ses réponses à {photos} photos de test servent désormais de référence.",
            )
        case DriftState.NO_PHOTOS:
            return Words(
                "No test photo has come since the reference, so nothing can have drifted.",
                "Aucune photo de test n'est arrivée depuis la référence : rien n'a pu dériver.",
            )
        case DriftState.STEADY:
            return Words(
                f"The model is as good as it was: {findings.new_photos} new photos show no drift.",
                f"Le modèle est aussi bon qu'avant : {findings.new_photos} nouvelles photos ne montrent aucune dérive.",
            )
        case DriftState.IMPROVING:
            return Words(
                f"The model does better than its reference on the new photos ({better} species).",
                "Le modèle fait mieux que sa référence sur les nouvelles photos "
                f"({_count(better, 'espèce', 'espèces')}).",
            )
        case DriftState.DRIFTING if worse:
            also = f"; {better} better" if better else ""
            aussi = f" ; {better} mieux" if better else ""
            return Words(
                f"{_count(worse, 'species is', 'species are')} recognised less well than before{also}.",
                f"{worse} {'espèce est moins bien reconnue' if worse == 1 else 'espèces sont moins bien reconnues'}"
                f" qu'avant{aussi}.",
            )
        case DriftState.DRIFTING:
            return Words(
                "The model as a whole does worse on the new photos, though no single species stands out.",
                "Le modèle fait globalement moins bien sur les nouvelles photos, sans qu'une espèce se distingue.",
            )


def _advice(checked: Checked) -> Words:
    match checked.findings.state:
        case DriftState.NO_MODEL:
            return Words("Train a model: avocet train", "Entraînez un modèle : avocet train")
        case DriftState.DRIFTING:
            return Words(
                "Look at the photos (avocet drift). If they are labelled rightly, train a model on the dataset of today: "
                "avocet train. If the new model was just promoted, avocet models rollback brings the old one back.",
                "Regardez les photos (avocet drift). Si leurs noms sont justes, entraînez un modèle sur le jeu de données "
                "actuel : avocet train. Si le modèle vient d'être promu, avocet models rollback rétablit le précédent.",
            )
        case DriftState.IMPROVING:
            return Words("Nothing to do.", "Rien à faire.")
        case _:
            return Words("Nothing to do.", "Rien à faire.")


def _subject(report: DriftReport) -> Words:
    worse = report.moved(Direction.WORSE)
    if worse:
        names_en = ", ".join(each.current.en for each in worse)
        names_fr = ", ".join(each.current.fr for each in worse)
        especes = _count(len(worse), "espèce", "espèces")
        return Words(f"drift in {len(worse)} species: {names_en}", f"dérive de {especes} : {names_fr}")
    match report.state:
        case DriftState.NO_MODEL:
            return Words("no model to check", "aucun modèle à contrôler")
        case DriftState.NO_REFERENCE:
            return Words("model checked for the first time", "premier contrôle du modèle")
        case DriftState.NO_PHOTOS:
            return Words("model checked, no new photos", "modèle contrôlé, aucune nouvelle photo")
        case DriftState.DRIFTING:
            return Words("the model does worse on new photos", "le modèle fait moins bien sur les nouvelles photos")
        case DriftState.IMPROVING:
            return Words("the model does better on new photos", "le modèle fait mieux sur les nouvelles photos")
        case DriftState.STEADY:
            return Words("the model is as good as it was", "le modèle est aussi bon qu'avant")


def _letter(report: DriftReport, language: Language) -> str:
    french = language is Language.FR
    lines = [report.sentence.fr if french else report.sentence.en]
    if report.accuracy:
        right = "réponses justes sur les photos de test" if french else "right on the test photos"
        lines.append(f"{interval(report.accuracy)} {right} ({report.accuracy.of} photos).")
    if report.drifting:
        lines.append("")
        lines += [_line(each, french=french) for each in report.drifting]
    if report.changes:
        added, removed = report.changes.test_photos_added, report.changes.test_photos_removed
        lines.append("")
        lines.append(
            f"Depuis la référence : {added} photos de test ajoutées, {removed} retirées."
            if french
            else f"Since the reference: {added} test photos added, {removed} removed."
        )
    for title, species in (
        ("Les dix moins bien reconnues" if french else "Ten worst", report.worst),
        ("Les dix mieux reconnues" if french else "Ten best", report.best),
    ):
        if species:
            lines += ["", f"{title} (F1):"]
            lines += [f"- {each.fr if french else each.en} {each.f1.value:.2f} ({each.photos})" for each in species]
    shifted = [feature_in(language, each.feature) for each in report.live if each.is_shifted]
    if shifted:
        lines += ["", ("Les photos reçues ont changé : " if french else "The photos people send have changed: ")]
        lines[-1] += ", ".join(shifted) + "."
    if report.live_accuracy:
        said = "des réponses confirmées par les personnes" if french else "of the answers confirmed by people"
        lines += ["", f"{interval(report.live_accuracy)} {said}."]
    lines += ["", report.advice.fr if french else report.advice.en]
    lines += ["", f"avocet drift {report.report_id}"]
    return "\n".join(lines)


def _line(each: DriftingSpecies, *, french: bool) -> str:
    before, now = share_of(each.measure, each.reference), share_of(each.measure, each.current)
    arrow = "↓" if each.direction is Direction.WORSE else "↑"
    name = each.current.fr if french else each.current.en
    what = {
        Measure.RECALL: "reconnue" if french else "recognised",
        Measure.PRECISION: "nommée à raison" if french else "rightly named",
    }[each.measure]
    photos = f"{each.current.photos} {'nouvelles photos' if french else 'new photos'}"
    return f"{arrow} {name}: {what} {percent(before)} → {percent(now)} ({photos})"


def _drifting(drift: SpeciesDrift, checked: Checked) -> DriftingSpecies:
    return DriftingSpecies(
        measure=drift.measure,
        direction=drift.direction,
        p_value=_significant(drift.p_value),
        reference=_figures(drift.reference, checked.taxa),
        current=_figures(drift.current, checked.taxa),
        photos=tuple(
            ExamplePhoto(photo_id, answer) for photo_id, answer in checked.examples.get(drift.species_id, ())[:EXAMPLES]
        ),
    )


def _figures(scores: SpeciesScores, taxa: Mapping[str, Taxon | None]) -> SpeciesFigures:
    taxon = taxa.get(scores.species_id)
    # A model may know a bird that the list holds no more; its id is readable enough to stand in.
    stand_in = scores.species_id.replace("-", " ").capitalize()
    return SpeciesFigures(
        species_id=scores.species_id,
        en=taxon.en if taxon else stand_in,
        fr=(taxon.fr or taxon.scientific) if taxon else stand_in,
        scientific=taxon.scientific if taxon else stand_in,
        photos=scores.photos,
        precision=ShareFigure.of_rate(scores.precision),
        recall=ShareFigure.of_rate(scores.recall),
        f1=ShareFigure.of_rate(scores.f1),
    )


def feature_in(language: Language, feature: str) -> str:
    """Return what a property of people's photos is called."""
    return _FEATURES_FR.get(feature, feature) if language is Language.FR else feature


def share_of(measure: Measure, figures: SpeciesFigures) -> float:
    """Return the share that a drift is about."""
    return figures.recall.value if measure is Measure.RECALL else figures.precision.value


def percent(share: float) -> str:
    """Write a share."""
    return f"{100 * share:.0f} %"


def interval(figure: ShareFigure) -> str:
    """Write a share with where it may lie."""
    return f"{100 * figure.value:.1f} % ({100 * figure.low:.0f}-{100 * figure.high:.0f})"


def _significant(p_value: float) -> float:
    return float(f"{p_value:.3g}")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _both(words: Words) -> BothLanguages:
    return BothLanguages(words.en, words.fr)


def without_schema(data: bytes) -> dict[str, Any]:
    """Return a stored report's values, to be shown."""
    values: dict[str, Any] = json.loads(data)
    values.pop("schema", None)
    return values
