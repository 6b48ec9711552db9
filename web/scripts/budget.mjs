// Refuses a build whose first load is larger than the budget: what a browser fetches before anything is tapped.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 150_000;
const dist = fileURLToPath(new URL("../dist", import.meta.url));
// Fetched one by one when a species of that family is shown, or by the system when the page is installed.
const LATER = /^(silhouettes\/|icon-\d+\.png$|service-worker\.js$|assets\/(NumbersPage|TwoStepPage|Chart|AdminPage|[A-Z]\w+Section)-)/;
// Charts come when somebody opens the numbers, and must not keep them waiting either.
const CHARTS_BUDGET_BYTES = 75_000;
// Nor may the admin part, which nobody else fetches.
const ADMIN_BUDGET_BYTES = 60_000;

const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(dist, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
  .filter((name) => !LATER.test(name))
  .map((name) => ({ name, bytes: gzipSync(readFileSync(join(dist, name)), { level: 9 }).length }))
  .sort((a, b) => b.bytes - a.bytes);

const total = files.reduce((sum, file) => sum + file.bytes, 0);
for (const { name, bytes } of files) console.log(`${String(bytes).padStart(8)}  ${name}`);
console.log(`${String(total).padStart(8)}  first load, gzipped; the budget is ${BUDGET_BYTES}`);
const charts = readdirSync(join(dist, "assets"))
  .filter((name) => /^(NumbersPage|Chart)-/.test(name))
  .reduce((sum, name) => sum + gzipSync(readFileSync(join(dist, "assets", name)), { level: 9 }).length, 0);
console.log(`${String(charts).padStart(8)}  the numbers' charts, gzipped; the budget is ${CHARTS_BUDGET_BYTES}`);
const admin = readdirSync(join(dist, "assets"))
  .filter((name) => /^(AdminPage|[A-Z]\w+Section)-/.test(name))
  .reduce((sum, name) => sum + gzipSync(readFileSync(join(dist, "assets", name)), { level: 9 }).length, 0);
console.log(`${String(admin).padStart(8)}  the admin part, gzipped; the budget is ${ADMIN_BUDGET_BYTES}`);
if (admin === 0 || admin > ADMIN_BUDGET_BYTES) process.exit(1);
if (total > BUDGET_BYTES || charts === 0 || charts > CHARTS_BUDGET_BYTES) process.exit(1);
