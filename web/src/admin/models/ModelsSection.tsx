/** The models: which there are, how one compares with the champion, where it errs, and who of them serves. */
import type { ComponentChildren } from "preact";
import { useCallback, useState } from "preact/hooks";
import { share, whole } from "../../numbers/figures";
import { Spinner } from "../../ui/Spinner";
import { messages } from "../../i18n";
import { useServices } from "../../services";
import { Ask } from "../Ask";
import { useAsked } from "../asked";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import { date, figure, megabytes, moment } from "../moments";
import type { Model, ModelList } from "../types";
import { words } from "../words";
import { ComparisonPanel } from "./Comparison";
import { ConfusionPanel } from "./Confusion";
import { ModelCurve } from "./Curve";
import { ShadowPanel } from "./Shadow";
import { beforeOf } from "./tenures";

/** The others are no shares of photos. */
const SHARES: ReadonlySet<string> = new Set(["test_accuracy", "validation_accuracy", "top3"]);
const FIGURES = ["test_accuracy", "validation_accuracy", "macro_f1", "top3", "ece"] as const;
const LOOK_AGAIN_MS = 15_000;

export function ModelsSection() {
  const admin = useAdmin();
  const t = words.value.models;
  const asked = useAsked(
    useCallback((signal) => admin.models(signal), [admin]),
    LOOK_AGAIN_MS,
  );
  const [chosen, setChosen] = useState<string | null>(null);
  const [asking, setAsking] = useState<{ kind: "promote"; version: string } | { kind: "rollBack"; leavingRevision: number } | null>(null);
  const list = asked.value;
  if (list === null) {
    return asked.error === null ? (
      <p class="empty" role="status">
        <Spinner />
        <span>{messages.value.account.working}</span>
      </p>
    ) : (
      <Failure error={asked.error} onRetry={asked.again} />
    );
  }
  const opened = list.models.find((model) => model.version === (chosen ?? list.challenger ?? list.champion));
  const before = beforeOf(list.history);
  const standing = list.history[0];
  return (
    <>
      {asked.error !== null && <Failure error={asked.error} onRetry={asked.again} />}
      <p class="photos__lead">{t.lead}</p>
      <ul class="models" data-testid="models">
        {list.models.map((model) => (
          <li key={model.version}>
            <ModelRow model={model} isOpen={model.version === opened?.version} onOpen={() => setChosen(model.version)} />
          </li>
        ))}
      </ul>
      {opened !== undefined && (
        <section class="panel" aria-labelledby="opened-model" data-testid="model">
          <h2 id="opened-model">{opened.version}</h2>
          <Facts model={opened} />
          <div class="state__actions admin__buttons">
            {opened.role !== "champion" && (
              <button type="button" class="button button--primary" data-testid="promote" onClick={() => setAsking({ kind: "promote", version: opened.version })}>
                {t.promote}
              </button>
            )}
            {opened.role === "champion" && before !== null && standing !== undefined && (
              <button
                type="button"
                class="button button--danger"
                data-testid="roll-back"
                // What is meant is the champion seen at this click, however often it is confirmed and whatever the list says by then.
                onClick={() => setAsking({ kind: "rollBack", leavingRevision: standing.revision })}
              >
                {t.rollBack}
              </button>
            )}
          </div>
          {opened.role !== "champion" && list.champion !== null && <ComparisonPanel key={`${opened.version} ${list.champion}`} version={opened.version} />}
          <ShadowPanel key={`shadow ${opened.version}`} version={opened.version} hasChallenger={list.challenger !== null} />
          <ModelCurve key={`curve ${opened.version}`} version={opened.version} />
          {opened.role !== "champion" && list.champion !== null && <ModelCurve key={`champion ${list.champion}`} version={list.champion} isBeside />}
          <ConfusionPanel key={opened.version} version={opened.version} />
        </section>
      )}
      <History list={list} />
      {asking?.kind === "promote" && (
        <Ask
          title={t.promoteTitle(asking.version)}
          yes={t.promote}
          needsReason
          done={t.promoted(asking.version)}
          work={(reason) => admin.promote(asking.version, reason).then(asked.again)}
          onClose={() => setAsking(null)}
        >
          <p>{t.promoteText(list.champion ?? "–")}</p>
        </Ask>
      )}
      {asking?.kind === "rollBack" && (
        <Ask
          title={t.rollBackTitle}
          yes={t.rollBack}
          isDangerous
          needsReason
          done={t.rolledBack}
          work={(reason) => admin.rollBack(asking.leavingRevision, reason).then(asked.again)}
          onClose={() => setAsking(null)}
        >
          <p>{t.rollBackText(list.champion ?? "–", before ?? "–")}</p>
        </Ask>
      )}
    </>
  );
}

function ModelRow({ model, isOpen, onOpen }: { model: Model; isOpen: boolean; onOpen: () => void }) {
  const t = words.value.models;
  const accuracy = model.figures.test_accuracy ?? model.figures.validation_accuracy;
  return (
    <button type="button" class="models__row" aria-pressed={isOpen} data-version={model.version} data-role={model.role ?? ""} onClick={onOpen}>
      <strong>{model.version}</strong>
      {model.role !== null && <span class={`badge badge--${model.role === "champion" ? "in_dataset" : "waiting_for_review"}`}>{t.roles[model.role]}</span>}
      <span class="note">{[moment(model.registered_at), t.species(whole(model.species_count)), accuracy === undefined ? null : t.accuracy(share(accuracy))].filter(Boolean).join(" · ")}</span>
    </button>
  );
}

function Facts({ model }: { model: Model }) {
  const { places } = useServices();
  const t = words.value.models;
  const facts: [string, ComponentChildren][] = [
    [t.facts.recipe, `${model.recipe}, ${model.backbone}`],
    [t.facts.made, date(model.created_at)],
    [t.facts.size, megabytes(model.bundle_bytes)],
    [t.facts.snapshot, model.snapshot_id?.slice(0, 12) ?? "–"],
    [t.facts.parent, model.parent_version ?? "–"],
    [t.facts.run, model.mlflow_run_id === null ? "–" : <Run id={model.mlflow_run_id} under={places.runsUrl} />],
    ...FIGURES.filter((name) => model.figures[name] !== undefined).map((name): [string, string] => [t.figures[name], (SHARES.has(name) ? share : figure)(model.figures[name] ?? 0)]),
  ];
  return (
    <dl class="factlist">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The run's record opens in MLflow where there is one to open. */
function Run({ id, under }: { id: string; under: string | null }) {
  if (under === null) return <>{id}</>;
  return (
    <a href={under + encodeURIComponent(id)} target="_blank" rel="noreferrer" data-testid="run">
      {words.value.models.openRun}
    </a>
  );
}

function History({ list }: { list: ModelList }) {
  const t = words.value.models;
  return (
    <section class="panel" aria-labelledby="tenures">
      <h2 id="tenures">{t.history}</h2>
      <ol class="tenures" data-testid="tenures">
        {list.history.map((tenure) => (
          <li key={tenure.revision} data-change={tenure.change}>
            <strong>{tenure.version}</strong> <span class="badge">{t.changes[tenure.change]}</span>
            <span class="note">
              {moment(tenure.chosen_at)} · {tenure.change === "shipped" ? t.cameAlong : tenure.reason}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
