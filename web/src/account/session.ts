/**
 * Who is signed in. ID and access tokens stay in memory; only the refresh token is kept by the browser (ADR 0009).
 *
 * Refuses to hand out a token that is about to end: it is refreshed first, once, whoever asks at the same time.
 */
import { computed, signal } from "@preact/signals";
import { ServiceError, SignInNeededError } from "../api/errors";
import type { Identity } from "../api/client";
import { readKept, writeKept } from "../storage";
import { CognitoError, type Cognito, type Tokens } from "./cognito";

const REFRESH_KEY = "avocet.refresh";
/** Refusals that a second try cannot change; any other failure leaves the session as it is. */
const ENDING = new Set(["NotAuthorizedException", "UserNotFoundException", "PasswordResetRequiredException", "UserNotConfirmedException"]);
/** A token this close to its end could end on the way. */
const MARGIN_S = 60;

const shortArea = (): Storage => sessionStorage;

export interface Person {
  ownerId: string;
  email: string;
  groups: string[];
}

export type SessionState =
  | { kind: "resuming" }
  | { kind: "signed-out"; wasExpired: boolean }
  | { kind: "signed-in"; person: Person };

interface Held {
  tokens: Tokens;
  endsAtMs: number;
}

export class Session implements Identity {
  readonly state = signal<SessionState>({ kind: "resuming" });
  readonly isSignedIn = computed(() => this.state.value.kind === "signed-in");
  private readonly cognito: Cognito;
  private readonly nowMs: () => number;
  private held: Held | null = null;
  private refreshToken: string | null;
  private refreshing: Promise<string> | null = null;

  constructor(cognito: Cognito, nowMs: () => number = Date.now) {
    this.cognito = cognito;
    this.nowMs = nowMs;
    this.refreshToken = readKept(REFRESH_KEY) ?? readKept(REFRESH_KEY, shortArea);
    if (this.refreshToken === null) this.state.value = { kind: "signed-out", wasExpired: false };
  }

  /** Go on where the last visit ended. No connection says nothing about the token: it is tried again when one is back. */
  async resume(): Promise<void> {
    if (this.state.value.kind !== "resuming") return;
    try {
      await this.idToken({ renew: true });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
    }
  }

  begin(tokens: Tokens, isKept: boolean): void {
    this.refreshToken = tokens.refreshToken;
    writeKept(REFRESH_KEY, isKept ? tokens.refreshToken : null);
    writeKept(REFRESH_KEY, isKept ? null : tokens.refreshToken, shortArea);
    this.hold(tokens);
  }

  async idToken({ renew = false } = {}): Promise<string> {
    if (!renew && this.held && this.held.endsAtMs - MARGIN_S * 1000 > this.nowMs()) return this.held.tokens.idToken;
    this.refreshing ??= this.refresh().finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  /** @throws SignInNeededError */
  async accessToken(): Promise<string> {
    await this.idToken();
    if (this.held === null) throw new SignInNeededError("nobody is signed in");
    return this.held.tokens.accessToken;
  }

  expire = (): void => {
    this.forget();
    this.state.value = { kind: "signed-out", wasExpired: true };
  };

  /** Sign out here; the refresh token is revoked where the service can be reached. */
  async signOut(): Promise<void> {
    const token = this.refreshToken;
    this.forget();
    this.state.value = { kind: "signed-out", wasExpired: false };
    if (token !== null) await this.cognito.revoke(token);
  }

  /** The account is gone, and every token with it: there is nothing to revoke. */
  forgetErased(): void {
    this.forget();
    this.state.value = { kind: "signed-out", wasExpired: false };
  }

  async signOutEverywhere(): Promise<void> {
    await this.cognito.signOutEverywhere(await this.accessToken());
    this.forget();
    this.state.value = { kind: "signed-out", wasExpired: false };
  }

  private async refresh(): Promise<string> {
    const token = this.refreshToken;
    if (token === null) throw new SignInNeededError("nobody is signed in");
    try {
      const tokens = await this.cognito.refresh(token);
      if (tokens.refreshToken !== null) this.keepRotated(tokens.refreshToken);
      // Somebody may have signed out, or in as somebody else, while the answer was under way.
      if (this.refreshToken === null) throw new SignInNeededError("signed out meanwhile");
      this.hold(tokens);
      return tokens.idToken;
    } catch (error) {
      if (!(error instanceof CognitoError && ENDING.has(error.code))) throw error;
      this.expire();
      throw new SignInNeededError(error.code);
    }
  }

  private keepRotated(token: string): void {
    if (this.refreshToken === null) return;
    const isKept = readKept(REFRESH_KEY) !== null;
    this.refreshToken = token;
    writeKept(REFRESH_KEY, token, isKept ? undefined : shortArea);
  }

  private hold(tokens: Tokens): void {
    this.held = { tokens, endsAtMs: this.nowMs() + tokens.expiresInS * 1000 };
    this.state.value = { kind: "signed-in", person: personOf(tokens.idToken) };
  }

  private forget(): void {
    this.held = null;
    this.refreshToken = null;
    writeKept(REFRESH_KEY, null);
    writeKept(REFRESH_KEY, null, shortArea);
  }
}

/** Read the claims to show; whether they are true is the services' business. */
export function personOf(idToken: string): Person {
  const part = (idToken.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(part), (character) => character.charCodeAt(0));
  const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const groups = claims["cognito:groups"];
  return {
    ownerId: typeof claims.sub === "string" ? claims.sub : "",
    email: typeof claims.email === "string" ? claims.email : "",
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === "string") : [],
  };
}
