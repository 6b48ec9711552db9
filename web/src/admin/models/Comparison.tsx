/** A version beside the champion on the same photos; a difference that may be chance is called so. */
import { useCallback } from "preact/hooks";
import { ProblemError } from "../../api/errors";
import { language, messages } from "../../i18n";
import { share, whole } from "../../numbers/figures";
import { Spinner } from "../../ui/Spinner";
import { useAsked } from "../asked";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import { figure, shareGained } from "../moments";
import { nameIn, useNames } from "../names";
import { StartJob } from "../jobs/StartJob";
import type { Comparison, Duel } from "../types";
import { words } from "../words";

const SHOWN = 10;
/** The others are no shares of photos. */
const SHARES: ReadonlySet<string> = new Set(["accuracy", "top3"]);

export function ComparisonPanel({ version }: { version: string }) {
  const admin = useAdmin();
  const t = words.value.models;
  const asked = useAsked(useCallback((signal) => admin.comparison(version, signal), [admin, version]));
  const isMissing = asked.error instanceof ProblemError && asked.error.code === "no-evaluation";
  return (
    <section class="admin__part" aria-labelledby="comparison" data-testid="comparison">
      <h3 id="comparison">{t.compareTitle}</h3>
      {asked.value !== null && <Compared comparison={asked.value} />}
      {asked.value === null && asked.error === null && (
        <p class="working__text" role="status">
          <Spinner />
          <span>{messages.value.account.working}</span>
        </p>
      )}
      {isMissing && (
        <>
          <p class="note">{t.notCompared}</p>
          <StartJob kind="evaluate" parameters={{ model_version: version }} />
        </>
      )}
      {asked.error !== null && !isMissing && <Failure error={asked.error} onRetry={asked.again} />}
    </section>
  );
}

function Compared({ comparison }: { comparison: Comparison }) {
  const t = words.value.models;
  const lang = language.value;
  const { differences, photos } = comparison.all_species;
  const { milliseconds } = comparison;
  const ids = listed(comparison);
  const known = useNames(ids, ids.join(" "));
  const nameOf = (id: string): string => nameIn(known, id);
  return (
    <>
      <p class={`advice advice--${comparison.advice}`} data-testid="advice">
        <strong>{t.advice[comparison.advice]}</strong> {comparison.reason_words[lang]}
      </p>
      {comparison.caveats_words.map((caveat) => (
        <p key={caveat.en} class="note" data-testid="caveat">
          {caveat[lang]}
        </p>
      ))}
      <p class="note">{t.onPhotos(whole(photos))}</p>
      <div class="scroll" tabIndex={0} role="group" aria-labelledby="comparison">
        <table>
          <thead>
            <tr>
              <th scope="col">{t.measure}</th>
              <th scope="col">{t.roles.champion}</th>
              <th scope="col">{comparison.challenger.model.version}</th>
              <th scope="col">{t.difference}</th>
              <th scope="col">{t.verdict}</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(differences).map(([name, one]) => (
              <tr key={name}>
                <th scope="row">{Object.hasOwn(t.measures, name) ? t.measures[name as keyof typeof t.measures] : name}</th>
                <td>{valueOf(name, one.champion)}</td>
                <td>{valueOf(name, one.challenger)}</td>
                <td>
                  {gainOf(name, one.low)} … {gainOf(name, one.high)}
                </td>
                <td>{t.verdicts[one.verdict]}</td>
              </tr>
            ))}
            {milliseconds !== null && (
              <tr>
                <th scope="row">{t.milliseconds}</th>
                <td>{figure(milliseconds[comparison.champion.model.version] ?? 0)}</td>
                <td>{figure(milliseconds[comparison.challenger.model.version] ?? 0)}</td>
                <td />
                <td />
              </tr>
            )}
          </tbody>
        </table>
      </div>
      <Duels title={t.won} duels={comparison.won} nameOf={nameOf} />
      <Duels title={t.lost} duels={comparison.lost} nameOf={nameOf} />
      <Only title={t.onlyChallenger} ids={comparison.only_challenger} nameOf={nameOf} />
      <Only title={t.onlyChampion} ids={comparison.only_champion} nameOf={nameOf} />
    </>
  );
}

function valueOf(measure: string, value: number): string {
  return SHARES.has(measure) ? share(value) : figure(value);
}

function gainOf(measure: string, value: number): string {
  return SHARES.has(measure) ? shareGained(value) : figure(value);
}

/** The species that are named below: no more than are shown. */
function listed({ won, lost, only_challenger: gained, only_champion: forgotten }: Comparison): string[] {
  const duels = [won, lost].flatMap((some) => some.slice(0, SHOWN).map((duel) => duel.species_id));
  return [...duels, ...gained.slice(0, SHOWN * 2), ...forgotten.slice(0, SHOWN * 2)];
}

function Duels({ title, duels, nameOf }: { title: string; duels: Duel[]; nameOf: (id: string) => string }) {
  const t = words.value.models;
  if (duels.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul class="plain">
        {duels.slice(0, SHOWN).map((duel) => (
          <li key={duel.species_id} data-species={duel.species_id}>
            {words.value.pair(nameOf(duel.species_id), `${t.duel(whole(duel.champion_right), whole(duel.challenger_right), whole(duel.photos))} (${t.verdicts[duel.verdict]})`)}
          </li>
        ))}
      </ul>
    </>
  );
}

function Only({ title, ids, nameOf }: { title: string; ids: string[]; nameOf: (id: string) => string }) {
  if (ids.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <p>
        {ids.slice(0, SHOWN * 2).map(nameOf).join(", ")}
        {ids.length > SHOWN * 2 && ` … (${whole(ids.length)})`}
      </p>
    </>
  );
}
