/** Which model a rollback brings back: each goes one step further back, never forth again. Pure. */
import type { Tenure } from "../types";

/** What is served after a rollback; null where nothing served before, or it is longer ago than the history tells. */
export function beforeOf(newestFirst: readonly Tenure[]): string | null {
  const standing: string[] = [];
  for (const tenure of [...newestFirst].reverse()) {
    if (tenure.change === "rolled_back") {
      standing.pop();
      // The history may begin after what was rolled back to.
      if (standing.at(-1) !== tenure.version) standing.splice(0, standing.length, tenure.version);
    } else standing.push(tenure.version);
  }
  return standing.at(-2) ?? null;
}
