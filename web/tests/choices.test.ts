import { describe, expect, it } from "vitest";
import { LetterChoices } from "../src/admin/watching/choices";
import type { NoticeKind, Notifications } from "../src/admin/types";
import { problem, settled } from "./doubles";

const kept: Notifications = { kinds: ["data"], language: "en", email: "a@example.org", delivery: "email" };

/** Keeps what is chosen once it is let. */
class SlowApi {
  readonly asked: [readonly string[], string][] = [];
  private readonly waiting: (() => void)[] = [];
  refusal: Error | null = null;

  async chooseNotifications(kinds: readonly string[], language: string): Promise<Notifications> {
    this.asked.push([kinds, language]);
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    if (this.refusal !== null) throw this.refusal;
    return { ...kept, kinds: [...kinds] as NoticeKind[], language: language === "fr" ? "fr" : "en" };
  }

  async answer(): Promise<void> {
    this.waiting.shift()?.();
    await settled();
  }
}

function begun(): { api: SlowApi; choices: LetterChoices; told: () => number } {
  const api = new SlowApi();
  let told = 0;
  const choices = new LetterChoices(api, kept, () => (told += 1));
  return { api, choices, told: () => told };
}

describe("which letters somebody wants", () => {
  it("shows a choice at once and says when it is kept", async () => {
    const { api, choices, told } = begun();
    void choices.want("drift", true);
    expect(choices.known.value.kinds).toEqual(["data", "drift"]);
    expect(told()).toBe(0);
    await api.answer();
    expect(choices.known.value.kinds).toEqual(["data", "drift"]);
    expect(told()).toBe(1);
  });

  it("keeps the last of several choices made while one is under way", async () => {
    const { api, choices, told } = begun();
    void choices.want("drift", true);
    void choices.want("health", true);
    void choices.want("data", false);
    void choices.speak("fr");
    await api.answer();
    await api.answer();
    expect(api.asked).toEqual([
      [["data", "drift"], "en"],
      [["drift", "health"], "fr"],
    ]);
    expect(choices.known.value).toMatchObject({ kinds: ["drift", "health"], language: "fr" });
    expect(told()).toBe(1);
  });

  it("goes back to what was kept when a choice is refused, and takes the next one", async () => {
    const { api, choices, told } = begun();
    void choices.want("drift", true);
    api.refusal = problem(503, "busy");
    await api.answer();
    expect(choices.known.value).toEqual(kept);
    expect(choices.failure.value).toBe(api.refusal);
    expect(told()).toBe(0);
    api.refusal = null;
    void choices.want("models", true);
    expect(choices.failure.value).toBeNull();
    await api.answer();
    expect(choices.known.value.kinds).toEqual(["data", "models"]);
  });
});
