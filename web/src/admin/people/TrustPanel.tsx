/** Where one person stands with their labels, whose decisions that rests on, and the latest of them. */
import { useCallback, useLayoutEffect, useRef } from "preact/hooks";
import { percent } from "../../i18n";
import { whole } from "../../numbers/figures";
import { Spinner } from "../../ui/Spinner";
import { useAsked } from "../asked";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import { moment } from "../moments";
import { nameIn, useNames } from "../names";
import type { Trust, TrustJudgement, User } from "../types";
import { words } from "../words";

const BADGES: Record<Trust["standing"], string> = { earning: "waiting_for_review", trusted: "in_dataset", doubtful: "set_aside" };

export function TrustPanel({ user, users }: { user: User; users: readonly User[] }) {
  const admin = useAdmin();
  const t = words.value.people.trust;
  const asked = useAsked(useCallback((signal) => admin.trust(user.user_id, signal), [admin, user.user_id]));
  const panel = useRef<HTMLElement>(null);
  useLayoutEffect(() => panel.current?.scrollIntoView({ block: "nearest" }), [user.user_id, asked.value]);
  const emailOf = (id: string): string => users.find((one) => one.user_id === id)?.email ?? t.somebody(id.slice(0, 8));
  return (
    <section class="admin__part" id="trust-panel" aria-labelledby="trust" data-testid="trust" ref={panel}>
      <h3 id="trust">{t.title(user.email)}</h3>
      {asked.error !== null && <Failure error={asked.error} onRetry={asked.again} />}
      {asked.value === null ? asked.error === null && <Spinner /> : <Told trust={asked.value} emailOf={emailOf} />}
    </section>
  );
}

function Told({ trust, emailOf }: { trust: Trust; emailOf: (id: string) => string }) {
  const t = words.value.people.trust;
  const judged = trust.right + trust.wrong;
  const told = trust.latest.flatMap((one) => [one.species_id, ...(one.counts_as === null ? [] : [one.counts_as])]);
  const names = useNames(told, told.join(" "));
  return (
    <>
      <p>
        <span class={`badge badge--${BADGES[trust.standing]}`} data-standing={trust.standing}>
          {t.standings[trust.standing]}
        </span>
        {trust.allowance > 0 && ` ${t.allowance(whole(trust.allowance))}`}
      </p>
      {judged === 0 ? (
        <p class="note">{t.never}</p>
      ) : (
        <>
          <ul class="plain">
            <li>{t.right(whole(trust.right), whole(judged), percent(trust.right / judged))}</li>
            <li>{t.proven(whole(trust.proven_species.length))}</li>
            <li>{t.mistakes(whole(trust.recent_mistakes))}</li>
          </ul>
          <h4>{t.reviewers}</h4>
          <ul class="plain">
            {trust.reviewers.map((one) => (
              <li key={one.reviewer_id}>{t.reviewer(emailOf(one.reviewer_id), whole(one.right), whole(one.wrong))}</li>
            ))}
          </ul>
          <h4>{t.latest}</h4>
          <ol class="tenures">
            {trust.latest.map((one) => (
              <li key={one.photo_id} data-right={one.was_right}>
                <Judgement judged={one} emailOf={emailOf} nameOf={(id) => nameIn(names, id)} />
              </li>
            ))}
          </ol>
        </>
      )}
      <p class="note">{t.rule(whole(trust.needed_photos), whole(trust.needed_species), whole(trust.mistakes_allowed))}</p>
    </>
  );
}

function Judgement({ judged, emailOf, nameOf }: { judged: TrustJudgement; emailOf: (id: string) => string; nameOf: (id: string) => string }) {
  const t = words.value.people.trust;
  const reasons: Record<string, string> = words.value.review.reasons;
  const verdict = judged.was_right ? t.wasRight : judged.counts_as !== null ? t.wasOther(nameOf(judged.counts_as)) : judged.action === "reject" ? t.wasRejected : t.wasWrong;
  const known = [judged.at === null ? t.undated : moment(judged.at), judged.reviewers.map(emailOf).join(", "), judged.reason === null ? "" : (reasons[judged.reason] ?? judged.reason)];
  return (
    <>
      <strong>{nameOf(judged.species_id)}</strong>: {verdict}
      <span class="note">{known.filter(Boolean).join(" · ")}</span>
    </>
  );
}
