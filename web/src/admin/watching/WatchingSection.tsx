/** How the model does out there: the checks over time, what drifts, what people confirm, and who is told. */
import type { ChartConfiguration } from "chart.js";
import { useCallback, useMemo, useState } from "preact/hooks";
import { language, messages } from "../../i18n";
import { ChartCard, type Colours } from "../../numbers/Chart";
import { answersFigure, share, whole } from "../../numbers/figures";
import { useServices } from "../../services";
import { announce } from "../../ui/announce";
import { Spinner } from "../../ui/Spinner";
import { useAsked } from "../asked";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import { StartJob } from "../jobs/StartJob";
import { figure, moment } from "../moments";
import { NOTICE_KINDS, type DriftLine, type DriftReport } from "../types";
import { words } from "../words";
import { LetterChoices } from "./choices";
import { Inbox } from "./Inbox";
import { SpeciesTrends } from "./SpeciesTrends";

const LOOK_AGAIN_MS = 30_000;
/** What is said of the mail is about an address. */
const WITH_ADDRESS: ReadonlySet<string> = new Set(["email", "unconfirmed", "ended"]);

export function WatchingSection() {
  const admin = useAdmin();
  const { api, places } = useServices();
  const t = words.value.watching;
  const lang = language.value;
  const status = useAsked(
    useCallback((signal) => admin.status(signal), [admin]),
    LOOK_AGAIN_MS,
  );
  const reports = useAsked(useCallback((signal) => admin.driftReports(signal), [admin]));
  const stats = useAsked(useCallback((signal) => api.stats(signal), [api]));
  const [chosen, setChosen] = useState<string | null>(null);
  const lines = useMemo(() => reports.value ?? [], [reports.value]);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the figures hold words, so another language makes them anew
  const trend = useMemo(() => trendOf(lines), [lines, lang]);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- as above
  const answers = useMemo(() => answersFigure(stats.value?.answers ?? []), [stats.value, lang]);
  const isUnknown = [reports, stats].some((one) => one.value === null && one.error === null);
  const opened = chosen ?? lines[0]?.report_id ?? null;
  return (
    <>
      <p class="photos__lead">{t.lead}</p>
      {status.error !== null && <Failure error={status.error} onRetry={status.again} />}
      {status.value !== null && (
        <section class="panel" aria-labelledby="health" data-testid="health">
          <h2 id="health">{t.health}</h2>
          <p>
            <strong>{status.value.message[lang]}</strong>
          </p>
          <p>{status.value.activity[lang]}</p>
          <p>{status.value.model.sentence[lang]}</p>
        </section>
      )}
      <div class="admin__start">
        <StartJob kind="check_drift" />
      </div>
      {reports.error !== null && <Failure error={reports.error} onRetry={reports.again} />}
      {stats.error !== null && <Failure error={stats.error} onRetry={stats.again} />}
      {isUnknown && (
        <p class="empty" role="status">
          <Spinner />
          <span>{messages.value.account.working}</span>
        </p>
      )}
      {/* Before the answer is there, an empty chart would say that there is nothing. */}
      {reports.value !== null && <ChartCard title={t.trendTitle} text={t.trendText} {...trend} testId="drift-trend" />}
      {stats.value !== null && <ChartCard title={t.confirmedTitle} text={t.confirmedText} {...answers} testId="confirmed" />}
      {lines.length > 0 && (
        <section class="panel" aria-labelledby="reports">
          <h2 id="reports">{t.reports}</h2>
          <label class="admin__pick">
            {t.check}
            <select value={opened ?? ""} onChange={(event) => setChosen(event.currentTarget.value)}>
              {lines.map((line) => (
                <option key={line.report_id} value={line.report_id}>
                  {moment(line.made_at)}
                </option>
              ))}
            </select>
          </label>
          {opened !== null && <Report key={opened} reportId={opened} />}
        </section>
      )}
      {lines.length > 0 && <SpeciesTrends newestFirst={lines} />}
      <Told />
      {places.inboxUrl !== null && <Inbox url={places.inboxUrl} />}
    </>
  );
}

