/** The dataset's species as rows to look through. Pure. */
import type { Names } from "../../i18n";
import { plainLetters } from "../names";
import type { Dataset } from "../types";

export interface SpeciesRow {
  speciesId: string;
  photos: number;
  train: number;
  validation: number;
  test: number;
  /** Photos until the model can learn it; 0 once it can. */
  missing: number;
}

/**
 * Those whose names (of either language, or the scientific one) or id hold every word of `query`; by nearness to the gate
 * (those still before it first), or by photos.
 */
export function speciesRows(dataset: Pick<Dataset, "snapshot" | "needed_photos">, query: string, order: "gate" | "photos", known: ReadonlyMap<string, Names | null>): SpeciesRow[] {
  const wanted = plainLetters(query).split(/\s+/).filter(Boolean);
  const called = (id: string): string => {
    const names = known.get(id);
    return plainLetters([id, names?.en, names?.fr, names?.scientific].filter(Boolean).join(" "));
  };
  const rows = Object.entries(dataset.snapshot?.species ?? {})
    .filter(([id]) => wanted.length === 0 || wanted.every((word) => called(id).includes(word)))
    .map(([speciesId, { train, validation, test }]) => {
      const photos = train + validation + test;
      return { speciesId, photos, train, validation, test, missing: Math.max(0, dataset.needed_photos - photos) };
    });
  const gate = (row: SpeciesRow): number => (row.missing === 0 ? Infinity : row.missing);
  return rows.sort((a, b) => (order === "gate" ? compared(gate(a), gate(b)) : 0) || b.photos - a.photos || a.speciesId.localeCompare(b.speciesId));
}

function compared(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
