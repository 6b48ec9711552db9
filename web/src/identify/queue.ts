/**
 * The photos a person is identifying. Each entry owns its photo, its answer and its feedback,
 * so an answer can never be shown beside another photo.
 */
import { signal, type Signal } from "@preact/signals";
import { ConnectionError, isWorthRetrying, ProblemError, ServiceError, SignInNeededError } from "../api/errors";
import type { ApiClient } from "../api/client";
import type { Candidate, FeedbackKind, Prediction } from "../api/types";
import type { Names } from "../i18n";
import type { PreparedPhoto } from "./prepare";

export type Phase =
  | { step: "waiting" }
  | { step: "preparing" }
  | { step: "uploading"; fraction: number }
  | { step: "identifying" }
  | { step: "sign-in" }
  | { step: "paused"; untilMs: number }
  | { step: "offline" }
  | { step: "failed"; error: unknown; canRetry: boolean }
  | { step: "answered"; prediction: Prediction };

/** What a person says about a photo; the names are those they saw when they said it. */
export interface Answer {
  kind: FeedbackKind;
  speciesId: string | null;
  names: Names | null;
}

export type FeedbackPhase =
  | { step: "open" }
  | { step: "sending"; answer: Answer }
  | { step: "sign-in"; answer: Answer }
  | { step: "offline"; answer: Answer }
  | { step: "failed"; answer: Answer; error: unknown; saved: Answer | null }
  | { step: "saved"; answer: Answer; status: string; undoError?: ServiceError }
  | { step: "undoing"; answer: Answer; status: string }
  | { step: "undone" };

export interface Entry {
  readonly id: number;
  readonly file: Blob;
  readonly fileName: string;
  readonly preview: Signal<string | null>;
  readonly isOriginal: Signal<boolean>;
  readonly phase: Signal<Phase>;
  readonly feedback: Signal<FeedbackPhase>;
}

interface Work {
  controller: AbortController;
  prepared: PreparedPhoto | null;
  feedbackController: AbortController | null;
  /** The last answer the service has; what is shown again when a change fails. */
  saved: Answer | null;
}

export interface QueueParts {
  api: Pick<ApiClient, "predict" | "sendFeedback" | "withdraw">;
  prepare: (file: Blob) => Promise<PreparedPhoto>;
  isOnline: () => boolean;
  nowMs: () => number;
  /** Resolves after the time, or rejects with an AbortError when the signal fires. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Two at once keep the line busy without one photo starving the other. */
const AT_ONCE = 2;
const MAX_PAUSES = 4;
const DEFAULT_PAUSE_S = 3;
const MAX_PAUSE_S = 60;

export class IdentifyQueue {
  readonly entries = signal<readonly Entry[]>([]);
  private readonly parts: QueueParts;
  private readonly work = new Map<number, Work>();
  private running = 0;
  private nextId = 1;
  private ownerId: string | null = null;

  constructor(parts: QueueParts) {
    this.parts = parts;
  }

  add(files: readonly File[]): void {
    const added = files.map((file): Entry => ({
      id: this.nextId++,
      file,
      fileName: file.name,
      preview: signal(null),
      isOriginal: signal(false),
      phase: signal({ step: "waiting" }),
      feedback: signal({ step: "open" }),
    }));
    for (const entry of added) this.work.set(entry.id, freshWork());
    this.entries.value = [...added, ...this.entries.value];
    this.startNext();
  }

  retry(entry: Entry): void {
    const { step } = entry.phase.value;
    if (step !== "failed" && step !== "offline" && step !== "sign-in") return;
    this.requeue(entry);
    this.startNext();
  }

  /** Cancel whatever is under way for the photo and take it off the page. */
  remove(entry: Entry): void {
    const work = this.work.get(entry.id);
    work?.controller.abort();
    work?.feedbackController?.abort();
    this.work.delete(entry.id);
    if (entry.preview.value !== null) URL.revokeObjectURL(entry.preview.value);
    this.entries.value = this.entries.value.filter((other) => other !== entry);
  }

  clear(): void {
    for (const entry of this.entries.value) this.remove(entry);
    this.ownerId = null;
  }

  /** Go on with what waited for a sign-in. Photos of somebody else who used the page before are removed, not shown. */
  signedIn(ownerId: string): void {
    if (this.ownerId !== null && this.ownerId !== ownerId) this.clear();
    this.ownerId = ownerId;
    this.goOn("sign-in");
  }

  /** Go on with what waited for a connection. */
  online(): void {
    this.goOn("offline");
  }

  private goOn(step: "sign-in" | "offline"): void {
    for (const entry of this.entries.value) {
      if (entry.phase.value.step === step) this.requeue(entry);
      const feedback = entry.feedback.value;
      if (feedback.step === step) void this.answer(entry, feedback.answer);
    }
    this.startNext();
  }