function trendOf(newestFirst: readonly DriftLine[]) {
  const t = words.value.watching;
  const lines = [...newestFirst].reverse();
  return {
    table: {
      columns: [t.check, t.right, t.newPhotos, t.drifting],
      rows: lines.map((line) => [moment(line.made_at), share(line.accuracy), whole(line.new_photos), whole(line.drifting_species)]),
    },
    config: (colours: Colours): ChartConfiguration => ({
      type: "line",
      data: {
        labels: lines.map((line) => moment(line.made_at)),
        datasets: [{ label: t.right, data: lines.map((line) => line.accuracy), borderColor: colours.series[0] ?? colours.ink, backgroundColor: colours.series[0] ?? colours.ink, pointRadius: 4, spanGaps: true }],
      },
      options: { scales: { x: { ticks: { maxRotation: 0, autoSkipPadding: 24 } }, y: { min: 0, max: 1 } } },
    }),
  };
}

function Report({ reportId }: { reportId: string }) {
  const admin = useAdmin();
  const asked = useAsked(useCallback((signal) => admin.driftReport(reportId, signal), [admin, reportId]));
  if (asked.error !== null) return <Failure error={asked.error} onRetry={asked.again} />;
  return asked.value === null ? null : <Findings report={asked.value} />;
}

function Findings({ report }: { report: DriftReport }) {
  const t = words.value.watching;
  const lang = language.value;
  const page = (lang === "fr" ? report.page_url_fr : null) ?? report.page_url ?? null;
  return (
    <>
      <p class="advice">
        <strong>{report.sentence[lang]}</strong> {report.advice[lang]}
      </p>
      {report.drifting.length > 0 && (
        <ul class="plain">
          {report.drifting.map((one) => (
            <li key={`${one.current.species_id} ${one.measure}`}>
              {words.value.pair(one.current[lang], t.moved(t.measures[one.measure], figure(one.reference[one.measure].value), figure(one.current[one.measure].value)))}
            </li>
          ))}
        </ul>
      )}
      {report.worst.length > 0 && (
        <>
          <h3>{t.worst}</h3>
          <ul class="plain">
            {report.worst.map((one) => (
              <li key={one.species_id}>
                {words.value.pair(one[lang], `${share(one.recall.value)} (${whole(one.photos)})`)}
              </li>
            ))}
          </ul>
        </>
      )}
      {page !== null && (
        <p>
          <a href={page} data-testid="report-page" target="_blank" rel="noreferrer">
            {t.whole}
          </a>
        </p>
      )}
    </>
  );
}

function Told() {
  const admin = useAdmin();
  const t = words.value.watching;
  const asked = useAsked(useCallback((signal) => admin.notifications(signal), [admin]));
  const choices = useMemo(() => asked.value && new LetterChoices(admin, asked.value, () => announce(words.peek().watching.saved)), [admin, asked.value]);
  const known = choices?.known.value ?? null;
  const failure = choices?.failure.value ?? null;

  return (
    <section class="panel" aria-labelledby="told" data-testid="notifications">
      <h2 id="told">{t.toldTitle}</h2>
      {asked.error !== null && <Failure error={asked.error} onRetry={asked.again} />}
      {failure !== null && <Failure error={failure} />}
      {choices !== null && known !== null && (
        <>
          <p class="note">
            {t.delivery[known.delivery]}
            {WITH_ADDRESS.has(known.delivery) && ` ${known.email}`}
          </p>
          <fieldset>
            <legend class="visually-hidden">{t.toldTitle}</legend>
            {NOTICE_KINDS.map((kind) => (
              <label key={kind} class="check">
                <input type="checkbox" name={kind} checked={known.kinds.includes(kind)} onChange={(event) => void choices.want(kind, event.currentTarget.checked)} />
                <span>{t.kinds[kind]}</span>
              </label>
            ))}
          </fieldset>
          <label class="admin__pick">
            {t.language}
            <select value={known.language} onChange={(event) => void choices.speak(event.currentTarget.value === "fr" ? "fr" : "en")}>
              <option value="en">English</option>
              <option value="fr">Français</option>
            </select>
          </label>
        </>
      )}
    </section>
  );
}
