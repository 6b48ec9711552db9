/** The sections of the admin part, and who may see which. */
import { isAdmin } from "../account/rights";
import type { SessionState } from "../account/session";

export const SECTIONS = ["review", "models", "jobs", "dataset", "people", "watching"] as const;
export type Section = (typeof SECTIONS)[number];

export function sectionsFor(state: SessionState): readonly Section[] {
  return isAdmin(state) ? SECTIONS : ["review"];
}

/** The section that an address names; null for none that this person may see. */
export function sectionNamed(detail: string | null, seen: readonly Section[]): Section | null {
  if (detail === null) return seen[0] ?? null;
  return seen.find((section) => section === detail) ?? null;
}
