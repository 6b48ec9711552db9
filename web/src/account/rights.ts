/** Which parts of the page a person may see. The API decides for itself and refuses whatever the page shows. */
import type { SessionState } from "./session";

const ADMINS = "admin";
const REVIEWERS = "reviewer";

function isIn(state: SessionState, ...groups: string[]): boolean {
  return state.kind === "signed-in" && state.person.groups.some((group) => groups.includes(group));
}

export function isAdmin(state: SessionState): boolean {
  return isIn(state, ADMINS);
}

/** Admins, and whom they asked to help with reviewing. */
export function mayReview(state: SessionState): boolean {
  return isIn(state, ADMINS, REVIEWERS);
}
