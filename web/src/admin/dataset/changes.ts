/** What a version of the dataset changed in the one before it, as a sentence. Pure. */
import { whole } from "../../numbers/figures";
import type { Snapshot } from "../types";
import type { AdminWords } from "../words/en";

const KNOWN = ["add", "relabel", "remove"] as const;

/** Told whole, also of what did not happen; a kind of change that came later is given as the service calls it. */
export function changesOf(changes: Snapshot["changes"], t: AdminWords): string {
  const { added, relabelled, removed, nothing } = t.dataset.changed;
  const [add, relabel, remove] = KNOWN.map((kind) => changes[kind] ?? 0) as [number, number, number];
  const later = Object.entries(changes).filter(([kind, rows]) => rows > 0 && !KNOWN.some((known) => known === kind));
  const known = add + relabel + remove === 0 ? [] : [added(add, whole(add)), relabelled(relabel, whole(relabel)), removed(remove, whole(remove))];
  return [...known, ...later.map(([kind, rows]) => `${kind.replaceAll("_", " ")}: ${whole(rows)}`)].join(", ") || nothing;
}
