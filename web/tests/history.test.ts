import { describe, expect, it, vi } from "vitest";
import { ConnectionError } from "../src/api/errors";
import type { Contribution, ContributionPage, ContributionStatus } from "../src/api/types";
import { language } from "../src/i18n";
import { PhotoHistory } from "../src/photos/history";
import { stateInWords } from "../src/photos/words";

function photo(id: string, over: Partial<Contribution> = {}): Contribution {
  return {
    photo_id: id,
    prediction_id: id,
    feedback: "confirmed",
    species_id: "pied-avocet",
    names: { en: "Pied Avocet", fr: "Avocette élégante", scientific: "Recurvirostra avosetta" },
    status: "received",
    reason: null,
    snapshot_id: null,
    created_at: "2026-11-20T10:00:00Z",
    photo_url: "https://raw.test/p.jpg",
    progress: null,
    ...over,
  };
}

function historyOf(...pages: (ContributionPage | Error)[]) {
  const api = {
    contributions: vi.fn(() => {
      const next = pages.shift() ?? { items: [], next: null };
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    }),
    withdraw: vi.fn(() => Promise.resolve()),
    correct: vi.fn(() => Promise.resolve()),
    sendFeedback: vi.fn(() => Promise.resolve({ feedback: "corrected" as const, species_id: null, status: "received" })),
  };
  const history = new PhotoHistory(api);
  history.belongsTo("lea");
  const ids = (): string[] => (history.state.value.kind === "ready" ? history.state.value.items.map((one) => one.photo_id) : []);
  return { api, history, ids };
}

describe("my photos", () => {
  it("come a page at a time, each once, however the pages move meanwhile", async () => {
    const { history, ids } = historyOf({ items: [photo("a"), photo("b")], next: "n" }, { items: [photo("b"), photo("c")], next: null });
    await history.refresh();
    await history.more();
    await history.more();
    expect(ids()).toEqual(["a", "b", "c"]);
  });

  it("stay in sight when reading them again fails", async () => {
    const { history, ids } = historyOf({ items: [photo("a")], next: null }, new ConnectionError("gone"));
    await history.refresh();
    await history.refresh();
    expect(ids()).toEqual(["a"]);
    expect(history.failure.value).toBeInstanceOf(ConnectionError);
  });

  it("are never shown to the next person, even when their answer comes late", async () => {
    const { history, ids } = historyOf({ items: [photo("a")], next: null });
    const asked = history.refresh();
    history.belongsTo("max");
    await asked;
    expect(ids()).toEqual([]);
  });

  it("show at once that one was taken back", async () => {
    const { history, api } = historyOf({ items: [photo("a")], next: null });
    await history.refresh();
    await history.withdraw(photo("a"));
    expect(api.withdraw).toHaveBeenCalledWith("a");
    expect(history.state.value).toMatchObject({ items: [{ status: "withdrawn", photo_url: null }] });
  });

  it("are corrected by another answer before a snapshot holds them, and by a correction after", async () => {
    const { history, api } = historyOf();
    const species = { species_id: "grey-heron", names: { en: "Grey Heron", fr: null, scientific: "Ardea cinerea" }, rank: "species", family: null, matched: "" };
    await history.correct(photo("a"), species);
    expect(api.sendFeedback).toHaveBeenCalledWith("a", "corrected", "grey-heron");
    expect(api.correct).not.toHaveBeenCalled();
    await history.correct(photo("b", { snapshot_id: "s" }), species);
    expect(api.correct).toHaveBeenCalledWith("b", "grey-heron");
  });
});

describe("where a photo stands", () => {
  it.each<[ContributionStatus, Partial<Contribution>, string]>([
    ["received", {}, "Your photo is stored."],
    ["received", { names: null }, "Your photo waits for people who know birds well"],
    ["waiting_for_review", { reason: "new-contributor" }, "everybody’s first photos"],
    ["waiting_for_review", { reason: "a-reason-of-tomorrow" }, "People who know birds well"],
    ["waiting_for_species", { progress: { photos: 12, needed: 30 } }, "12 of 30 photos until the model learns Pied Avocet."],
    ["in_dataset", {}, "The next model learns"],
    ["set_aside", { reason: "duplicate" }, "holds this picture already"],
    ["set_aside", { reason: "toString" }, "not used for training"],
    ["withdrawn", {}, "You took this photo back."],
  ])("is said in words when it is %s", (status, over, words) => {
    language.value = "en";
    expect(stateInWords(photo("a", { status, ...over }))).toContain(words);
  });
});
