/** Which letters somebody wants: a choice shows at once, choices are kept one after the other, and the last one stands. */
import { signal, type Signal } from "@preact/signals";
import { ServiceError } from "../../api/errors";
import type { AdminApi } from "../api";
import type { NoticeKind, Notifications } from "../types";

type Keeps = Pick<AdminApi, "chooseNotifications">;
type Choice = Pick<Notifications, "kinds" | "language">;

export class LetterChoices {
  /** What the page shows: the last choice, or what was kept where it was refused. */
  readonly known: Signal<Notifications>;
  /** Of the last choice. */
  readonly failure: Signal<ServiceError | null> = signal(null);
  private readonly api: Keeps;
  private readonly onKept: () => void;
  private kept: Notifications;
  private wanted: Choice | null = null;
  private isKeeping = false;

  constructor(api: Keeps, kept: Notifications, onKept: () => void) {
    this.api = api;
    this.onKept = onKept;
    this.kept = kept;
    this.known = signal(kept);
  }

  async want(kind: NoticeKind, isWanted: boolean): Promise<void> {
    const others = this.known.peek().kinds.filter((one) => one !== kind);
    await this.choose({ kinds: isWanted ? [...others, kind] : others, language: this.known.peek().language });
  }

  async speak(language: Notifications["language"]): Promise<void> {
    await this.choose({ kinds: this.known.peek().kinds, language });
  }

  private async choose(choice: Choice): Promise<void> {
    this.known.value = { ...this.known.peek(), ...choice };
    this.failure.value = null;
    this.wanted = choice;
    if (this.isKeeping) return;
    this.isKeeping = true;
    try {
      // Another choice may come while one is under way.
      while (this.wanted !== null) {
        const { kinds, language }: Choice = this.wanted;
        this.wanted = null;
        this.kept = await this.api.chooseNotifications(kinds, language);
      }
      this.known.value = this.kept;
      this.onKept();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.wanted = null;
      this.known.value = this.kept;
      this.failure.value = error;
    } finally {
      this.isKeeping = false;
    }
  }
}
