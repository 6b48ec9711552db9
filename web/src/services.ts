/** Everything that lives as long as the page, put together in one place. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { effect, signal, type Signal } from "@preact/signals";
import { Cognito } from "./account/cognito";
import { Session } from "./account/session";
import { ApiClient } from "./api/client";
import type { Transport } from "./api/transport";
import type { Config } from "./config";
import { preparePhoto } from "./identify/prepare";
import { IdentifyQueue, waitFor } from "./identify/queue";
import { PhotoHistory } from "./photos/history";
import type { Route } from "./route";

/** What the account's forms hand to each other; in memory only. */
export interface Draft {
  email: string;
  /** Kept until the e-mail is confirmed, so that nobody types it twice; then forgotten. */
  password: string | null;
}

export interface Services {
  cognito: Cognito;
  session: Session;
  api: ApiClient;
  /** For what is no part of the API. */
  transport: Transport;
  places: Pick<Config, "inboxUrl" | "runsUrl">;
  queue: IdentifyQueue;
  history: PhotoHistory;
  draft: Signal<Draft>;
  /** A sentence for the next form, such as "your password is changed". */
  notice: Signal<NoticeKey | null>;
  /** Where a sign-in leads; set by the place that asked for it. */
  returnTo: Signal<Route>;
}

export type NoticeKey = "confirmed" | "passwordChanged" | "everywhereDone" | "erased";

export function createServices(config: Config, transport: Transport): Services {
  const cognito = new Cognito(config.cognitoUrl, config.clientId, transport);
  const session = new Session(cognito);
  const api = new ApiClient(config.apiUrl, session, transport);
  const queue = new IdentifyQueue({
    api,
    prepare: preparePhoto,
    isOnline: () => navigator.onLine,
    nowMs: Date.now,
    wait: waitFor,
  });
  const history = new PhotoHistory(api);
  effect(() => {
    const state = session.state.value;
    if (state.kind === "signed-in") queue.signedIn(state.person.ownerId);
    if (state.kind !== "resuming") history.belongsTo(state.kind === "signed-in" ? state.person.ownerId : null);
  });
  window.addEventListener("online", () => {
    void session.resume();
    queue.online();
  });
  return {
    cognito,
    session,
    api,
    transport,
    places: config,
    queue,
    history,
    draft: signal({ email: "", password: null }),
    notice: signal(null),
    returnTo: signal<Route>("identify"),
  };
}

const ServicesContext = createContext<Services | null>(null);
export const ServicesProvider = ServicesContext.Provider;

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new Error("rendered outside the provider of services");
  return services;
}
