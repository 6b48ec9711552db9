/** Where in the page a person is: the address's fragment, so that any static host can serve it. */
import { signal } from "@preact/signals";

export const ROUTES = ["identify", "sign-in", "sign-up", "confirm", "forgot", "reset", "account", "terms"] as const;
export type Route = (typeof ROUTES)[number] | "missing";

export function parseRoute(hash: string): Route {
  const name = hash.replace(/^#\/?/, "");
  if (name === "") return "identify";
  return ROUTES.find((route) => route === name) ?? "missing";
}

export const route = signal<Route>(parseRoute(location.hash));

export function hrefOf(target: Route): string {
  return target === "identify" ? "#/" : `#/${target}`;
}

/** Go to a place; `replace` leaves no step back, for places that are over once left (a finished form). */
export function go(target: Route, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", hrefOf(target));
  else history.pushState(null, "", hrefOf(target));
  route.value = parseRoute(location.hash);
}

window.addEventListener("hashchange", () => {
  route.value = parseRoute(location.hash);
});
window.addEventListener("popstate", () => {
  route.value = parseRoute(location.hash);
});