  /** Send what the person said. While an answer is under way, a second one (a double tap) is not sent. */
  async answer(entry: Entry, answer: Answer): Promise<void> {
    const work = this.work.get(entry.id);
    const phase = entry.phase.value;
    if (!work || phase.step !== "answered" || entry.feedback.value.step === "sending") return;
    const controller = new AbortController();
    work.feedbackController = controller;
    entry.feedback.value = { step: "sending", answer };
    try {
      const { prediction_id: predictionId } = phase.prediction;
      const taken = await this.withPauses(controller.signal, () => undefined, () =>
        this.parts.api.sendFeedback(predictionId, answer.kind, answer.speciesId, controller.signal),
      );
      work.saved = answer;
      entry.feedback.value = { step: "saved", answer, status: taken.status };
    } catch (error) {
      if (isAbort(error)) return;
      if (error instanceof SignInNeededError) entry.feedback.value = { step: "sign-in", answer };
      else if (error instanceof ConnectionError && !this.parts.isOnline()) entry.feedback.value = { step: "offline", answer };
      else entry.feedback.value = { step: "failed", answer, error, saved: work.saved };
    }
  }

  /** Take the answer back, and the photo with it. */
  async undo(entry: Entry): Promise<void> {
    const phase = entry.phase.value;
    const feedback = entry.feedback.value;
    if (phase.step !== "answered" || feedback.step !== "saved") return;
    const { answer, status } = feedback;
    entry.feedback.value = { step: "undoing", answer, status };
    try {
      await this.parts.api.withdraw(phase.prediction.prediction_id);
      entry.feedback.value = { step: "undone" };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      entry.feedback.value = { step: "saved", answer, status, undoError: error };
    }
  }

  /** Show the same photo once more, as a new one. */
  again(entry: Entry): void {
    this.remove(entry);
    this.add([new File([entry.file], entry.fileName, { type: entry.file.type })]);
  }

  private requeue(entry: Entry): void {
    const work = this.work.get(entry.id);
    if (!work) return;
    work.controller = new AbortController();
    entry.phase.value = { step: "waiting" };
  }

  private startNext(): void {
    // The oldest waits at the end of the list, since new photos are shown first.
    for (const entry of [...this.entries.value].reverse()) {
      if (this.running >= AT_ONCE) return;
      if (entry.phase.value.step === "waiting") void this.run(entry);
    }
  }

  private async run(entry: Entry): Promise<void> {
    const work = this.work.get(entry.id);
    if (!work) return;
    this.running++;
    try {
      entry.phase.value = await this.identify(entry, work);
    } finally {
      this.running--;
      this.startNext();
    }
  }

  private async identify(entry: Entry, work: Work): Promise<Phase> {
    const { signal: stop } = work.controller;
    const isStopped = (): boolean => stop.aborted;
    const show = (phase: Phase): void => {
      if (!isStopped()) entry.phase.value = phase;
    };
    try {
      show({ step: "preparing" });
      const prepared = (work.prepared ??= await this.parts.prepare(entry.file));
      if (isStopped()) return entry.phase.value;
      if (prepared.isViewable) entry.preview.value ??= URL.createObjectURL(prepared.blob);
      entry.isOriginal.value = prepared.isOriginal;
      const prediction = await this.withPauses(stop, show, () => {
        show({ step: "uploading", fraction: 0 });
        return this.parts.api.predict(prepared, {
          signal: stop,
          onSent: (fraction) => show(fraction < 1 ? { step: "uploading", fraction } : { step: "identifying" }),
        });
      });
      return isStopped() ? entry.phase.value : { step: "answered", prediction };
    } catch (error) {
      if (isAbort(error) || isStopped()) return entry.phase.value;
      if (error instanceof SignInNeededError) return { step: "sign-in" };
      if (error instanceof ConnectionError && !this.parts.isOnline()) return { step: "offline" };
      return { step: "failed", error, canRetry: isWorthRetrying(error) };
    }
  }

  /** Make a request again as often as the service asks for a pause, but not for ever. */
  private async withPauses<T>(stop: AbortSignal, show: (phase: Phase) => void, request: () => Promise<T>): Promise<T> {
    for (let pauses = 0; ; pauses++) {
      try {
        return await request();
      } catch (error) {
        if (!(error instanceof ProblemError) || !asksForPause(error) || pauses >= MAX_PAUSES) throw error;
        const pauseS = Math.min(MAX_PAUSE_S, error.retryAfterS ?? DEFAULT_PAUSE_S * 2 ** pauses);
        show({ step: "paused", untilMs: this.parts.nowMs() + pauseS * 1000 });
        await this.parts.wait(pauseS * 1000, stop);
      }
    }
  }
}

function asksForPause(error: ProblemError): boolean {
  return error.status === 429 || ((error.status === 503 || error.status === 409) && error.retryAfterS !== null);
}

function freshWork(): Work {
  return { controller: new AbortController(), prepared: null, feedbackController: null, saved: null };
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** The answer that says a candidate is right: a confirmation for the first, a correction for the others. */
export function answerFor(prediction: Prediction, candidate: Candidate): Answer {
  const isFirst = prediction.predictions[0]?.species_id === candidate.species_id;
  return { kind: isFirst ? "confirmed" : "corrected", speciesId: isFirst ? null : candidate.species_id, names: candidate.names };
}

/** Wait as `setTimeout` does; stops at once when `signal` fires. */
export function waitFor(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancelled = (): void => {
      clearTimeout(timer);
      reject(new DOMException("The wait was cancelled", "AbortError"));
    };
    const timer = setTimeout(() => {
      stop.removeEventListener("abort", cancelled);
      resolve();
    }, ms);
    stop.addEventListener("abort", cancelled);
    if (stop.aborted) cancelled();
  });
}
