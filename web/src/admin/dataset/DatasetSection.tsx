/** The dataset as it stands: what changed, where it comes from, which labels need a person, and which species are near their gate. */
import { useCallback, useMemo, useState } from "preact/hooks";
import { displayName, messages } from "../../i18n";
import { SpeciesSearch } from "../../identify/SpeciesSearch";
import { whole } from "../../numbers/figures";
import { hrefOf } from "../../route";
import { Spinner } from "../../ui/Spinner";
import { Ask } from "../Ask";
import { useAsked } from "../asked";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import { StartJob } from "../jobs/StartJob";
import { moment } from "../moments";
import { nameIn, useNames } from "../names";
import type { Dataset, Label } from "../types";
import { VirtualList } from "../VirtualList";
import { words } from "../words";
import { changesOf } from "./changes";
import { speciesRows, type SpeciesRow } from "./species";
import { takeWantedSpecies } from "./wanted";

const LOOK_AGAIN_MS = 10_000;
const ROW_PX = 56;
/** On a phone what is said of a species takes two lines. */
const NARROW_ROW_PX = 78;
const isWide = (): boolean => matchMedia("(min-width: 46rem)").matches;

export function DatasetSection() {
  const admin = useAdmin();
  const t = words.value.dataset;
  const asked = useAsked(
    useCallback((signal) => admin.dataset(signal), [admin]),
    LOOK_AGAIN_MS,
  );
  const dataset = asked.value;
  return (
    <>
      <p class="photos__lead">{t.lead}</p>
      <div class="admin__start">
        <StartJob kind="sync" />
        <StartJob kind="refresh" />
      </div>
      {asked.error !== null && <Failure error={asked.error} onRetry={asked.again} />}
      {dataset === null && asked.error === null && (
        <p class="empty" role="status">
          <Spinner />
          <span>{messages.value.account.working}</span>
        </p>
      )}
      {dataset !== null && (
        <>
          <Snapshot dataset={dataset} />
          <Labels />
          <SpeciesPanel dataset={dataset} />
        </>
      )}
    </>
  );
}

function Snapshot({ dataset }: { dataset: Dataset }) {
  const t = words.value.dataset;
  const { snapshot, sync } = dataset;
  const waiting = dataset.in_review >= 500 ? "500+" : whole(dataset.in_review);
  const facts: [string, string][] = [
    [t.photos, whole(snapshot?.photos ?? 0)],
    [t.species, whole(Object.keys(snapshot?.species ?? {}).length)],
    [t.snapshot, snapshot === null ? "–" : `${snapshot.snapshot_id.slice(0, 12)} (${whole(snapshot.depth + 1)})`],
    [t.changes, snapshot === null ? "–" : changesOf(snapshot.changes, words.value)],
    [t.sources, Object.entries(dataset.sources).map(([name, photos]) => `${name === "contribution" ? t.contributions : name} ${whole(photos)}`).join(" · ") || "–"],
    [t.inReview, waiting],
    [t.kaggle, Object.hasOwn(t.sync, sync.status) ? t.sync[sync.status as keyof typeof t.sync] : sync.message],
    [t.checked, moment(sync.checked_at)],
  ];
  return (
    <section class="panel" aria-labelledby="snapshot" data-testid="snapshot">
      <h2 id="snapshot">{t.now}</h2>
      {dataset.is_being_written && (
        <p class="working__text" role="status">
          <Spinner />
          <span>{t.beingWritten}</span>
        </p>
      )}
      <dl class="factlist">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {dataset.in_review > 0 && (
        <p class="advice" data-testid="review-advice">
          {t.reviewAdvice(waiting)}{" "}
          <a class="link" href={hrefOf("admin", "review")}>
            {t.review}
          </a>
        </p>
      )}
    </section>
  );
}

