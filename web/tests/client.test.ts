import { describe, expect, it } from "vitest";
import { Cognito } from "../src/account/cognito";
import { ApiClient } from "../src/api/client";
import { ConnectionError, isWorthRetrying, problemKey, ProblemError, SignInNeededError } from "../src/api/errors";
import { problemFrom } from "../src/api/transport";
import { en } from "../src/i18n/en";
import { answer, FakeIdentity, predictionOf, problem, scripted } from "./doubles";

const small = { blob: new Blob(["photo"], { type: "image/jpeg" }), isLarge: false };
const large = { blob: new Blob(["photo"]), isLarge: true };

function clientWith(...answers: Parameters<typeof scripted>) {
  const identity = new FakeIdentity();
  const { transport, sent } = scripted(...answers);
  return { client: new ApiClient("https://api.test/v1", identity, transport), identity, sent };
}

describe("identifying", () => {
  it("sends a small photo as the request's body", async () => {
    const { client, sent } = clientWith(answer(201, predictionOf("a")));
    await client.predict(small);
    expect(sent).toMatchObject([
      { method: "POST", url: "https://api.test/v1/predictions", body: small.blob, headers: { Authorization: "Bearer token-0", "Content-Type": "image/jpeg" } },
    ]);
  });

  it("sends a large photo to the bucket first, without the person's token", async () => {
    const slot = { upload_id: "u", url: "https://bucket.test/", fields: { key: "photos/u" }, expires_at: "", max_bytes: 1 };
    const { client, sent } = clientWith(answer(201, slot), answer(204), answer(201, predictionOf("u")));
    await client.predict(large);
    expect(sent.map((one) => one.url)).toEqual(["https://api.test/v1/uploads", "https://bucket.test/", "https://api.test/v1/predictions"]);
    expect(sent[1]?.headers).toBeUndefined();
    const form = sent[1]?.body as FormData;
    expect([...form.keys()]).toEqual(["key", "file"]);
    expect(sent[2]?.body).toBe('{"upload_id":"u"}');
  });
});

describe("one action", () => {
  const slot = { upload_id: "u", url: "https://bucket.test/", fields: {}, expires_at: "", max_bytes: 1 };
  const idOf = (one: { headers?: Record<string, string> } | undefined) => one?.headers?.["X-Correlation-Id"];

  it("is one id in all its requests, and the bucket is not told", async () => {
    const { client, sent } = clientWith(answer(201, slot), answer(204), answer(401), answer(201, predictionOf("u")));
    await client.predict(large);
    expect(idOf(sent[0])).toMatch(/^[0-9a-f-]{36}$/);
    expect(sent.map(idOf)).toEqual([idOf(sent[0]), undefined, idOf(sent[0]), idOf(sent[0])]);
  });

  it("is told apart from the next", async () => {
    const { client, sent } = clientWith(answer(201, predictionOf("a")), answer(201, predictionOf("b")));
    await client.predict(small);
    await client.predict(small);
    expect(idOf(sent[0])).not.toBe(idOf(sent[1]));
  });
});

describe("an ended token", () => {
  it("is renewed silently, once", async () => {
    const { client, identity, sent } = clientWith(answer(401), answer(201, predictionOf("a")));
    await client.predict(small);
    expect(identity.renewals).toBe(1);
    expect(sent[1]?.headers?.Authorization).toBe("Bearer token-1");
  });

  it("asks for a sign-in when a fresh one is refused too", async () => {
    const { client, identity } = clientWith(answer(401), answer(401));
    await expect(client.predict(small)).rejects.toBeInstanceOf(SignInNeededError);
    expect(identity.isExpired).toBe(true);
  });
});

describe("an answer that is none of the service's", () => {
  const page = { status: 200, body: "<html>Welcome to the hotel's Wi-Fi</html>", header: () => null };

  it("counts as no connection, so that it is asked again later", async () => {
    const { client } = clientWith(page);
    const error: unknown = await client.stats().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(isWorthRetrying(error)).toBe(true);
  });

  it("signs nobody in or out", async () => {
    const { transport } = scripted(page);
    await expect(new Cognito("https://pool.test/", "client", transport).refresh("token")).rejects.toBeInstanceOf(ConnectionError);
  });
});

describe("a problem", () => {
  it("is read from its document", () => {
    const read = problemFrom(answer(410, { type: "/problems/upload-expired", instance: "abc" }, { "Retry-After": "5" }));
    expect(read).toMatchObject({ status: 410, code: "upload-expired", reference: "abc", retryAfterS: 5 });
  });

  it("is still a problem when there is no document", () => {
    const read = problemFrom({ status: 502, body: "<html>Bad gateway</html>", header: () => null });
    expect(read).toMatchObject({ status: 502, code: "", reference: null });
  });

  it.each([
    ["upload-expired", problem(410, "upload-expired")],
    ["photo-too-large", problem(413)],
    ["server", problem(503, "something-new")],
    ["too-many-requests", problem(429)],
    ["unexpected", problem(418)],
    // A service must not be able to pick a sentence that is not one.
    ["server", problem(500, "reference")],
    ["unexpected", new Error("bug")],
  ])("is told as %s", (key, error) => {
    expect(problemKey(error, en.problems)).toBe(key);
  });

  it.each([
    [true, problem(500)],
    [true, problem(429)],
    [false, problem(422, "unreadable-photo")],
    [false, new Error("bug")],
  ])("is worth a second try: %s", (isWorth, error) => {
    expect(isWorthRetrying(error)).toBe(isWorth);
  });

  it("has a name of its own", () => expect(problem(500)).toBeInstanceOf(ProblemError));
});
