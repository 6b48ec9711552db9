/** The jobs: what runs and how far, what waits and for whom, what failed and why. The list is the service's: a reload changes nothing. */
import { useCallback, useState } from "preact/hooks";
import { language, messages } from "../../i18n";
import { whole } from "../../numbers/figures";
import { Lazy } from "../../pages/Lazy";
import { useServices } from "../../services";
import { Meter } from "../../ui/Meter";
import { Spinner } from "../../ui/Spinner";
import { Ask } from "../Ask";
import { useAsked } from "../asked";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import { moment, span } from "../moments";
import { nameIn, useNames } from "../names";
import { JOB_KINDS, type Job } from "../types";
import { words } from "../words";
import { StartJob } from "./StartJob";
import { failureOf, lineOf, noteOf, resultOf, sayingOf, speciesOf } from "./told";

/** Charts are wanted by few who look at the jobs. */
const loadCurve = () => import("../models/Curve").then((module) => module.JobCurve);

const WHILE_RUNNING_MS = 2_000;
const WHILE_QUIET_MS = 10_000;
/** What changes the dataset half-way can't be stopped. */
const CANCELLABLE: ReadonlySet<string> = new Set(["train", "evaluate", "check_drift", "verify"]);

export function JobsSection() {
  const admin = useAdmin();
  const t = words.value.jobs;
  const [everyMs, setEveryMs] = useState(WHILE_RUNNING_MS);
  const asked = useAsked(
    useCallback(
      async (signal) => {
        const jobs = await admin.jobs(signal);
        setEveryMs(jobs.some(isActive) ? WHILE_RUNNING_MS : WHILE_QUIET_MS);
        return jobs;
      },
      [admin],
    ),
    everyMs,
  );
  const jobs = asked.value;
  return (
    <>
      <p class="photos__lead">{t.lead}</p>
      <div class="admin__start" role="group" aria-label={t.startTitle}>
        {JOB_KINDS.map((kind) => (
          <StartJob key={kind} kind={kind} onStarted={asked.again} />
        ))}
      </div>
      {asked.error !== null && <Failure error={asked.error} onRetry={asked.again} />}
      {jobs === null && asked.error === null && (
        <p class="empty" role="status">
          <Spinner />
          <span>{messages.value.account.working}</span>
        </p>
      )}
      {jobs?.length === 0 && <p class="empty">{t.none}</p>}
      <ul class="jobs" data-testid="jobs">
        {jobs?.map((job) => (
          <li key={job.job_id}>
            <JobCard job={job} jobs={jobs} onChanged={asked.again} />
          </li>
        ))}
      </ul>
    </>
  );
}

function isActive(job: Job): boolean {
  return job.state === "queued" || job.state === "running";
}

const BADGES: Record<Job["state"], string> = {
  queued: "waiting_for_review",
  running: "in_dataset",
  finished: "in_dataset",
  failed: "set_aside",
  cancelled: "withdrawn",
};

function JobCard({ job, jobs, onChanged }: { job: Job; jobs: readonly Job[]; onChanged: () => void }) {
  const admin = useAdmin();
  const { session } = useServices();
  const t = words.value.jobs;
  const [isAsking, setAsking] = useState(false);
  const [isLogOpen, setLogOpen] = useState(false);
  const [isCurveOpen, setCurveOpen] = useState(false);
  const { done, total } = job.progress;
  const note = noteOf(job.progress.note, words.value);
  const reasons = job.why ?? [];
  const entered = [job.result.new_species, ...reasons.map((one) => one.facts.species)].flatMap((ids) => speciesOf(ids ?? ""));
  const names = useNames(entered, entered.join(" "));
  const result = resultOf(job.result, words.value, language.value, (id) => nameIn(names, id));
  const state = session.state.value;
  const myId = state.kind === "signed-in" ? state.person.ownerId : null;
  const why = reasons.map((one) => sayingOf(one, language.value, words.value, (id) => nameIn(names, id), myId)).join(" · ");
  const failure = failureOf(job, language.value, words.value, myId);
  const waitsFor = job.waits_for.map((id) => jobs.find((one) => one.job_id === id)).filter((one) => one !== undefined);
  return (
    <article class="job" data-kind={job.kind} data-state={job.state} data-job={job.job_id}>
      <h2>
        {t.kinds[job.kind]} <span class={`badge badge--${BADGES[job.state]}`}>{t.states[job.state]}</span>
      </h2>
      <p class="note">
        {job.finished_at === null ? moment(job.started_at ?? job.requested_at) : span(job.started_at ?? job.requested_at, job.finished_at)}
        {job.attempt > 1 && ` · ${t.attempt(whole(job.attempt))}`}
      </p>
      {job.state === "running" && (total > 0 ? <Meter fraction={done / total}>{note === "" ? t.progress(whole(done), whole(total)) : words.value.pair(t.progress(whole(done), whole(total)), note)}</Meter> : <p class="working__text"><Spinner /><span>{note === "" ? t.begun : note}</span></p>)}
      {job.state === "queued" && <p>{waitsFor.length === 0 ? t.next : t.waitsFor(waitsFor.map((one) => t.kinds[one.kind]).join(", "))}</p>}
      {why !== "" && <p class="note job__why">{t.why(why)}</p>}
      {failure !== null && (
        <p class="job__reason" data-code={job.failure?.code ?? ""}>
          {failure}
        </p>
      )}
      {result.length > 0 && (
        <details>
          <summary>{t.result}</summary>
          <dl class="factlist">
            {result.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      <div class="state__actions">
        {job.kind === "train" && (
          <>
            <button type="button" class="button button--small" aria-expanded={isCurveOpen} data-testid="open-curve" onClick={() => setCurveOpen(!isCurveOpen)}>
              {t.curve}
            </button>
            <button type="button" class="button button--small" aria-expanded={isLogOpen} onClick={() => setLogOpen(!isLogOpen)}>
              {t.log}
            </button>
          </>
        )}
        {(job.state === "queued" || (job.state === "running" && CANCELLABLE.has(job.kind))) && (
          <button type="button" class="button button--small button--danger" onClick={() => setAsking(true)}>
            {t.cancel}
          </button>
        )}
      </div>
      {isCurveOpen && <Lazy load={loadCurve} given={{ jobId: job.job_id, isRunning: isActive(job) }} />}
      {isLogOpen && <Log jobId={job.job_id} />}
      {isAsking && (
        <Ask title={t.cancelTitle(t.kinds[job.kind])} yes={t.cancel} isDangerous done={t.cancelled} work={() => admin.cancelJob(job.job_id).then(onChanged)} onClose={() => setAsking(false)}>
          <p>{t.cancelText}</p>
        </Ask>
      )}
    </article>
  );
}

function Log({ jobId }: { jobId: string }) {
  const admin = useAdmin();
  const t = words.value.jobs;
  const asked = useAsked(useCallback((signal) => admin.jobLog(jobId, signal), [admin, jobId]));
  if (asked.error !== null) return <Failure error={asked.error} onRetry={asked.again} />;
  return (
    <>
      <p class="note">{t.logText}</p>
      <pre class="log" tabIndex={0} aria-label={t.log}>
        {asked.value === null ? "…" : asked.value.length === 0 ? t.noLog : asked.value.map((line) => lineOf(line, words.value)).join("\n")}
      </pre>
    </>
  );
}
