// Opens the page without a connection. Keeps the page's own files and nothing of anybody's: no answer of a service
// passes through here. The page itself is asked of the network first, so that a new release is seen at once.

const CACHE = "avocet-page-1";
const PAGE = "./";
const SHELL = [PAGE, "./config.json", "./manifest.webmanifest", "./icon.svg"];
// A line that is there but brings nothing must not keep the page away.
const PATIENCE_MS = 4000;
const KEPT_FILES = 120;

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOldCaches().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(networkFirst(request, PAGE));
  else if (url.pathname.endsWith("/config.json")) event.respondWith(networkFirst(request, "./config.json"));
  else event.respondWith(cacheFirst(request));
});

async function keepShell() {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL.map((name) => new Request(name, { cache: "no-cache" })));
  const page = await cache.match(PAGE);
  const assets = (await page.text()).match(/\.?\/?assets\/[\w.-]+/g) ?? [];
  await cache.addAll([...new Set(assets)]);
}

async function dropOldCaches() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  const cache = await caches.open(CACHE);
  const files = await cache.keys();
  // Files of past releases: their names carry a hash, so nothing replaces them.
  const past = files.filter((file) => file.url.includes("/assets/"));
  for (const file of past.slice(0, Math.max(0, files.length - KEPT_FILES))) await cache.delete(file);
}

async function networkFirst(request, key) {
  const cache = await caches.open(CACHE);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(request.url, { cache: "no-cache", signal: stop.signal });
    if (answer.ok) await cache.put(key, answer.clone());
    else if (answer.status >= 500) return (await cache.match(key)) ?? answer;
    return answer;
  } catch (error) {
    const kept = await cache.match(key);
    if (kept === undefined) throw error;
    return kept;
  } finally {
    clearTimeout(timer);
  }
}

async function cacheFirst(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
