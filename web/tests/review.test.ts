import { describe, expect, it } from "vitest";
import { candidatesOf, ReviewQueue } from "../src/admin/review/queue";
import type { PhotoInReview, ReviewAction, ReviewTaken } from "../src/admin/types";
import { problem, settled } from "./doubles";

const names = (id: string) => ({ species_id: id, names: { en: id, fr: null, scientific: `Genus ${id}` } });

function photoOf(id: string, said: string | null = "mallard"): PhotoInReview {
  return {
    photo_id: id,
    source: "contribution",
    said: said === null ? null : names(said),
    reason: "new-contributor",
    proposed: null,
    suggestions: [{ ...names("gadwall"), score: 0.6 }],
    voices: 0,
    photo_url: "",
    claimed_until: "2026-11-25T12:10:00Z",
  };
}

/** Hands out photos in turn and keeps what was said of them; `refusals` name photos it says no to. */
class FakeReviews {
  readonly said: [string, ReviewAction, string | null][] = [];
  readonly refusals = new Map<string, Error>();
  private readonly rounds: PhotoInReview[][];

  constructor(...rounds: PhotoInReview[][]) {
    this.rounds = rounds;
  }

  photosInReview = (): Promise<PhotoInReview[]> => Promise.resolve(this.rounds.shift() ?? []);

  review = (photoId: string, action: ReviewAction, speciesId: string | null): Promise<ReviewTaken> => {
    const refusal = this.refusals.get(photoId);
    if (refusal !== undefined) return Promise.reject(refusal);
    this.said.push([photoId, action, speciesId]);
    const status = action === "undo" ? "undone" : action === "skip" ? "skipped" : "decided";
    return Promise.resolve({ photo_id: photoId, status, species_id: speciesId });
  };
}

async function queueOf(reviews: FakeReviews, nowMs = Date.parse("2026-11-25T12:00:00Z")): Promise<ReviewQueue> {
  const queue = new ReviewQueue(reviews, () => nowMs);
  await queue.refill();
  return queue;
}

const atHand = (queue: ReviewQueue): string[] => queue.waiting.value.map((photo) => photo.photo_id);

describe("the review queue", () => {
  it("shows the next photo before the service has answered", async () => {
    const reviews = new FakeReviews([photoOf("a"), photoOf("b")]);
    const queue = await queueOf(reviews);
    queue.decide("accept", names("mallard"));
    expect(queue.current.value?.photo_id).toBe("b");
    expect(reviews.said).toEqual([]);
    await settled();
    expect(reviews.said).toEqual([["a", "accept", null]]);
  });

  it("sends what was decided in its order, whatever else is under way", async () => {
    const reviews = new FakeReviews([photoOf("a"), photoOf("b"), photoOf("c")]);
    const queue = await queueOf(reviews);
    queue.decide("correct", names("gadwall"));
    queue.undo();
    queue.decide("reject", null);
    queue.decide("skip", null);
    await settled();
    expect(reviews.said).toEqual([["a", "correct", "gadwall"], ["a", "undo", null], ["a", "reject", null], ["b", "skip", null]]);
  });

  it("puts a photo back in front when its decision could not be sent", async () => {
    const reviews = new FakeReviews([photoOf("a"), photoOf("b")]);
    reviews.refusals.set("a", problem(503));
    const queue = await queueOf(reviews);
    queue.decide("accept", names("mallard"));
    await settled();
    expect(atHand(queue)).toEqual(["a", "b"]);
    expect(queue.decisions.value).toEqual([]);
    expect(queue.failure.value).not.toBeNull();
  });

  it.each(["claimed-by-another", "not-in-review"])("goes on when the answer is %s: somebody else settled it", async (code) => {
    const reviews = new FakeReviews([photoOf("a"), photoOf("b")]);
    reviews.refusals.set("a", problem(409, code));
    const queue = await queueOf(reviews);
    queue.decide("accept", names("mallard"));
    await settled();
    expect(atHand(queue)).toEqual(["b"]);
    expect(queue.notice.value).toEqual({ kind: "gone" });
    expect(queue.failure.value).toBeNull();
  });

  it("asks for more while there is still something to look at, and shows nothing twice", async () => {
    const reviews = new FakeReviews([photoOf("a"), photoOf("b")], [photoOf("b"), photoOf("a"), photoOf("c")]);
    const queue = await queueOf(reviews);
    queue.decide("accept", names("mallard"));
    await settled();
    expect(atHand(queue)).toEqual(["b", "c"]);
  });

  it("drops photos whose claims have ended, since somebody else may have them", async () => {
    const queue = await queueOf(new FakeReviews([photoOf("a")], [photoOf("d")]), Date.parse("2026-11-25T12:11:00Z"));
    await queue.renew();
    expect(atHand(queue)).toEqual(["d"]);
  });

  it("keeps them while the claims last", async () => {
    const queue = await queueOf(new FakeReviews([photoOf("a")], [photoOf("d")]));
    await queue.renew();
    expect(atHand(queue)).toEqual(["a"]);
  });
});

describe("what a photo may show", () => {
  it("is named once each: what was said, what is proposed, what the model thought", () => {
    const photo = { ...photoOf("a"), proposed: names("gadwall") };
    expect(candidatesOf(photo).map((one) => [one.species_id, one.isSaid, one.isProposed, one.score])).toEqual([
      ["mallard", true, false, null],
      ["gadwall", false, true, 0.6],
    ]);
  });

  it("is what the model thought where nobody said anything", () => {
    expect(candidatesOf(photoOf("a", null)).map((one) => one.species_id)).toEqual(["gadwall"]);
  });
});
