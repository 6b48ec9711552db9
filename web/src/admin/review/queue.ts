/**
 * The photos handed out to one reviewer. A decision shows at once and is sent in the background, in the order it was made.
 *
 * Refuses to lose one: what could not be sent puts its photo back in front, unless somebody else settled it.
 */
import { computed, signal } from "@preact/signals";
import { ProblemError, ServiceError } from "../../api/errors";
import type { AdminApi } from "../api";
import type { NamedSpecies, PhotoInReview, ReviewAction } from "../types";

const HANDED_OUT = 10;
/** New ones are asked for while there is still something to look at. */
const REFILL_AT = 4;
/** Answers that say the photo is no longer this reviewer's to decide. */
const GONE = new Set(["claimed-by-another", "not-in-review", "not-found", "photo-not-found"]);

export interface Decision {
  photo: PhotoInReview;
  action: Exclude<ReviewAction, "undo">;
  species: NamedSpecies | null;
  /** Null until the service has answered. */
  status: "decided" | "counted" | "skipped" | null;
}

export type Notice = { kind: "gone" } | { kind: "undone" } | { kind: "done"; decision: Decision };

export class ReviewQueue {
  readonly waiting = signal<readonly PhotoInReview[]>([]);
  readonly decisions = signal<readonly Decision[]>([]);
  readonly state = signal<"loading" | "ready" | "failed">("loading");
  readonly failure = signal<ServiceError | null>(null);
  readonly notice = signal<Notice | null>(null);
  readonly current = computed<PhotoInReview | null>(() => this.waiting.value[0] ?? null);
  private readonly api: Pick<AdminApi, "photosInReview" | "review">;
  private readonly nowMs: () => number;
  private sending: Promise<void> = Promise.resolve();
  private asking: Promise<void> | null = null;
  /** What the last question for photos failed with; a photo that could not be sent is another matter. */
  private asked: ServiceError | null = null;

  constructor(api: ReviewQueue["api"], nowMs: () => number = Date.now) {
    this.api = api;
    this.nowMs = nowMs;
  }

  /** Fetch more; what is on the page stays where it is. */
  refill(): Promise<void> {
    // Whatever was decided has to be known to the service first, or it would hand the same photos out again.
    this.asking ??= this.sending.then(() => this.ask()).finally(() => (this.asking = null));
    return this.asking;
  }

  /** Fetch anew when the claims on what is shown have ended: somebody else may have it by now. */
  async renew(): Promise<void> {
    const until = this.current.value?.claimed_until ?? null;
    if (until !== null && Date.parse(until) > this.nowMs()) return;
    this.waiting.value = [];
    await this.refill();
  }

  decide(action: Decision["action"], species: NamedSpecies | null): void {
    const photo = this.current.value;
    if (photo === null) return;
    const decision: Decision = { photo, action, species, status: null };
    this.waiting.value = this.waiting.value.slice(1);
    this.decisions.value = [decision, ...this.decisions.value];
    this.failure.value = null;
    this.notice.value = { kind: "done", decision };
    this.send(async () => {
      try {
        const taken = await this.api.review(photo.photo_id, action, action === "correct" ? (species?.species_id ?? null) : null);
        this.replace(decision, { ...decision, status: taken.status === "undone" ? null : taken.status });
      } catch (error) {
        this.drop(decision);
        this.refused(error, photo);
      }
    });
    if (this.waiting.value.length < REFILL_AT) void this.refill();
  }

  /** Take the last decision back and look at its photo again. */
  undo(): void {
    const decision = this.decisions.value[0];
    if (decision === undefined) return;
    const { photo } = decision;
    this.drop(decision);
    this.waiting.value = [photo, ...this.waiting.value];
    this.failure.value = null;
    this.notice.value = { kind: "undone" };
    this.send(async () => {
      try {
        await this.api.review(photo.photo_id, "undo", null);
      } catch (error) {
        this.remove(photo);
        this.refused(error, null);
      }
    });
  }

  private send(work: () => Promise<void>): void {
    this.sending = this.sending.then(work);
  }

  private async ask(): Promise<void> {
    try {
      const handed = await this.api.photosInReview(HANDED_OUT);
      const seen = new Set([...this.waiting.value, ...this.decisions.value.map((one) => one.photo)].map((photo) => photo.photo_id));
      this.waiting.value = [...this.waiting.value, ...handed.filter((photo) => !seen.has(photo.photo_id))];
      this.state.value = "ready";
      if (this.failure.value === this.asked) this.failure.value = null;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.failure.value = this.asked = error;
      if (this.waiting.value.length === 0) this.state.value = "failed";
    }
  }

  /** Say what went wrong; `photo` comes back in front where it is still this reviewer's. */
  private refused(error: unknown, photo: PhotoInReview | null): void {
    if (!(error instanceof ServiceError)) throw error;
    if (error instanceof ProblemError && GONE.has(error.code)) {
      this.notice.value = { kind: "gone" };
      return;
    }
    this.notice.value = null;
    this.failure.value = error;
    if (photo !== null) this.waiting.value = [photo, ...this.waiting.value];
  }

  private replace(before: Decision, after: Decision): void {
    this.decisions.value = this.decisions.value.map((one) => (one === before ? after : one));
    const shown = this.notice.value;
    if (shown?.kind === "done" && shown.decision === before) this.notice.value = { kind: "done", decision: after };
  }

  private drop(decision: Decision): void {
    this.decisions.value = this.decisions.value.filter((one) => one.photo.photo_id !== decision.photo.photo_id);
  }

  private remove(photo: PhotoInReview): void {
    this.waiting.value = this.waiting.value.filter((one) => one.photo_id !== photo.photo_id);
  }
}

/** What the photo may show, each once: what was said, what is proposed, what the model thought. */
export interface Candidate extends NamedSpecies {
  isSaid: boolean;
  isProposed: boolean;
  score: number | null;
}

export function candidatesOf(photo: PhotoInReview): Candidate[] {
  const scores = new Map(photo.suggestions.map((one) => [one.species_id, one.score]));
  const found = new Map<string, Candidate>();
  for (const one of [photo.said, photo.proposed, ...photo.suggestions]) {
    if (one === null || found.has(one.species_id)) continue;
    found.set(one.species_id, {
      species_id: one.species_id,
      names: one.names,
      isSaid: one.species_id === photo.said?.species_id,
      isProposed: one.species_id === photo.proposed?.species_id,
      score: scores.get(one.species_id) ?? null,
    });
  }
  return [...found.values()];
}
