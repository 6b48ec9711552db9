/** From a sparse confusion matrix to what a person can look at: families first, then the species of one. Pure. */
import { displayName, type Names } from "../../i18n";
import type { Confusion } from "../types";

export interface Cell {
  photos: number;
  /** Of the row's photos, 0 to 1. */
  share: number;
}

export interface Grid {
  /** Ids of the rows and columns, those with most mistakes first. */
  ids: string[];
  names: Map<string, string>;
  /** By row, then by column; what never happened is absent. */
  cells: Map<string, Map<string, Cell>>;
  /** Photos of a row whose answer is none of the columns. */
  elsewhere: Map<string, number>;
  /** Rows left out because there are more than a screen can hold. */
  more: number;
}

/** More rows and columns than this can't be told apart. */
export const MOST_ROWS = 40;

/** The grid of families, or of the species of one family. */
export function gridOf(confusion: Confusion, family: string | null): Grid {
  const familyOf = new Map(confusion.species.map((one) => [one.species_id, one.family.scientific]));
  const named = new Map<string, Names>();
  for (const one of confusion.species) {
    if (family === null) named.set(one.family.scientific, one.family);
    else if (one.family.scientific === family) named.set(one.species_id, one.names);
  }
  const idOf = (speciesId: string): string => (family === null ? (familyOf.get(speciesId) ?? "") : speciesId);
  const counts = new Map<string, Map<string, number>>();
  const elsewhere = new Map<string, number>();
  for (const [shown, row] of Object.entries(confusion.matrix)) {
    const from = idOf(shown);
    if (!named.has(from)) continue;
    for (const [answer, photos] of Object.entries(row)) {
      const to = idOf(answer);
      if (!named.has(to)) {
        elsewhere.set(from, (elsewhere.get(from) ?? 0) + photos);
        continue;
      }
      const line = counts.get(from) ?? new Map<string, number>();
      line.set(to, (line.get(to) ?? 0) + photos);
      counts.set(from, line);
    }
  }
  const total = (id: string): number => [...(counts.get(id)?.values() ?? [])].reduce((sum, photos) => sum + photos, 0) + (elsewhere.get(id) ?? 0);
  const mistakes = (id: string): number => total(id) - (counts.get(id)?.get(id) ?? 0);
  const all = [...named.keys()].filter((id) => total(id) > 0 || [...counts.values()].some((row) => row.has(id)));
  all.sort((a, b) => mistakes(b) - mistakes(a) || total(b) - total(a) || a.localeCompare(b));
  const ids = all.slice(0, MOST_ROWS);
  const cells = new Map(
    ids.map((id) => [id, new Map([...(counts.get(id) ?? [])].map(([to, photos]) => [to, { photos, share: photos / Math.max(1, total(id)) }]))]),
  );
  const names = new Map(ids.map((id) => [id, nameOf(named.get(id), id)]));
  return { ids, names, cells, elsewhere, more: all.length - ids.length };
}

function nameOf(names: Names | undefined, id: string): string {
  return names === undefined ? id : displayName(names) || "–";
}
