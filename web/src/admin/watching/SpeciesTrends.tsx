/** The species that drifted in any of the latest checks, and how each did from check to check. */
import { useCallback } from "preact/hooks";
import { language } from "../../i18n";
import { share, whole } from "../../numbers/figures";
import { useAsked } from "../asked";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import type { DriftLine, DriftReport } from "../types";
import { words } from "../words";
import { sparkline, speciesTrends, type SpeciesTrend } from "./trends";

const MOST_CHECKS = 12;
const WIDTH = 120;
const HEIGHT = 28;

export function SpeciesTrends({ newestFirst }: { newestFirst: readonly DriftLine[] }) {
  const t = words.value.watching.trends;
  const checks = newestFirst.slice(0, MOST_CHECKS);
  return (
    <section class="panel" aria-labelledby="species-trends" data-testid="species-trends">
      <h2 id="species-trends">{t.title}</h2>
      {checks.some((line) => line.drifting_species > 0) ? <Read ids={checks.map((line) => line.report_id).join(" ")} /> : <p>{t.none(whole(checks.length))}</p>}
    </section>
  );
}

/** `ids` of the reports in one text, the newest first, so that the same reports are the same question. */
function Read({ ids }: { ids: string }) {
  const admin = useAdmin();
  const t = words.value.watching.trends;
  const read = useCallback(
    async (signal: AbortSignal) => {
      const reports: DriftReport[] = [];
      // One after the other: a dozen at once would start a dozen functions.
      for (const id of ids.split(" ").reverse()) reports.push(await admin.driftReport(id, signal));
      return speciesTrends(reports);
    },
    [admin, ids],
  );
  const asked = useAsked(read);
  if (asked.error !== null) return <Failure error={asked.error} onRetry={asked.again} />;
  if (asked.value === null) return <p class="note">{t.reading}</p>;
  return (
    <>
      <p class="note">{t.text(whole(ids.split(" ").length))}</p>
      <div class="scroll" tabIndex={0} role="region" aria-label={t.f1Trend}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.species}</th>
              <th scope="col">{t.f1Trend}</th>
              <th scope="col">{t.f1}</th>
              <th scope="col">{t.recall}</th>
              <th scope="col">{t.flagged}</th>
            </tr>
          </thead>
          <tbody>
            {asked.value.map((one) => (
              <Row key={one.speciesId} trend={one} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Row({ trend }: { trend: SpeciesTrend }) {
  const t = words.value.watching.trends;
  const newest = (values: readonly (number | null)[]): string => share(values.at(-1) ?? null) || "–";
  return (
    <tr data-species={trend.speciesId}>
      <th scope="row">{trend[language.value]}</th>
      <td>
        <svg class="sparkline" viewBox={`-3 -3 ${WIDTH + 6} ${HEIGHT + 6}`} width={WIDTH} height={HEIGHT} role="img" aria-label={t.values(trend.f1.map((value) => share(value) || "–").join(", "))}>
          <path d={sparkline(trend.f1, WIDTH, HEIGHT)} />
        </svg>
      </td>
      <td>{newest(trend.f1)}</td>
      <td>{newest(trend.recall)}</td>
      <td>{t.times(whole(trend.flagged), whole(trend.f1.length))}</td>
    </tr>
  );
}
