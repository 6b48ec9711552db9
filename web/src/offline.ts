/** Whether there is a connection, and the worker that opens the page without one. */
import { signal } from "@preact/signals";

const WORKER = "./service-worker.js";

export const isOnline = signal(navigator.onLine);
window.addEventListener("online", () => (isOnline.value = true));
window.addEventListener("offline", () => (isOnline.value = false));

interface TrustedTypes {
  createPolicy: (name: string, rules: { createScriptURL: () => string }) => { createScriptURL: (url: string) => unknown };
}

/** Register the worker once the page stands: it must not take the line from the first photo. */
export function registerWorker(): void {
  if (!("serviceWorker" in navigator)) return;
  const { trustedTypes } = window as unknown as { trustedTypes?: TrustedTypes };
  // The page's policy lets no script be loaded by its address but through this one, and this one knows one address.
  const address = trustedTypes?.createPolicy("avocet", { createScriptURL: () => WORKER }).createScriptURL(WORKER) ?? WORKER;
  navigator.serviceWorker.register(address as string).catch((error: unknown) => {
    // Private windows refuse, and a page without a worker is still a page.
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
  });
}
