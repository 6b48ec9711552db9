/** What a version said of people's own photos, unseen by them; says in so many words what that proves and what not. */
import { useCallback } from "preact/hooks";
import { displayName, messages } from "../../i18n";
import { share, whole } from "../../numbers/figures";
import { AlertIcon } from "../../ui/icons";
import { Spinner } from "../../ui/Spinner";
import { useAsked } from "../asked";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import { figure, moment } from "../moments";
import type { Shadow, ShadowAgainst, ShadowDisagreement, Share } from "../types";
import { words } from "../words";

const LOOK_AGAIN_MS = 15_000;
const SIDES = ["champion", "challenger"] as const;

export function ShadowPanel({ version, hasChallenger }: { version: string; hasChallenger: boolean }) {
  const admin = useAdmin();
  const t = words.value.models.shadow;
  const asked = useAsked(
    useCallback((signal) => admin.shadow(version, signal), [admin, version]),
    LOOK_AGAIN_MS,
  );
  return (
    <section class="admin__part" aria-labelledby="shadow" data-testid="shadow" data-state={asked.value?.state ?? ""}>
      <h3 id="shadow">{t.title}</h3>
      {asked.value !== null && <Shown shadow={asked.value} hasChallenger={hasChallenger} />}
      {asked.value === null && asked.error === null && (
        <p class="working__text" role="status">
          <Spinner />
          <span>{messages.value.account.working}</span>
        </p>
      )}
      {asked.error !== null && <Failure error={asked.error} onRetry={asked.again} />}
    </section>
  );
}

function Shown({ shadow, hasChallenger }: { shadow: Shadow; hasChallenger: boolean }) {
  const t = words.value.models.shadow;
  const isEmpty = shadow.against.length === 0;
  return (
    <>
      <p class="note">{shadow.state === "scoring" ? t.scoring(share(shadow.share)) : shadow.state === "off" ? t.off : hasChallenger ? t.notThis : t.noChallenger}</p>
      {shadow.trouble !== null && (
        <div class="alert alert--row" role="alert" data-testid="shadow-trouble">
          <AlertIcon />
          <p>{t.trouble(moment(shadow.trouble.at), shadow.trouble.reason)}</p>
        </div>
      )}
      {isEmpty && shadow.state === "scoring" && <p data-testid="shadow-nothing">{t.nothing}</p>}
      {shadow.against.map((against) => (
        <Against key={against.champion} against={against} />
      ))}
      {!isEmpty && <p class="note">{t.proves}</p>}
    </>
  );
}

function Against({ against }: { against: ShadowAgainst }) {
  const t = words.value.models.shadow;
  const rows: [string, string, string][] = [
    [t.sureSame, score(against.same.champion), score(against.same.challenger)],
    [t.sureOther, score(against.other.champion), score(against.other.challenger)],
    [t.unfamiliar, whole(against.unfamiliar_champion), whole(against.unfamiliar_challenger)],
    ...(against.named === 0
      ? []
      : [
          [t.right(against.named, whole(against.named)), interval(against.champion_right), interval(against.challenger_right)] as [string, string, string],
          [t.onlyRight, whole(against.only_champion_right), whole(against.only_challenger_right)] as [string, string, string],
        ]),
    ...(against.challenger_ms === null ? [] : [[words.value.models.milliseconds, "", figure(against.challenger_ms)] as [string, string, string]]),
  ];
  return (
    <section aria-label={t.beside(against.champion)} data-testid="shadow-against" data-champion={against.champion}>
      <h4>{t.beside(against.champion)}</h4>
      <p>
        <strong data-testid="shadow-agreement">{t.agree(share(against.agreement.value), share(against.agreement.low), share(against.agreement.high))}</strong>{" "}
        {t.ofPhotos(against.photos, whole(against.photos), moment(against.last_scored_at))} {t.inThree(interval(against.in_three))}
      </p>
      <dl class="factlist">
        {rows.map(([name, champion, challenger]) => (
          <div key={name}>
            <dt>{name}</dt>
            {champion !== "" && <dd>{t.side(words.value.models.roles.champion, champion)}</dd>}
            <dd>{t.side(words.value.models.roles.challenger, challenger)}</dd>
          </div>
        ))}
      </dl>
      {against.named > 0 && <p class="note">{against.p_value === null ? t.named : `${t.named} ${t.chance(figure(against.p_value))}`}</p>}
      {against.species.length > 0 && (
        <>
          <h5>{t.species}</h5>
          <ul class="plain" data-testid="shadow-species">
            {against.species.map((one) => (
              <li key={one.species_id}>
                {t.disputed(displayName(one.names), whole(one.other), whole(one.photos), displayName(one.instead_names), whole(one.instead_photos))}
              </li>
            ))}
          </ul>
        </>
      )}
      <Disagreements disagreements={against.disagreements} />
    </section>
  );
}

function Disagreements({ disagreements }: { disagreements: ShadowDisagreement[] }) {
  const t = words.value.models.shadow;
  if (disagreements.length === 0) return null;
  return (
    <details data-testid="shadow-disagreements">
      <summary>{t.latest(whole(disagreements.length))}</summary>
      <p class="note">{t.latestText}</p>
      <ul class="plain">
        {disagreements.map((one) => (
          <li key={one.prediction_id} data-prediction={one.prediction_id}>
            {moment(one.created_at)}
            {SIDES.map((side) => (
              <span key={side} class="note">
                {" · "}
                {t.side(words.value.models.roles[side], `${displayName(one[side].names)}, ${share(one[side].score)}`)}
                {one[side].unfamiliar && ` (${t.unknown})`}
              </span>
            ))}{" "}
            <code class="shadow__id">{one.prediction_id}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}

function score(mean: number | null): string {
  return mean === null ? "–" : share(mean);
}

function interval(one: Share): string {
  return `${share(one.value)} (${share(one.low)} … ${share(one.high)})`;
}
