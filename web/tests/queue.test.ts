import { beforeEach, describe, expect, it, vi } from "vitest";
import { ConnectionError, SignInNeededError } from "../src/api/errors";
import type { SendOptions } from "../src/api/client";
import type { Feedback, Prediction } from "../src/api/types";
import { answerFor, IdentifyQueue, waitFor, type Entry, type QueueParts } from "../src/identify/queue";
import { predictionOf, preparedOf, problem, settled } from "./doubles";

interface Waiting {
  photo: Blob;
  options: SendOptions;
  answer: (prediction: Prediction) => void;
  fail: (error: unknown) => void;
}

const photoNamed = (name: string): File => new File([name], `${name}.jpg`, { type: "image/jpeg" });
const received: Feedback = { feedback: "confirmed", species_id: null, status: "received" };
const confirmed = { kind: "confirmed", speciesId: null, names: null } as const;

describe("the photos being identified", () => {
  let waiting: Waiting[];
  let isOnline: boolean;
  let waits: number[];
  let withdraw: ReturnType<typeof vi.fn<QueueParts["api"]["withdraw"]>>;
  let sendFeedback: ReturnType<typeof vi.fn<QueueParts["api"]["sendFeedback"]>>;
  let queue: IdentifyQueue;

  beforeEach(() => {
    waiting = [];
    waits = [];
    isOnline = true;
    withdraw = vi.fn<QueueParts["api"]["withdraw"]>().mockResolvedValue(undefined);
    sendFeedback = vi.fn<QueueParts["api"]["sendFeedback"]>().mockResolvedValue(received);
    queue = new IdentifyQueue({
      api: {
        predict: (photo, options) =>
          new Promise((resolve, reject) => {
            options?.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
            waiting.push({ photo: photo.blob, options: options ?? {}, answer: resolve, fail: reject });
          }),
        sendFeedback,
        withdraw,
      },
      prepare: (file) => Promise.resolve(preparedOf(file)),
      isOnline: () => isOnline,
      nowMs: () => 0,
      wait: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
    });
  });

  const entry = (name: string): Entry => {
    const found = queue.entries.value.find((one) => one.fileName === `${name}.jpg`);
    if (!found) throw new Error(`no entry ${name}`);
    return found;
  };
  const requestFor = (name: string): Waiting => {
    const found = waiting.filter((one) => one.photo === entry(name).file).at(-1);
    if (!found) throw new Error(`no request for ${name}`);
    return found;
  };
  const answered = async (name: string): Promise<Entry> => {
    queue.add([photoNamed(name)]);
    await settled();
    requestFor(name).answer(predictionOf(name));
    await settled();
    return entry(name);
  };

  it("shows each answer beside its own photo, in whatever order the answers come", async () => {
    queue.add([photoNamed("heron"), photoNamed("avocet")]);
    await settled();
    requestFor("avocet").answer(predictionOf("avocet"));
    requestFor("heron").answer(predictionOf("heron"));
    await settled();
    for (const name of ["heron", "avocet"]) {
      expect(entry(name).phase.value).toMatchObject({ step: "answered", prediction: { prediction_id: name } });
    }
  });

  it("sends two photos at a time and the next when one is answered", async () => {
    queue.add(["a", "b", "c"].map(photoNamed));
    await settled();
    expect(waiting).toHaveLength(2);
    waiting[0]?.answer(predictionOf("x"));
    await settled();
    expect(waiting).toHaveLength(3);
  });

  it("drops the answer to a photo that was cancelled", async () => {
    queue.add([photoNamed("wren")]);
    await settled();
    const wren = entry("wren");
    queue.remove(wren);
    await settled();
    expect(waiting[0]?.options.signal?.aborted).toBe(true);
    expect(queue.entries.value).toHaveLength(0);
    expect(wren.phase.value.step).not.toBe("answered");
  });

  it("frees the line when a photo is cancelled", async () => {
    queue.add(["a", "b", "c"].map(photoNamed));
    await settled();
    queue.remove(entry("c"));
    await settled();
    expect(waiting).toHaveLength(3);
  });

  it("keeps the photo when nobody is signed in, and goes on after the sign-in", async () => {
    queue.add([photoNamed("wren")]);
    await settled();
    waiting[0]?.fail(new SignInNeededError());
    await settled();
    expect(entry("wren").phase.value.step).toBe("sign-in");
    queue.signedIn("lea");
    await settled();
    requestFor("wren").answer(predictionOf("wren"));
    await settled();
    expect(entry("wren").phase.value.step).toBe("answered");
  });

  it("does not show one person's photos to the next", async () => {
    queue.signedIn("lea");
    await answered("wren");
    queue.signedIn("marc");
    expect(queue.entries.value).toHaveLength(0);
  });

  it("waits as long as a busy service asks, then tries again by itself", async () => {
    queue.add([photoNamed("wren")]);
    await settled();
    waiting[0]?.fail(problem(429, "", 7));
    await settled();
    expect(waits).toEqual([7000]);
    requestFor("wren").answer(predictionOf("wren"));
    await settled();
    expect(entry("wren").phase.value.step).toBe("answered");
  });

  it("gives up on a service that stays busy, and offers to try again", async () => {
    queue.add([photoNamed("wren")]);
    for (let i = 0; i < 5; i++) {
      await settled();
      waiting.at(-1)?.fail(problem(429));
    }
    await settled();
    expect(entry("wren").phase.value).toMatchObject({ step: "failed", canRetry: true });
    expect(waits).toEqual([3000, 6000, 12000, 24000]);
  });

  it("goes on when the connection is back", async () => {
    isOnline = false;
    queue.add([photoNamed("wren")]);
    await settled();
    waiting[0]?.fail(new ConnectionError());
    await settled();
    expect(entry("wren").phase.value.step).toBe("offline");
    isOnline = true;
    queue.online();
    await settled();
    expect(waiting).toHaveLength(2);
  });

  it("offers no second try for a photo that can never work", async () => {
    queue.add([photoNamed("wren")]);
    await settled();
    waiting[0]?.fail(problem(422, "unreadable-photo"));
    await settled();
    expect(entry("wren").phase.value).toMatchObject({ step: "failed", canRetry: false });
  });

  it("sends one answer for a double tap", async () => {
    const wren = await answered("wren");
    void queue.answer(wren, confirmed);
    void queue.answer(wren, confirmed);
    await settled();
    expect(sendFeedback).toHaveBeenCalledTimes(1);
    expect(wren.feedback.value).toMatchObject({ step: "saved", status: "received" });
  });

  it("lets an answer be changed", async () => {
    const wren = await answered("wren");
    await queue.answer(wren, confirmed);
    await queue.answer(wren, { kind: "unknown", speciesId: null, names: null });
    expect(sendFeedback.mock.calls.map((call) => call[1])).toEqual(["confirmed", "unknown"]);
  });

  it("lets an answer be undone, once for a double tap", async () => {
    const wren = await answered("wren");
    await queue.answer(wren, confirmed);
    await Promise.all([queue.undo(wren), queue.undo(wren)]);
    expect(withdraw).toHaveBeenCalledTimes(1);
    expect(wren.feedback.value.step).toBe("undone");
  });

  it("keeps the answer when it could not be undone", async () => {
    const wren = await answered("wren");
    await queue.answer(wren, confirmed);
    withdraw.mockRejectedValueOnce(problem(500, "internal"));
    await queue.undo(wren);
    expect(wren.feedback.value).toMatchObject({ step: "saved", status: "received" });
  });

  it("keeps an answer that needs a sign-in and sends it afterwards", async () => {
    const wren = await answered("wren");
    sendFeedback.mockRejectedValueOnce(new SignInNeededError());
    await queue.answer(wren, confirmed);
    expect(wren.feedback.value.step).toBe("sign-in");
    queue.signedIn("lea");
    await settled();
    expect(wren.feedback.value.step).toBe("saved");
  });

  it("says that an answer was not saved when the service fails", async () => {
    const wren = await answered("wren");
    sendFeedback.mockRejectedValueOnce(problem(500, "internal"));
    await queue.answer(wren, confirmed);
    expect(wren.feedback.value).toMatchObject({ step: "failed", saved: null });
  });
});

describe("what a tap on a candidate means", () => {
  const prediction = predictionOf("x");

  it("confirms the first and corrects to the others", () => {
    const [first, second] = prediction.predictions;
    if (!first || !second) throw new Error("three candidates expected");
    expect(answerFor(prediction, first)).toMatchObject({ kind: "confirmed", speciesId: null });
    expect(answerFor(prediction, second)).toMatchObject({ kind: "corrected", speciesId: "x-second" });
  });
});

describe("a wait", () => {
  it("ends at once when it is cancelled", async () => {
    const controller = new AbortController();
    const wait = waitFor(60_000, controller.signal);
    controller.abort();
    await expect(wait).rejects.toThrow("cancelled");
  });
});
