/** What was decided about others' photos, accounts and letters, and by whom: named where that is known, every id whole. */
import { useCallback } from "preact/hooks";
import { messages } from "../../i18n";
import { go, hrefOf } from "../../route";
import { useServices } from "../../services";
import { Spinner } from "../../ui/Spinner";
import { useAsked } from "../asked";
import { useAdmin } from "../context";
import { wantedSpecies } from "../dataset/wanted";
import { Failure } from "../Failure";
import { Id } from "../Id";
import { moment } from "../moments";
import { nameIn, useNames } from "../names";
import type { AuditEntry, User } from "../types";
import { words } from "../words";
import { actionOf, factsOf, speciesOf, subjectOf } from "./trail";

interface TrailProps {
  /** Everybody with an account; null until they are known. */
  users: readonly User[] | null;
  onPerson: (userId: string) => void;
}

export function Trail({ users, onPerson }: TrailProps) {
  const admin = useAdmin();
  const t = words.value.people;
  const asked = useAsked(useCallback((signal) => admin.audit(signal), [admin]));
  const entries = asked.value ?? [];
  const told = entries.flatMap((entry) => factsOf(entry, words.value)).flatMap((fact) => (fact.isSpecies ? [fact.value] : []));
  const names = useNames(told, told.join(" "));
  const nameOf = (speciesId: string): string => nameIn(names, speciesId);
  return (
    <section class="panel" aria-labelledby="trail">
      <h2 id="trail">{t.trail}</h2>
      {asked.error !== null && <Failure error={asked.error} onRetry={asked.again} />}
      {asked.value === null && asked.error === null && (
        <p class="working__text" role="status">
          <Spinner />
          <span>{messages.value.account.working}</span>
        </p>
      )}
      {asked.value?.length === 0 && <p class="note">{t.noTrail}</p>}
      <ol class="tenures" data-testid="trail">
        {entries.map((entry) => (
          <li key={`${entry.at} ${entry.subject_id} ${entry.action}`} data-action={entry.action} data-subject={entry.subject_id}>
            <Entry entry={entry} users={users} onPerson={onPerson} nameOf={nameOf} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Entry({ entry, users, onPerson, nameOf }: TrailProps & { entry: AuditEntry; nameOf: (speciesId: string) => string }) {
  const t = words.value.people;
  const kind = subjectOf(entry);
  const species = kind === "photo" ? speciesOf(entry) : null;
  return (
    <>
      <strong>{actionOf(entry, words.value)}</strong>
      {species !== null && <span> · {nameOf(species)}</span>}
      {kind === "person" && (
        <span>
          {" · "}
          <Person id={entry.subject_id} users={users} onPerson={onPerson} />
        </span>
      )}
      {kind === "letter" && entry.facts.addressee !== undefined && <span> · {entry.facts.addressee}</span>}
      <span class="note">
        {moment(entry.at)} · {t.by} <Person id={entry.actor_id} users={users} onPerson={onPerson} />
      </span>
      <details class="trail__more">
        <summary>{t.details}</summary>
        <dl class="factlist">
          <div>
            <dt>{t.who}</dt>
            <dd>
              <Id id={entry.actor_id} />
            </dd>
          </div>
          <div>
            <dt>{t.subjects[kind]}</dt>
            <dd>
              <Id id={entry.subject_id} />
            </dd>
          </div>
          {factsOf(entry, words.value).map((fact) => (
            <div key={fact.name}>
              <dt>{fact.name}</dt>
              <dd>{fact.isSpecies ? <SpeciesLink id={fact.value} name={nameOf(fact.value)} /> : fact.value}</dd>
            </div>
          ))}
        </dl>
      </details>
    </>
  );
}

/** Somebody by their address, which opens what is behind their trust; whoever has no account any more by what is left, the id. */
function Person({ id, users, onPerson }: TrailProps & { id: string }) {
  const { session } = useServices();
  const t = words.value.people;
  const state = session.state.value;
  const user = users?.find((one) => one.user_id === id);
  if (user === undefined) return <span>{users === null ? "…" : t.gone(id)}</span>;
  const isMe = state.kind === "signed-in" && state.person.ownerId === id;
  return (
    <button type="button" class="link" onClick={() => onPerson(id)}>
      {isMe ? t.you : user.email}
    </button>
  );
}

/** Leads to the species among those of the dataset. */
function SpeciesLink({ id, name }: { id: string; name: string }) {
  return (
    <a
      href={hrefOf("admin", "dataset")}
      data-species={id}
      onClick={(event) => {
        wantedSpecies.value = name;
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go("admin", { detail: "dataset" });
      }}
    >
      {name}
    </a>
  );
}
