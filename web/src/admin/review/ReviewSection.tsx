/** The review queue: one photo, what it may show, and one key for each thing to do about it. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { displayName, messages, percent } from "../../i18n";
import { Reference } from "../../identify/Reference";
import { SpeciesSearch } from "../../identify/SpeciesSearch";
import { useSpecies } from "../../identify/species";
import { announce } from "../../ui/announce";
import { AlertIcon, CheckIcon, ImageIcon, SearchIcon, TrashIcon, UndoIcon } from "../../ui/icons";
import { ProblemText } from "../../ui/ProblemText";
import { Spinner } from "../../ui/Spinner";
import { useAdmin } from "../context";
import type { LookAlikes as Found, PhotoInReview } from "../types";
import { words } from "../words";
import { LookAlikes } from "./LookAlikes";
import { candidatesOf, ReviewQueue, type Candidate, type Notice } from "./queue";

export function ReviewSection() {
  const admin = useAdmin();
  const queue = useMemo(() => new ReviewQueue(admin), [admin]);
  const t = words.value.review;
  const photo = queue.current.value;
  const failure = queue.failure.value;

  useEffect(() => {
    void queue.refill();
    const renew = (): void => {
      if (document.visibilityState === "visible" && queue.state.value !== "loading") void queue.renew();
    };
    document.addEventListener("visibilitychange", renew);
    return () => document.removeEventListener("visibilitychange", renew);
  }, [queue]);

  return (
    <>
      <p class="photos__lead">{t.lead}</p>
      {failure !== null && (
        <div class="alert alert--row" role="alert">
          <AlertIcon />
          <ProblemText error={failure} />
          {photo === null && (
            <button type="button" class="button button--small" onClick={() => void queue.refill()}>
              {messages.value.photo.retry}
            </button>
          )}
        </div>
      )}
      {photo === null && queue.state.value === "loading" && (
        <p class="empty" role="status">
          <Spinner />
          <span>{t.loading}</span>
        </p>
      )}
      {photo === null && queue.state.value === "ready" && (
        <div class="empty" data-testid="review-empty">
          <CheckIcon />
          <p>{t.none}</p>
          <button type="button" class="button" onClick={() => void queue.refill()}>
            {t.lookAgain}
          </button>
        </div>
      )}
      {photo !== null && <ReviewCard photo={photo} queue={queue} />}
      <div class="review__foot">
        <p data-testid="review-count">
          <strong>{t.done(queue.decisions.value.length)}</strong> · {t.left(queue.waiting.value.length)}
        </p>
        {queue.decisions.value.length > 0 && (
          <button type="button" class="button button--small" onClick={() => queue.undo()}>
            <UndoIcon />
            {t.undo} <kbd>U</kbd>
          </button>
        )}
      </div>
      <Said notice={queue.notice.value} />
    </>
  );
}

function Said({ notice }: { notice: Notice | null }) {
  const t = words.value.review.notices;
  const text = notice === null ? null : sentenceFor(notice, t);
  useEffect(() => {
    if (text !== null) announce(text);
  }, [text]);
  return (
    <p class="review__said" data-testid="review-said">
      {text}
    </p>
  );
}

function sentenceFor(notice: Notice, t: (typeof words.value)["review"]["notices"]): string {
  if (notice.kind !== "done") return t[notice.kind];
  const { action, species, status } = notice.decision;
  const done = action === "accept" || action === "correct" ? t[action](species === null ? "" : displayName(species.names)) : t[action];
  return status === "counted" ? `${done} ${t.counted}` : done;
}

function ReviewCard({ photo, queue }: { photo: PhotoInReview; queue: ReviewQueue }) {
  const t = words.value.review;
  const card = useRef<HTMLDivElement>(null);
  const [isSearching, setSearching] = useState(false);
  const candidates = useMemo(() => candidatesOf(photo), [photo]);
  const [lookedAt, setLookedAt] = useState(0);
  const opened = candidates[lookedAt];
  // eslint-disable-next-line react-hooks/exhaustive-deps -- another photo, other look-alikes
  const known = useMemo(() => new Map<string, Found>(), [photo.photo_id]);

  // Keys act on the card alone, so that nobody decides by a letter typed elsewhere; at once, so that a key pressed meanwhile counts.
  useLayoutEffect(() => {
    setSearching(false);
    setLookedAt(0);
    card.current?.focus({ preventScroll: true });
  }, [photo.photo_id]);
  useEffect(() => {
    // The next photo is on its way while this one is looked at.
    for (const next of queue.waiting.value.slice(1, 3)) new Image().src = next.photo_url;
  }, [queue, photo.photo_id]);

  const choose = (candidate: Candidate): void => queue.decide(candidate.isSaid ? "accept" : "correct", candidate);
  const accept = (): void => {
    if (photo.said !== null) queue.decide("accept", photo.said);
  };
  const look = (step: number): void => {
    if (candidates.length > 0) setLookedAt((lookedAt + step + candidates.length) % candidates.length);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (isSearching || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const key = event.key.toLowerCase();
    const picked = candidates[Number.parseInt(key, 10) - 1];
    if (picked !== undefined) choose(picked);
    else if (key === "a") accept();
    else if (key === "c" || key === "/") setSearching(true);
    else if (key === "r") queue.decide("reject", null);
    else if (key === "s") queue.decide("skip", null);
    else if (key === "u") queue.undo();
    else if (key === "v" || key === "arrowright") look(1);
    else if (key === "arrowleft") look(-1);
    else return;
    event.preventDefault();
  };
  const back = (): void => {
    setSearching(false);
    card.current?.focus({ preventScroll: true });
  };

  return (
    <div class="card review" ref={card} tabIndex={0} role="group" aria-label={t.card} aria-keyshortcuts="A C R S U V ArrowRight ArrowLeft" data-testid="review-card" data-photo={photo.photo_id} onKeyDown={onKeyDown}>
      <div class="card__photo">
        <img src={photo.photo_url} alt={t.photo} onError={() => void queue.renew()} />
      </div>
      <div class="card__body">
        <p class="review__why">{reasonFor(photo.reason)}</p>
        <p class="note">
          {photo.source === "contribution" ? t.contribution : t.source(photo.source)}
          {photo.voices > 0 && ` · ${t.voices(photo.voices)}`}
        </p>
        {photo.said === null && <p class="note">{t.saidNothing}</p>}
        {isSearching ? (
          <SpeciesSearch onBack={back} onChosen={(species) => queue.decide(species.species_id === photo.said?.species_id ? "accept" : "correct", species)} />
        ) : (
          <>
            <ol class="review__names">
              {candidates.map((candidate, index) => (
                <li key={candidate.species_id} class="review__candidate" data-looked-at={index === lookedAt}>
                  <CandidateButton candidate={candidate} number={index + 1} onChosen={() => choose(candidate)} />
                  <button
                    type="button"
                    class="review__look"
                    aria-pressed={index === lookedAt}
                    aria-controls="look-alikes"
                    aria-label={t.lookAlikes.show(displayName(candidate.names))}
                    title={t.lookAlikes.show(displayName(candidate.names))}
                    onClick={() => setLookedAt(index)}
                  >
                    <ImageIcon />
                  </button>
                </li>
              ))}
            </ol>
            {opened !== undefined && <LookAlikes key={`${photo.photo_id} ${opened.species_id}`} id="look-alikes" photoId={photo.photo_id} species={opened} known={known} />}
            <div class="review__actions">
              {photo.said !== null && (
                <button type="button" class="button button--primary" onClick={accept}>
                  <CheckIcon />
                  {t.accept} <kbd>A</kbd>
                </button>
              )}
              <button type="button" class="button" onClick={() => setSearching(true)}>
                <SearchIcon />
                {t.correct} <kbd>C</kbd>
              </button>
              <button type="button" class="button button--danger" onClick={() => queue.decide("reject", null)}>
                <TrashIcon />
                {t.reject} <kbd>R</kbd>
              </button>
              <button type="button" class="button" onClick={() => queue.decide("skip", null)}>
                {t.skip} <kbd>S</kbd>
              </button>
            </div>
            <p class="note review__keys">{t.keys}</p>
          </>
        )}
      </div>
    </div>
  );
}

function CandidateButton({ candidate, number, onChosen }: { candidate: Candidate; number: number; onChosen: () => void }) {
  const t = words.value.review;
  const detail = useSpecies(candidate.species_id);
  const name = displayName(candidate.names);
  return (
    <button type="button" class="review__name" data-species={candidate.species_id} onClick={onChosen}>
      <kbd>{number}</kbd>
      <span class="review__picture">
        <Reference name={name} detail={detail} />
      </span>
      <span class="review__words">
        <strong>{name}</strong>
        <i lang="la">{candidate.names.scientific}</i>
        <span class="note">
          {[candidate.isSaid && t.said, candidate.isProposed && t.proposed, candidate.score !== null && t.score(percent(candidate.score))].filter(Boolean).join(" · ")}
        </span>
      </span>
    </button>
  );
}

function reasonFor(reason: string): string {
  const { reasons } = words.value.review;
  return Object.hasOwn(reasons, reason) ? reasons[reason as keyof typeof reasons] : reasons.other;
}
