/** How a training went, or goes: two lines for the loss, two for what is right, and a table behind each chart. */
import { useCallback, useId, useMemo, useRef } from "preact/hooks";
import { language } from "../../i18n";
import { ChartCard } from "../../numbers/Chart";
import { whole } from "../../numbers/figures";
import { useAsked } from "../asked";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import type { Curve, CurvePart } from "../types";
import { words } from "../words";
import { lossFigure, rightFigure } from "./curveFigures";

const LOOK_AGAIN_MS = 5_000;

/** The curve of a version's training; the champion's, beside another's, says whose it is. */
export function ModelCurve({ version, isBeside = false }: { version: string; isBeside?: boolean }) {
  const admin = useAdmin();
  const t = words.value.models.curve;
  const heading = useId();
  const asked = useAsked(useCallback((signal) => admin.modelCurve(version, signal), [admin, version]));
  return (
    <section class="admin__part" aria-labelledby={heading} data-testid={isBeside ? "champions-curve" : "curve"}>
      <h3 id={heading}>{isBeside ? t.champions(version) : t.title}</h3>
      {asked.error !== null && <Failure error={asked.error} onRetry={asked.again} />}
      {asked.value !== null && <Parts curve={asked.value} none={t.none} level="h4" />}
    </section>
  );
}

/** A training's curve, which grows while it runs. */
export function JobCurve({ jobId, isRunning }: { jobId: string; isRunning: boolean }) {
  const admin = useAdmin();
  const t = words.value.models.curve;
  const last = useRef<Curve | null>(null);
  const asked = useAsked(
    useCallback(
      async (signal) => {
        const found = await admin.jobCurve(jobId, signal);
        // The same answer is the same curve, and is not drawn anew.
        if (JSON.stringify(found) !== JSON.stringify(last.current)) last.current = found;
        return last.current ?? found;
      },
      [admin, jobId],
    ),
    isRunning ? LOOK_AGAIN_MS : null,
  );
  return (
    <div data-testid="job-curve">
      {asked.error !== null && <Failure error={asked.error} onRetry={asked.again} />}
      {asked.value !== null && <Parts curve={asked.value} none={isRunning ? t.notYet : t.noneOfJob} level="h3" />}
    </div>
  );
}

type Level = "h3" | "h4";

function Parts({ curve, none, level }: { curve: Curve; none: string; level: Level }) {
  if (curve.parts.length === 0) return <p class="note">{none}</p>;
  return (
    <>
      {curve.parts.map((part) => (
        <Part key={part.kind} part={part} level={level} />
      ))}
    </>
  );
}

function Part({ part, level }: { part: CurvePart; level: Level }) {
  const t = words.value.models.curve;
  const lang = language.value;
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the figures hold words, so another language makes them anew
  const figures = useMemo(() => ({ loss: lossFigure(part), right: rightFigure(part) }), [part, lang]);
  const legend = (
    <ul class="legend">
      <li class="legend__item legend__item--2">{t.dashed(t.training)}</li>
      <li class="legend__item legend__item--1">{t.validation}</li>
    </ul>
  );
  const shown = part.points.filter((point) => point.step > 0).length;
  return (
    <div data-part={part.kind}>
      <p>
        {t.parts[part.kind](whole(part.total))} {part.best !== null && t.bestIs(whole(part.best))} {shown < part.total && t.leftOut(whole(shown), whole(part.total))}
      </p>
      <p class="note">{t.texts[part.kind]}</p>
      <div class="curves">
        <ChartCard title={t.loss} text="" {...figures.loss} testId="loss" heightRem={14} legend={legend} level={level} />
        <ChartCard title={t.right} text="" {...figures.right} testId="right" heightRem={14} legend={legend} level={level} />
      </div>
    </div>
  );
}
