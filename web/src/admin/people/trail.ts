/** What an entry of the audit trail is about, and what it says. Pure. */
import { ROLES, type AuditEntry } from "../types";
import type { AdminWords } from "../words/en";

export type Subject = "photo" | "person" | "letter" | "other";

const SUBJECTS: Readonly<Record<string, Subject>> = {
  accept: "photo",
  correct: "photo",
  reject: "photo",
  skip: "photo",
  undo: "photo",
  invite: "person",
  role: "person",
  enable: "person",
  disable: "person",
  erase: "person",
  replay: "letter",
  discard: "letter",
};

/** Whose id an entry's subject is; `other` for an action that came later. */
export function subjectOf({ action }: Pick<AuditEntry, "action">): Subject {
  return own(SUBJECTS, action) ?? "other";
}

/** What was decided, in words; an action that has none here as the service says it. */
export function actionOf({ action, facts }: Pick<AuditEntry, "action" | "facts">, { people: t }: AdminWords): string {
  const done = own(t.actions, action) ?? action.replaceAll("_", " ");
  const role = ROLES.find((one) => one === facts.role);
  return role === undefined ? done : `${done} (${t.roles[role]})`;
}

export interface Fact {
  name: string;
  /** A species, of which `value` is the id. */
  isSpecies: boolean;
  value: string;
}

const UNKNOWN = "unknown";
const REJECTED = "rejected";

/** What belongs to an entry beside who and whom: what a photo was said to show, what counts, why it was in review. */
export function factsOf({ facts }: Pick<AuditEntry, "facts">, t: AdminWords): Fact[] {
  const names: Readonly<Record<string, string>> = t.people.trailFacts;
  return Object.entries(facts).flatMap(([key, value]): Fact[] => {
    // A role stands beside the action.
    if (value === "" || key === "role") return [];
    const name = own(names, key) ?? key.replaceAll("_", " ");
    if (key === "said" || key === "counts_as") {
      if (value === UNKNOWN) return [{ name, isSpecies: false, value: t.people.saidNothing }];
      if (value === REJECTED) return [{ name, isSpecies: false, value: t.people.trust.wasRejected }];
      return [{ name, isSpecies: true, value }];
    }
    return [{ name, isSpecies: false, value: key === "reason" ? (own(t.review.reasons, value) ?? value) : value }];
  });
}

/** The species that an entry is about: what counts, else what was said. */
export function speciesOf({ facts }: Pick<AuditEntry, "facts">): string | null {
  return [facts.counts_as, facts.said].find((id) => id !== undefined && id !== "" && id !== UNKNOWN && id !== REJECTED) ?? null;
}

function own<T>(some: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(some, key) ? some[key] : undefined;
}