function SpeciesPanel({ dataset }: { dataset: Dataset }) {
  const t = words.value.dataset;
  const [query, setQuery] = useState(takeWantedSpecies);
  const [order, setOrder] = useState<"gate" | "photos">("gate");
  const names = useNames(Object.keys(dataset.snapshot?.species ?? {}), dataset.snapshot?.snapshot_id ?? "");
  const rows = useMemo(() => speciesRows(dataset, query, order, names), [dataset, query, order, names]);
  return (
    <section class="panel" aria-labelledby="species">
      <h2 id="species">{t.speciesTitle}</h2>
      <p class="note">{t.gate(whole(dataset.needed_photos))}</p>
      <div class="admin__start">
        <input class="admin__filter" type="search" aria-label={t.filter} placeholder={t.filter} value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
        <select aria-label={t.order} onChange={(event) => setOrder(event.currentTarget.value === "photos" ? "photos" : "gate")}>
          <option value="gate">{t.byGate}</option>
          <option value="photos">{t.byPhotos}</option>
        </select>
      </div>
      {rows.length === 0 ? <p class="note">{t.noSpecies}</p> : <VirtualList items={rows} rowPx={isWide() ? ROW_PX : NARROW_ROW_PX} label={t.speciesTitle} keyOf={(row) => row.speciesId} row={(row) => <Row row={row} name={nameIn(names, row.speciesId)} />} testId="species-list" />}
    </section>
  );
}

function Row({ row, name }: { row: SpeciesRow; name: string }) {
  const t = words.value.dataset;
  return (
    <span class="species-row" data-species={row.speciesId}>
      <strong>{name}</strong>
      <span class="note">{row.missing > 0 ? t.missing(whole(row.photos), whole(row.missing)) : t.split(whole(row.photos), whole(row.train), whole(row.validation), whole(row.test))}</span>
    </span>
  );
}

function Labels() {
  const admin = useAdmin();
  const t = words.value.dataset;
  const asked = useAsked(useCallback((signal) => admin.labels(signal), [admin]));
  const open = asked.value?.filter((label) => label.state === "open") ?? [];
  return (
    <section class="panel" aria-labelledby="labels" data-testid="labels">
      <h2 id="labels">{t.labelsTitle}</h2>
      <p class="note">{t.labelsText}</p>
      {asked.error !== null && <Failure error={asked.error} onRetry={asked.again} />}
      {asked.value !== null && open.length === 0 && <p>{t.noLabels}</p>}
      {open.length > 0 && (
        <ul class="jobs">
          {open.map((label) => (
            <li key={label.label_id}>
              <LabelCard label={label} onSettled={asked.again} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function LabelCard({ label, onSettled }: { label: Label; onSettled: () => void }) {
  const admin = useAdmin();
  const t = words.value.dataset;
  const [asking, setAsking] = useState<{ speciesId: string | null; name: string } | null>(null);
  const [isSearching, setSearching] = useState(false);
  return (
    <article class="job" data-label={label.label}>
      <h3>{label.label}</h3>
      <p class="note">
        {[label.scientific, label.source, t.labelPhotos(whole(label.photos))].filter(Boolean).join(" · ")}
      </p>
      {isSearching ? (
        <SpeciesSearch
          onBack={() => setSearching(false)}
          onChosen={(species) => {
            setSearching(false);
            setAsking({ speciesId: species.species_id, name: displayName(species.names) });
          }}
        />
      ) : (
        <div class="state__actions">
          {label.proposals.map((one) => (
            <button key={one.species_id} type="button" class="chip" onClick={() => setAsking({ speciesId: one.species_id, name: displayName(one.names) })}>
              {displayName(one.names)}
            </button>
          ))}
          <button type="button" class="button button--small" onClick={() => setSearching(true)}>
            {t.other}
          </button>
          <button type="button" class="button button--small button--danger" onClick={() => setAsking({ speciesId: null, name: t.noBird })}>
            {t.noBird}
          </button>
        </div>
      )}
      {asking !== null && (
        <Ask title={t.settleTitle(label.label, asking.name)} yes={t.settle} isDangerous={asking.speciesId === null} done={t.settled} work={() => admin.settleLabel(label.label_id, asking.speciesId).then(onSettled)} onClose={() => setAsking(null)}>
          <p>{asking.speciesId === null ? t.leaveOutText(whole(label.photos)) : t.settleText(whole(label.photos), asking.name)}</p>
        </Ask>
      )}
    </article>
  );
}
