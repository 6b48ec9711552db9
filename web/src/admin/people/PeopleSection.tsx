/** Who takes part: invite, give a role, shut out, erase; and, below, what was decided by whom. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { ServiceError } from "../../api/errors";
import { isEmail } from "../../account/problems";
import { messages } from "../../i18n";
import { useServices } from "../../services";
import { announce } from "../../ui/announce";
import { Field } from "../../ui/Field";
import { Spinner } from "../../ui/Spinner";
import { Ask } from "../Ask";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import { moment } from "../moments";
import { ROLES, type Role, type User } from "../types";
import { VirtualList } from "../VirtualList";
import { words } from "../words";
import { Trail } from "./Trail";
import { TrustPanel } from "./TrustPanel";

const ROW_PX = 76;
/** On a phone what can be done stands below the name, in two lines where the words are long. */
const NARROW_ROW_PX = 172;
const isWide = (): boolean => matchMedia("(min-width: 46rem)").matches;

type Asking = { kind: "role"; user: User; role: Role } | { kind: "disable" | "enable" | "erase"; user: User };

export function PeopleSection() {
  const t = words.value.people;
  const [round, setRound] = useState(0);
  const [users, setUsers] = useState<readonly User[] | null>(null);
  const [openedId, setOpenedId] = useState<string | null>(null);
  const changed = useCallback(() => setRound((before) => before + 1), []);
  return (
    <>
      <p class="photos__lead">{t.lead}</p>
      <Invite onInvited={changed} />
      <Accounts round={round} users={users} onUsers={setUsers} openedId={openedId} onOpened={setOpenedId} onChanged={changed} />
      <Trail key={round} users={users} onPerson={setOpenedId} />
    </>
  );
}

