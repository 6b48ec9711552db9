/** The three answers a person can give, what became of theirs, and the way to change it. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { ProblemError } from "../api/errors";
import type { Candidate, Prediction, SpeciesDetail } from "../api/types";
import { displayName, messages, type Names } from "../i18n";
import { hrefOf } from "../route";
import { useServices } from "../services";
import { announce } from "../ui/announce";
import { CheckIcon, QuestionIcon, SearchIcon, UndoIcon } from "../ui/icons";
import { Meter } from "../ui/Meter";
import { ProblemText } from "../ui/ProblemText";
import { Spinner } from "../ui/Spinner";
import { AcceptTerms } from "./AcceptTerms";
import { answerFor, type Answer, type Entry } from "./queue";
import { useSpecies } from "./species";
import { SpeciesSearch } from "./SpeciesSearch";

interface PanelProps {
  entry: Entry;
  prediction: Prediction;
}

export function FeedbackPanel({ entry, prediction }: PanelProps) {
  const { queue } = useServices();
  const [isChanging, setChanging] = useState(false);
  const t = messages.value.feedback;
  const feedback = entry.feedback.value;
  const give = (answer: Answer): void => {
    setChanging(false);
    void queue.answer(entry, answer);
  };

  if (isChanging && feedback.step === "saved") {
    return <Question prediction={prediction} onAnswer={give} onKeep={() => setChanging(false)} />;
  }
  switch (feedback.step) {
    case "open":
      return <Question prediction={prediction} onAnswer={give} />;
    case "sending":
      return (
        <div class="feedback" aria-busy="true">
          <p class="working__text">
            <Spinner />
            <span>{t.sending}</span>
          </p>
        </div>
      );
    case "saved":
    case "undoing":
      return (
        <Thanks
          answer={feedback.answer}
          prediction={prediction}
          status={feedback.status}
          isUndoing={feedback.step === "undoing"}
          undoError={feedback.step === "saved" ? feedback.undoError : undefined}
          onChange={() => setChanging(true)}
          onUndo={() => void queue.undo(entry)}
        />
      );
    case "undone":
      return (
        <div class="feedback state" data-testid="undone" role="status">
          <p>{t.undone}</p>
          <button type="button" class="button" onClick={() => queue.again(entry)}>
            {t.again}
          </button>
        </div>
      );
    case "sign-in":
      return (
        <div class="feedback state" role="alert">
          <p>{t.signIn}</p>
          <a class="button button--primary" href={hrefOf("sign-in")}>
            {messages.value.account.signIn}
          </a>
        </div>
      );
    case "offline":
      return (
        <div class="feedback state" role="status">
          <p>{t.offline}</p>
        </div>
      );
    case "failed":
      if (feedback.error instanceof ProblemError && feedback.error.code === "terms-not-accepted") {
        return <AcceptTerms onAccepted={() => give(feedback.answer)} />;
      }
      return (
        <>
          <div class="feedback feedback--failed" role="alert">
            <p class="feedback__failed">{t.failed}</p>
            <ProblemText error={feedback.error} />
            <button type="button" class="button" onClick={() => give(feedback.answer)}>
              {messages.value.photo.retry}
            </button>
          </div>
          <Question prediction={prediction} onAnswer={give} />
        </>
      );
  }
}

interface QuestionProps {
  prediction: Prediction;
  onAnswer: (answer: Answer) => void;
  onKeep?: () => void;
}

function Question({ prediction, onAnswer, onKeep }: QuestionProps) {
  const [isSearching, setSearching] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const t = messages.value.feedback;
  const [first, ...others] = prediction.predictions;
  const isChange = onKeep !== undefined;

  useLayoutEffect(() => {
    if (isChange) heading.current?.focus();
  }, [isChange]);

  if (isSearching) {
    return (
      <SpeciesSearch
        onBack={() => setSearching(false)}
        onChosen={(species) => {
          const candidate = prediction.predictions.find((known) => known.species_id === species.species_id);
          onAnswer(candidate ? answerFor(prediction, candidate) : { kind: "corrected", speciesId: species.species_id, names: species.names });
        }}
      />
    );
  }
  return (
    <div class="feedback" data-testid="feedback">
      <h3 class="feedback__question" ref={heading} tabIndex={-1}>
        {first && !prediction.unfamiliar ? t.question(displayName(first.names)) : t.questionOpen}
      </h3>
      {first && (
        <button
          type="button"
          class={`button ${prediction.unfamiliar ? "" : "button--primary"} button--wide`}
          data-testid="feedback-right"
          onClick={() => onAnswer(answerFor(prediction, first))}
        >
          <CheckIcon />
          {prediction.unfamiliar ? t.rightNamed(displayName(first.names)) : t.right}
        </button>
      )}
      <p class="feedback__rather">{first && !prediction.unfamiliar ? t.rather : t.or}</p>
      <div class="feedback__others">
        {others.map((candidate: Candidate) => (
          <button
            key={candidate.species_id}
            type="button"
            class="chip"
            aria-label={t.thisOneNamed(displayName(candidate.names))}
            onClick={() => onAnswer(answerFor(prediction, candidate))}
          >
            {displayName(candidate.names)}
          </button>
        ))}
      </div>
      <div class="feedback__row">
        <button type="button" class="button" data-testid="feedback-other" onClick={() => setSearching(true)}>
          <SearchIcon />
          {t.other}
        </button>
        <button
          type="button"
          class="button"
          data-testid="feedback-unknown"
          onClick={() => onAnswer({ kind: "unknown", speciesId: null, names: null })}
        >
          <QuestionIcon />
          {t.unknown}
        </button>
      </div>
      {onKeep && (
        <button type="button" class="link" onClick={onKeep}>
          {t.keep}
        </button>
      )}
    </div>
  );
}

interface ThanksProps {
  answer: Answer;
  prediction: Prediction;
  status: string;
  isUndoing: boolean;
  undoError: unknown;
  onChange: () => void;
  onUndo: () => void;
}

function Thanks({ answer, prediction, status, isUndoing, undoError, onChange, onUndo }: ThanksProps) {
  const t = messages.value.feedback;
  const heading = useRef<HTMLHeadingElement>(null);
  const names = answer.names;
  const speciesId = answer.speciesId ?? (answer.kind === "confirmed" ? (prediction.predictions[0]?.species_id ?? null) : null);
  const detail = useSpecies(speciesId);

  useLayoutEffect(() => {
    announce(messages.peek().feedback.thanks);
    heading.current?.focus({ preventScroll: true });
  }, []);

  return (
    <div class="thanks" data-testid="thanks" data-status={status}>
      <span class="thanks__mark">
        <CheckIcon />
      </span>
      <div>
        <h3 ref={heading} tabIndex={-1}>
          {t.thanks}
        </h3>
        <p>{said(answer, names)}</p>
        {names !== null && status !== "review" && detail?.progress ? (
          <Meter fraction={detail.progress.photos / Math.max(1, detail.progress.needed)}>
            {t.nextProgress(String(detail.progress.photos), String(detail.progress.needed), displayName(names))}
          </Meter>
        ) : (
          <p class="thanks__next">{whatNext(answer, names, status, detail)}</p>
        )}
        <p class="thanks__hint">{t.changeable}</p>
        {undoError !== undefined && (
          <div class="alert" role="alert">
            <ProblemText error={undoError} />
          </div>
        )}
        <div class="thanks__actions">
          <button type="button" class="link" data-testid="feedback-undo" aria-disabled={isUndoing} onClick={onUndo}>
            {isUndoing ? <Spinner /> : <UndoIcon />}
            {t.undo}
          </button>
          <button type="button" class="link" data-testid="feedback-change" aria-disabled={isUndoing} onClick={() => !isUndoing && onChange()}>
            {t.change}
          </button>
          <a class="link" href={hrefOf("photos")}>
            {t.mine}
          </a>
        </div>
      </div>
    </div>
  );
}

function said(answer: Answer, names: Names | null): string {
  const t = messages.value.feedback;
  if (names === null) return t.saidUnknown;
  return answer.kind === "confirmed" ? t.saidConfirmed(displayName(names)) : t.saidCorrected(displayName(names));
}

function whatNext(answer: Answer, names: Names | null, status: string, detail: SpeciesDetail | null): string {
  const t = messages.value.feedback;
  if (answer.kind === "unknown") return t.nextUnknown;
  if (status === "review") return t.nextReview;
  if (names === null || detail === null) return t.nextReceived;
  const name = displayName(names);
  switch (detail.learning) {
    case "trainable":
      return t.nextTrainable(name);
    case "pending":
      return t.nextPending(name);
    case "unseen":
      return t.nextUnseen(name);
  }
}
