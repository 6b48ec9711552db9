/** Open numbers: what everybody's photos add up to; no sign-in needed. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { ServiceError } from "../api/errors";
import type { Stats } from "../api/types";
import { displayName, language, messages } from "../i18n";
import { useServices } from "../services";
import { AlertIcon } from "../ui/icons";
import { Meter } from "../ui/Meter";
import { ProblemText } from "../ui/ProblemText";
import { ChartCard } from "./Chart";
import { DataTable } from "./DataTable";
import { answersFigure, growthFigure, growthLegend, modelsFigure, pendingTable, rightAnswersOf, sizesFigure, whole } from "./figures";

const SHOWN_PENDING = 8;

type Asked = { kind: "asking" } | { kind: "known"; stats: Stats } | { kind: "failed"; error: ServiceError };

export function NumbersPage() {
  const { api } = useServices();
  const [asked, setAsked] = useState<Asked>({ kind: "asking" });
  const [attempt, setAttempt] = useState(0);
  const t = messages.value;

  useEffect(() => {
    const controller = new AbortController();
    api.stats(controller.signal).then(
      (stats) => setAsked({ kind: "known", stats }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        if (!(error instanceof ServiceError)) throw error;
        setAsked({ kind: "failed", error });
      },
    );
    return () => controller.abort();
  }, [api, attempt]);

  return (
    <div class="numbers">
      <h1>{t.titles.numbers}</h1>
      <p class="photos__lead">{t.numbers.lead}</p>
      {asked.kind === "failed" && (
        <div class="alert alert--row" role="alert">
          <AlertIcon />
          <ProblemText error={asked.error} />
          <button type="button" class="button button--small" onClick={() => setAttempt(attempt + 1)}>
            {t.photo.retry}
          </button>
        </div>
      )}
      {asked.kind === "asking" && (
        <div class="headline" aria-busy="true" role="status" aria-label={t.account.working}>
          {[0, 1, 2, 3].map((one) => (
            <span key={one} class="headline__item headline__item--blank" />
          ))}
        </div>
      )}
      {asked.kind === "known" && <Known stats={asked.stats} />}
    </div>
  );
}

function Known({ stats: asked }: { stats: Stats }) {
  // Days before the first photo say nothing.
  const stats = useMemo(() => ({ ...asked, growth: asked.growth.filter((point) => point.photos > 0) }), [asked]);
  const t = messages.value.numbers;
  const lang = language.value;
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the figures hold words, so another language makes them anew
  const figures = useMemo(() => figuresOf(stats), [stats, lang]);
  return (
    <>
      <dl class="headline">
        <Headline value={whole(stats.dataset_photos)} name={t.photos} />
        <Headline value={whole(stats.dataset_species)} name={t.species} />
        <Headline value={whole(stats.contributions)} name={t.contributions} />
        <Headline value={rightAnswersOf(stats)} name={t.rightShare} />
      </dl>
      <div class="charts">
        <ChartCard
          title={t.growthTitle}
          text={t.growthText}
          {...figures.growth}
          testId="growth"
          legend={<Legend names={growthLegend(stats.growth)} />}
        />
        <Pending species={stats.pending_species} />
        <ChartCard title={t.sizesTitle} text={t.sizesText} {...figures.sizes} testId="sizes" heightRem={22} />
        <ChartCard
          title={t.modelsTitle}
          text={t.modelsText}
          {...figures.models}
          testId="models"
          legend={stats.models.length > 1 ? <Legend names={[t.modelsLegend.serves, t.modelsLegend.others]} /> : undefined}
        />
        <ChartCard title={t.answersTitle} text={t.answersText} {...figures.answers} testId="answers" />
      </div>
      <p class="note">{t.updated}</p>
    </>
  );
}

function figuresOf(stats: Stats) {
  return {
    growth: growthFigure(stats.growth),
    sizes: sizesFigure(stats.largest_species),
    models: modelsFigure(stats.models),
    answers: answersFigure(stats.answers),
  };
}

function Headline({ value, name }: { value: string; name: string }) {
  return (
    <div class="headline__item">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Legend({ names }: { names: string[] }) {
  return (
    <ul class="legend">
      {names.map((name, index) => (
        <li key={name} class={`legend__item legend__item--${(index % 5) + 1}`}>
          {name}
        </li>
      ))}
    </ul>
  );
}

function Pending({ species }: { species: Stats["pending_species"] }) {
  const t = messages.value.numbers;
  const p = messages.value.photos;
  return (
    <section class="chart" aria-labelledby="pending-title" data-testid="pending">
      <h2 id="pending-title">{t.pendingTitle}</h2>
      <p class="chart__text">{t.pendingText}</p>
      {species.length === 0 && <p class="chart__none">{t.none}</p>}
      <ul class="meters">
        {species.slice(0, SHOWN_PENDING).map((one) => (
          <li key={one.species_id}>
            <span class="meters__name">{displayName(one.names)}</span>
            <Meter fraction={one.photos / Math.max(1, one.needed)}>{p.short(whole(one.photos), whole(one.needed))}</Meter>
          </li>
        ))}
      </ul>
      {species.length > 0 && <DataTable table={pendingTable(species)} labelledBy="pending-title" />}
    </section>
  );
}
