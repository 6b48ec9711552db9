/** How the species that drifted did from check to check, as far as the reports tell. Pure. */
import type { DriftReport, SpeciesFigures } from "../types";

export interface SpeciesTrend {
  speciesId: string;
  en: string;
  fr: string;
  /** In how many of the checks it drifted. */
  flagged: number;
  /** One for each check, the oldest first; null where its report does not speak of the species. */
  f1: (number | null)[];
  recall: (number | null)[];
}

export function f1Of(figures: Pick<SpeciesFigures, "precision" | "recall">): number {
  const [precision, recall] = [figures.precision.value, figures.recall.value];
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

/** Trends of each species that any of the reports flags, those flagged most often first. */
export function speciesTrends(oldestFirst: readonly DriftReport[]): SpeciesTrend[] {
  const told = oldestFirst.map((report) => new Map([...report.best, ...report.worst, ...report.drifting.map((one) => one.current)].map((one) => [one.species_id, one])));
  const flagged = new Map<string, { names: SpeciesFigures; checks: number }>();
  for (const report of oldestFirst) {
    const current = new Map(report.drifting.map((one) => [one.current.species_id, one.current]));
    for (const [id, names] of current) flagged.set(id, { names, checks: (flagged.get(id)?.checks ?? 0) + 1 });
  }
  const trends = [...flagged].map(([speciesId, { names, checks }]): SpeciesTrend => {
    const figures = told.map((report) => report.get(speciesId));
    return {
      speciesId,
      en: names.en,
      fr: names.fr,
      flagged: checks,
      f1: figures.map((one) => (one === undefined ? null : f1Of(one))),
      recall: figures.map((one) => one?.recall.value ?? null),
    };
  });
  return trends.sort((one, other) => other.flagged - one.flagged || one.speciesId.localeCompare(other.speciesId));
}

/** The line through values of 0 to 1 as an SVG path; it breaks where one is not known. */
export function sparkline(values: readonly (number | null)[], width: number, height: number): string {
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  let isDrawing = false;
  return values
    .map((value, index) => {
      if (value === null) {
        isDrawing = false;
        return "";
      }
      const at = `${isDrawing ? "L" : "M"}${(index * step).toFixed(1)} ${((1 - value) * height).toFixed(1)}`;
      // A line from a point to itself, with round ends, is a dot: a value between two gaps is seen as well.
      const dot = isDrawing ? "" : "h0";
      isDrawing = true;
      return at + dot;
    })
    .join("");
}
