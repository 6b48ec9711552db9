import { beforeEach, describe, expect, it } from "vitest";
import { Cognito } from "../src/account/cognito";
import { accountProblem, isStrongPassword } from "../src/account/problems";
import { personOf, Session } from "../src/account/session";
import { ConnectionError, SignInNeededError } from "../src/api/errors";
import { en } from "../src/i18n/en";
import { answer, scripted } from "./doubles";

const segment = (value: object): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value)))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const tokenFor = (claims: object): string => `head.${segment(claims)}.signature`;
const ID_TOKEN = tokenFor({ sub: "lea", email: "léa@example.org" });
const result = (over: object = {}) => ({ AuthenticationResult: { IdToken: ID_TOKEN, AccessToken: "access", ExpiresIn: 900, ...over } });
const tokens = { idToken: ID_TOKEN, accessToken: "access", refreshToken: "refresh", expiresInS: 900 };

function sessionWith(...answers: Parameters<typeof scripted>) {
  const { transport, sent } = scripted(...answers);
  const clock = { nowMs: 0 };
  return { session: new Session(new Cognito("https://cognito.test", "client", transport), () => clock.nowMs), sent, clock };
}

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
});

describe("tokens", () => {
  it("stay in memory, save the one that renews them", () => {
    const { session } = sessionWith();
    session.begin(tokens, true);
    expect(localStorage).toHaveLength(1);
    expect(localStorage.getItem("avocet.refresh")).toBe("refresh");
    expect(sessionStorage).toHaveLength(0);
  });

  it("end with the tab when the person is not to stay signed in", () => {
    const { session } = sessionWith();
    session.begin(tokens, false);
    expect(localStorage).toHaveLength(0);
    expect(sessionStorage).toHaveLength(1);
  });

  it("are renewed before they end, once for everybody who asks", async () => {
    const { session, sent, clock } = sessionWith(answer(200, result()));
    session.begin(tokens, true);
    await session.idToken();
    expect(sent).toHaveLength(0);
    clock.nowMs = 850_000;
    await Promise.all([session.idToken(), session.idToken()]);
    expect(sent).toHaveLength(1);
  });

  it("are forgotten and revoked when the person signs out", async () => {
    const { session, sent } = sessionWith(answer(200));
    session.begin(tokens, true);
    await session.signOut();
    expect(sent[0]?.headers?.["X-Amz-Target"]).toMatch(/RevokeToken$/);
    expect(localStorage).toHaveLength(0);
    await expect(session.idToken()).rejects.toBeInstanceOf(SignInNeededError);
  });
});

describe("a later visit", () => {
  it("goes on where the last one ended", async () => {
    localStorage.setItem("avocet.refresh", "refresh");
    const { session } = sessionWith(answer(200, result()));
    await session.resume();
    expect(session.state.value).toMatchObject({ kind: "signed-in", person: { email: "léa@example.org" } });
  });

  it("asks for a sign-in when the renewal is refused", async () => {
    localStorage.setItem("avocet.refresh", "refresh");
    const { session } = sessionWith(answer(400, { __type: "NotAuthorizedException" }));
    await session.resume();
    expect(session.state.value).toEqual({ kind: "signed-out", wasExpired: true });
    expect(localStorage).toHaveLength(0);
  });

  it.each([
    ["no connection", new ConnectionError()],
    ["a busy service", answer(400, { __type: "TooManyRequestsException" })],
  ])("keeps the person signed in over %s", async (_, failure) => {
    localStorage.setItem("avocet.refresh", "refresh");
    const { session } = sessionWith(failure, answer(200, result()));
    await session.resume();
    expect(localStorage.getItem("avocet.refresh")).toBe("refresh");
    await session.resume();
    expect(session.isSignedIn.value).toBe(true);
  });
});

describe("signing up", () => {
  it("sends the terms and the licence that were accepted, and when", async () => {
    const { transport, sent } = scripted(answer(200, { UserConfirmed: false }));
    const cognito = new Cognito("https://cognito.test", "client", transport);
    const { isConfirmed } = await cognito.signUp("lea@example.org", "secret", new Date("2026-11-23T09:00:00Z"));
    expect(isConfirmed).toBe(false);
    const body = JSON.parse(sent[0]?.body as string) as { UserAttributes: { Name: string; Value: string }[] };
    expect(Object.fromEntries(body.UserAttributes.map(({ Name, Value }) => [Name, Value]))).toEqual({
      email: "lea@example.org",
      "custom:terms_version": "2026-11",
      "custom:licence": "CC-BY-4.0",
      "custom:terms_accepted_at": "2026-11-23T09:00:00.000Z",
    });
  });

  it.each([
    ["Correct-horse-1", true],
    ["short-A1", false],
    ["nocapitals-12345", false],
    ["NoSymbol12345678", false],
  ])("knows whether %s follows the pool's rule", (password, isStrong) => {
    expect(isStrongPassword(password)).toBe(isStrong);
  });
});

describe("a refusal", () => {
  it("is told in words, whatever the service called it", async () => {
    const { transport } = scripted(answer(400, { __type: "com.amazonaws#NotAuthorizedException" }));
    const error: unknown = await new Cognito("https://cognito.test", "c", transport).signIn("a@b.c", "x").catch((e: unknown) => e);
    expect(accountProblem(error, en)).toBe(en.signInProblems.wrong);
  });
});

describe("a second factor", () => {
  it("is asked for and answered", async () => {
    const { transport, sent } = scripted(
      answer(200, { ChallengeName: "SOFTWARE_TOKEN_MFA", Session: "handle", ChallengeParameters: { USER_ID_FOR_SRP: "lea" } }),
      answer(200, result({ RefreshToken: "r" })),
    );
    const cognito = new Cognito("https://cognito.test", "client", transport);
    const asked = await cognito.signIn("lea@example.org", "secret");
    if (asked.kind !== "challenge") throw new Error("a challenge was expected");
    const done = await cognito.answerChallenge(asked.challenge, asked.handle, asked.username, "123456");
    expect(done.kind).toBe("signed-in");
    expect(JSON.parse(sent[1]?.body as string)).toMatchObject({ Session: "handle", ChallengeResponses: { USERNAME: "lea", SOFTWARE_TOKEN_MFA_CODE: "123456" } });
  });
});

it("reads names beyond ASCII from a token", () => {
  expect(personOf(ID_TOKEN)).toEqual({ ownerId: "lea", email: "léa@example.org", groups: [] });
});