function Invite({ onInvited }: { onInvited: () => void }) {
  const admin = useAdmin();
  const t = words.value.people;
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("user");
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const invite = async (): Promise<void> => {
    if (isBusy || !isEmail(email)) return;
    setBusy(true);
    setFailure(null);
    try {
      await admin.invite(email.trim(), role);
      announce(t.invited(email));
      setEmail("");
      onInvited();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="panel" aria-labelledby="invite">
      <h2 id="invite">{t.inviteTitle}</h2>
      <form
        class="invite"
        onSubmit={(event) => {
          event.preventDefault();
          void invite();
        }}
      >
        <Field label={messages.value.account.email} name="invite-email" type="email" inputMode="email" value={email} onValue={setEmail} autocomplete="off" />
        <label class="admin__pick">
          {t.role}
          <select value={role} onChange={(event) => setRole(roleOf(event.currentTarget.value))}>
            {ROLES.map((one) => (
              <option key={one} value={one}>
                {t.roles[one]}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="button button--primary" disabled={!isEmail(email)} aria-disabled={isBusy}>
          {isBusy && <Spinner />}
          {t.invite}
        </button>
      </form>
      {failure !== null && <Failure error={failure} />}
    </section>
  );
}

function roleOf(value: string): Role {
  return ROLES.find((role) => role === value) ?? "user";
}

interface AccountsProps {
  round: number;
  users: readonly User[] | null;
  onUsers: (users: readonly User[]) => void;
  openedId: string | null;
  onOpened: (userId: string | null) => void;
  onChanged: () => void;
}

function Accounts({ round, users, onUsers, openedId, onOpened, onChanged }: AccountsProps) {
  const admin = useAdmin();
  const t = words.value.people;
  const [failure, setFailure] = useState<unknown>(null);
  const [asking, setAsking] = useState<Asking | null>(null);
  const [query, setQuery] = useState("");

  // Page after page, as they come: a long list is there to look through while its end is on the way.
  useEffect(() => {
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      const found: User[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: User[]; next: string | null } = await admin.users(cursor, controller.signal);
        found.push(...page.items);
        cursor = page.next;
        onUsers([...found]);
      } while (cursor !== null);
    };
    setFailure(null);
    read().catch((error: unknown) => {
      if (controller.signal.aborted) return;
      if (!(error instanceof ServiceError)) throw error;
      setFailure(error);
    });
    return () => controller.abort();
  }, [admin, round, onUsers]);

  const shown = users?.filter((user) => user.email.toLowerCase().includes(query.trim().toLowerCase())) ?? [];
  const opened = users?.find((user) => user.user_id === openedId);
  const open = (user: User): void => onOpened(user.user_id === openedId ? null : user.user_id);
  return (
    <section class="panel" aria-labelledby="accounts">
      <h2 id="accounts">{t.accounts}</h2>
      {failure !== null && <Failure error={failure} onRetry={onChanged} />}
      <div class="admin__start">
        <input class="admin__filter" type="search" aria-label={t.filter} placeholder={t.filter} value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
      </div>
      {users === null && failure === null && (
        <p class="working__text" role="status">
          <Spinner />
          <span>{messages.value.account.working}</span>
        </p>
      )}
      {users !== null && <VirtualList items={shown} rowPx={isWide() ? ROW_PX : NARROW_ROW_PX} label={t.accounts} keyOf={(user) => user.user_id} row={(user) => <UserRow user={user} isOpen={user === opened} onOpen={open} onAsk={setAsking} />} testId="user-list" />}
      {opened !== undefined && <TrustPanel key={opened.user_id} user={opened} users={users ?? []} />}
      {asking !== null && <AskUser asking={asking} onChanged={onChanged} onClose={() => setAsking(null)} />}
    </section>
  );
}

function UserRow({ user, isOpen, onOpen, onAsk }: { user: User; isOpen: boolean; onOpen: (user: User) => void; onAsk: (asking: Asking) => void }) {
  const { session } = useServices();
  const t = words.value.people;
  const state = session.state.value;
  const isMe = state.kind === "signed-in" && state.person.ownerId === user.user_id;
  return (
    <div class="user" data-email={user.email}>
      <button type="button" class="user__who" aria-expanded={isOpen} aria-controls={isOpen ? "trust-panel" : undefined} onClick={() => onOpen(user)}>
        <strong>{user.email}</strong>
        <span class="note">
          {[isMe ? t.you : "", user.is_enabled ? "" : t.shutOut, moment(user.created_at)].filter(Boolean).join(" · ")} · <span class="user__more">{t.trust.show}</span>
        </span>
      </button>
      <select
        aria-label={t.roleOf(user.email)}
        disabled={isMe}
        value={user.role}
        onChange={(event) => {
          const role = roleOf(event.currentTarget.value);
          event.currentTarget.value = user.role;
          if (role !== user.role) onAsk({ kind: "role", user, role });
        }}
      >
        {ROLES.map((one) => (
          <option key={one} value={one}>
            {t.roles[one]}
          </option>
        ))}
      </select>
      <button type="button" class="button button--small" disabled={isMe} onClick={() => onAsk({ kind: user.is_enabled ? "disable" : "enable", user })}>
        {user.is_enabled ? t.disable : t.enable}
      </button>
      <button type="button" class="button button--small button--danger" disabled={isMe} onClick={() => onAsk({ kind: "erase", user })}>
        {t.erase}
      </button>
    </div>
  );
}

function AskUser({ asking, onChanged, onClose }: { asking: Asking; onChanged: () => void; onClose: () => void }) {
  const admin = useAdmin();
  const t = words.value.people.ask;
  const { kind, user } = asking;
  const work = (): Promise<unknown> => {
    switch (kind) {
      case "role":
        return admin.changeUser(user.user_id, { role: asking.role });
      case "disable":
      case "enable":
        return admin.changeUser(user.user_id, { is_enabled: kind === "enable" });
      case "erase":
        return admin.eraseUser(user.user_id);
    }
  };
  const role = kind === "role" ? words.value.people.roles[asking.role] : "";
  return (
    <Ask title={kind === "role" ? t.role.title(user.email, role) : t[kind].title(user.email)} yes={t[kind].yes} isDangerous={kind === "erase" || kind === "disable"} done={t[kind].done} work={() => work().then(onChanged)} onClose={onClose}>
      <p>{t[kind].text}</p>
    </Ask>
  );
}
