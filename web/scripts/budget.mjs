// Refuses a build whose first load is larger than the budget: what a browser fetches before anything is tapped.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 150_000;
const dist = fileURLToPath(new URL("../dist", import.meta.url));
// Fetched one by one when a species of that family is shown, or by the system when the page is installed.
const LATER = /^(silhouettes\/|icon-\d+\.png$)/;

const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(dist, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
  .filter((name) => !LATER.test(name))
  .map((name) => ({ name, bytes: gzipSync(readFileSync(join(dist, name)), { level: 9 }).length }))
  .sort((a, b) => b.bytes - a.bytes);

const total = files.reduce((sum, file) => sum + file.bytes, 0);
for (const { name, bytes } of files) console.log(`${String(bytes).padStart(8)}  ${name}`);
console.log(`${String(total).padStart(8)}  first load, gzipped; the budget is ${BUDGET_BYTES}`);
if (total > BUDGET_BYTES) process.exit(1);
