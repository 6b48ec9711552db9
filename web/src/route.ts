/** Where in the page a person is: the address's fragment, so that any static host can serve it. */
import { computed, signal } from "@preact/signals";

export const ROUTES = [
  "identify",
  "photos",
  "numbers",
  "admin",
  "sign-in",
  "sign-up",
  "confirm",
  "forgot",
  "reset",
  "account",
  "two-step",
  "terms",
] as const;
export type Route = (typeof ROUTES)[number] | "missing";

export interface Place {
  route: Route;
  /** What of it is open, such as one photo; null for the place itself. */
  detail: string | null;
}

/** Places that have something to open. */
const WITH_DETAIL: ReadonlySet<Route> = new Set<Route>(["photos", "admin"]);
const DETAIL = /^[\w-]{1,64}$/;

export function parsePlace(hash: string): Place {
  const [name = "", detail, ...rest] = hash.replace(/^#\/?/, "").split("/");
  if (name === "" && detail === undefined) return { route: "identify", detail: null };
  const route = ROUTES.find((known) => known === name) ?? "missing";
  if (detail === undefined) return { route, detail: null };
  if (rest.length > 0 || !WITH_DETAIL.has(route) || !DETAIL.test(detail)) return { route: "missing", detail: null };
  return { route, detail };
}

/** Marks steps that the page made itself. */
const STEPPED = "stepped";

export const place = signal<Place>(parsePlace(location.hash));
export const route = computed<Route>(() => place.value.route);

export function hrefOf(target: Route, detail: string | null = null): string {
  if (detail !== null) return `#/${target}/${detail}`;
  return target === "identify" ? "#/" : `#/${target}`;
}

/** Go to a place; `replace` leaves no step back, for places that are over once left (a finished form). */
export function go(target: Route, { replace = false, detail = null as string | null } = {}): void {
  const href = hrefOf(target, detail);
  if (replace) history.replaceState(null, "", href);
  else history.pushState(STEPPED, "", href);
  follow();
}

/** Leave what is open in `target`: a step back where the page itself made that step, so that Back never opens it again. */
export function close(target: Route): void {
  if (history.state === STEPPED) history.back();
  else go(target, { replace: true });
}

function follow(): void {
  place.value = parsePlace(location.hash);
}

window.addEventListener("hashchange", follow);
window.addEventListener("popstate", follow);
