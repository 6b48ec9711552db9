"""What a run's answers to known photos look like as files a person opens: tables, a report, lists with photo ids.

It holds ids and figures, never pixels.
"""

import csv
import io
from collections.abc import Mapping, Sequence

from avocet.domain.evaluation import Evaluation, Outcome, Rate

_NAMED = 10
_PHOTOS_NAMED = 5


def confusion_table(evaluation: Evaluation) -> str:
    """Return the confusion matrix as CSV: one line for each cell that is not 0, the largest first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("species", "answer", "photos"))
    cells = [(species, answer, photos) for species, row in evaluation.matrix.items() for answer, photos in row.items()]
    cells.sort(key=lambda cell: (-cell[2], cell[0], cell[1]))
    writer.writerows(cells)
    return text.getvalue()


def classification_report(evaluation: Evaluation) -> str:
    """Return precision, recall and F1 of each species, and the averages, in columns."""
    width = max((len(name) for name in evaluation.species), default=0)
    lines = [f"{'':{width}}  precision  recall      f1  photos"]
    lines += [
        f"{name:{width}}  {scores.precision.value:9.3f}  {scores.recall.value:6.3f}  {scores.f1.value:6.3f}  {scores.photos:6d}"
        for name, scores in evaluation.species.items()
        if scores.photos
    ]
    lines += [
        "",
        f"accuracy {_with_interval(evaluation.accuracy)}, top 3 {_with_interval(evaluation.top3)}",
        f"macro F1 {evaluation.macro_f1:.3f}, log loss {evaluation.log_loss:.3f}, "
        f"calibration error {evaluation.calibration_error:.3f}, {evaluation.photos} photos",
    ]
    return "\n".join(lines) + "\n"


def weakest_species(evaluation: Evaluation, outcomes: Sequence[Outcome], *, photo_link: str = "") -> str:
    """Return the ten weakest and the ten most confused species as Markdown, with the photos that went wrong.

    Args:
        evaluation: The sums of ``outcomes``.
        outcomes: What was said of each photo.
        photo_link: Where a photo can be seen, ``{photo_id}`` standing for its id; empty for ids alone.
    """
    wrong: dict[str, list[str]] = {}
    confused: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if not outcome.is_right:
            wrong.setdefault(outcome.species_id, []).append(outcome.photo_id)
            confused.setdefault((outcome.species_id, outcome.answer.species_id), []).append(outcome.photo_id)
    lines = ["# Weakest species", "", "| species | F1 (95 %) | photos | answered wrongly |", "|---|---|---|---|"]
    lines += [
        f"| {each.species_id} | {_with_interval(each.f1)} | {each.photos} | {_photos(wrong.get(each.species_id, ()), photo_link)} |"
        for each in evaluation.weakest(_NAMED)
    ]
    lines += ["", "# Most confused", "", "| species | taken for | how often | photos |", "|---|---|---|---|"]
    lines += [
        f"| {species} | {answer} | {count} | {_photos(confused.get((species, answer), ()), photo_link)} |"
        for species, answer, count in evaluation.most_confused(_NAMED)
    ]
    return "\n".join(lines) + "\n"


def model_card(
    manifest: Mapping[str, object], started: Mapping[str, object], by_split: Mapping[str, Evaluation]
) -> str:
    """Return the model card: what it was made of, how it did, and where it should not be trusted."""
    parameters = started.get("parameters")
    described = parameters if isinstance(parameters, Mapping) else {}
    species = manifest.get("species")
    names = len(species) if isinstance(species, Sequence) else 0
    lines = [
        f"# {manifest['model_version']}",
        "",
        f"Recipe `{manifest['recipe']}`, backbone {manifest['backbone']}, made on {manifest['created_on']}; names {names} species.",
        f"Trained on snapshot `{started.get('snapshot_id', '')}`"
        + "".join(f"; {name} {value}" for name, value in described.items())
        + ".",
        "",
        "| split | photos | accuracy (95 %) | top 3 | macro F1 | log loss | calibration error | called unfamiliar |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {split} | {sums.photos} | {_with_interval(sums.accuracy)} | {sums.top3.value:.3f} | {sums.macro_f1:.3f} | "
        f"{sums.log_loss:.3f} | {sums.calibration_error:.3f} | {sums.unfamiliar_rate.value:.3f} |"
        for split, sums in by_split.items()
    ]
    lines += [
        "",
        "Thresholds and calibration were chosen on the validation photos, so its line flatters; the test photos were only",
        "measured. Species with few photos have wide intervals: see `classification_report.txt`.",
    ]
    return "\n".join(lines) + "\n"


def _with_interval(rate: Rate) -> str:
    return f"{rate.value:.3f} ({rate.low:.3f}-{rate.high:.3f})"


def _photos(photo_ids: Sequence[str], link: str) -> str:
    shown = [f"[{each}]({link.format(photo_id=each)})" if link else each for each in photo_ids[:_PHOTOS_NAMED]]
    return ", ".join(shown) + (f" and {len(photo_ids) - _PHOTOS_NAMED} more" if len(photo_ids) > _PHOTOS_NAMED else "")
