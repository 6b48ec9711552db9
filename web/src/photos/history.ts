/** What a person gave so far, newest first, a page at a time. Refuses to show one person's photos to the next. */
import { signal } from "@preact/signals";
import { ServiceError } from "../api/errors";
import type { ApiClient } from "../api/client";
import type { Contribution, Species } from "../api/types";

const PAGE_SIZE = 24;

export type HistoryState =
  | { kind: "empty" }
  | { kind: "ready"; items: readonly Contribution[]; next: string | null };

export class PhotoHistory {
  readonly state = signal<HistoryState>({ kind: "empty" });
  readonly isLoading = signal(false);
  readonly failure = signal<ServiceError | null>(null);
  private readonly api: Pick<ApiClient, "contributions" | "correct" | "sendFeedback" | "withdraw">;
  private ownerId: string | null = null;
  /** Grows with each person and each first page, so that a late answer to an older question is dropped. */
  private round = 0;

  constructor(api: PhotoHistory["api"]) {
    this.api = api;
  }

  belongsTo(ownerId: string | null): void {
    if (this.ownerId === ownerId) return;
    this.ownerId = ownerId;
    this.round++;
    this.state.value = { kind: "empty" };
    this.failure.value = null;
    this.isLoading.value = false;
  }

  /** Read the newest again; what is shown stays until the answer is there. */
  async refresh(): Promise<void> {
    const before = this.state.value;
    // Pages already opened are read in one go, so that nothing jumps.
    const wanted = before.kind === "ready" ? Math.min(100, Math.max(PAGE_SIZE, before.items.length)) : PAGE_SIZE;
    await this.load(null, wanted, () => []);
  }

  async more(): Promise<void> {
    const before = this.state.value;
    if (before.kind !== "ready" || before.next === null || this.isLoading.value) return;
    await this.load(before.next, PAGE_SIZE, () => before.items);
  }

  /**
   * Take a photo back: it leaves the collection for good.
   *
   * @throws ServiceError
   */
  async withdraw(photo: Contribution): Promise<void> {
    await this.api.withdraw(photo.photo_id);
    this.replace({ ...photo, status: "withdrawn", reason: null, photo_url: null, progress: null });
  }

  /**
   * Say that a photo shows another species than was said.
   *
   * @throws ServiceError
   */
  async correct(photo: Contribution, species: Species): Promise<void> {
    if (photo.snapshot_id === null) await this.api.sendFeedback(photo.prediction_id, "corrected", species.species_id);
    else await this.api.correct(photo.photo_id, species.species_id);
    this.replace({ ...photo, feedback: "corrected", species_id: species.species_id, names: species.names, progress: null });
    await this.refresh();
  }

  private async load(cursor: string | null, limit: number, before: () => readonly Contribution[]): Promise<void> {
    const round = ++this.round;
    this.isLoading.value = true;
    try {
      const page = await this.api.contributions(cursor, limit);
      if (round !== this.round) return;
      this.state.value = { kind: "ready", items: merged(before(), page.items), next: page.next };
      this.failure.value = null;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (round === this.round) this.failure.value = error;
    } finally {
      if (round === this.round) this.isLoading.value = false;
    }
  }

  private replace(changed: Contribution): void {
    const state = this.state.value;
    if (state.kind !== "ready") return;
    this.state.value = { ...state, items: state.items.map((one) => (one.photo_id === changed.photo_id ? changed : one)) };
  }
}

/** Photos given while somebody scrolls move the pages: each is shown once. */
function merged(before: readonly Contribution[], added: readonly Contribution[]): readonly Contribution[] {
  const known = new Set(before.map((one) => one.photo_id));
  return [...before, ...added.filter((one) => !known.has(one.photo_id))];
}
