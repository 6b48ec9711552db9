/** One contribution: the photo, what was said of it, where it stands, and the ways to change that. */
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ServiceError } from "../api/errors";
import type { Contribution, Species } from "../api/types";
import { SpeciesSearch } from "../identify/SpeciesSearch";
import { displayName, messages } from "../i18n";
import { useServices } from "../services";
import { announce } from "../ui/announce";
import { Dialog } from "../ui/Dialog";
import { SearchIcon, TrashIcon } from "../ui/icons";
import { Meter } from "../ui/Meter";
import { ProblemText } from "../ui/ProblemText";
import { Spinner } from "../ui/Spinner";
import { Thumbnail } from "./Thumbnail";
import { dateInWords, stateInWords, titleOf } from "./words";

type Step = "shown" | "searching" | "asking" | "correcting" | "withdrawing";

export function PhotoDialog({ photo, onClose }: { photo: Contribution; onClose: () => void }) {
  const { history } = useServices();
  const heading = useId();
  const [step, setStep] = useState<Step>("shown");
  const [failure, setFailure] = useState<ServiceError | null>(null);
  const t = messages.value.photos;

  const run = (busy: Step, work: () => Promise<void>, said: string): void => {
    setStep(busy);
    setFailure(null);
    work()
      .then(() => announce(said))
      .catch((error: unknown) => {
        if (!(error instanceof ServiceError)) throw error;
        setFailure(error);
      })
      .finally(() => setStep("shown"));
  };
  const correct = (species: Species): void => run("correcting", () => history.correct(photo, species), t.corrected(displayName(species.names)));
  const withdraw = (): void => run("withdrawing", () => history.withdraw(photo), t.states.withdrawn.text);

  return (
    <Dialog labelledBy={heading} onClose={onClose} testId="photo-dialog">
      <div class="dialog__photo">
        <Thumbnail photo={photo} />
      </div>
      <h2 id={heading}>{titleOf(photo)}</h2>
      {photo.names !== null && (
        <p class="dialog__scientific">
          <i lang="la">{photo.names.scientific}</i>
        </p>
      )}
      <p class="dialog__state">
        <span class={`badge badge--${photo.status}`}>{t.states[photo.status].label}</span>
        <span class="dialog__date">{t.given(dateInWords(photo.created_at))}</span>
      </p>
      {photo.status === "waiting_for_species" && photo.progress !== null ? (
        <Meter fraction={photo.progress.photos / Math.max(1, photo.progress.needed)}>{stateInWords(photo)}</Meter>
      ) : (
        <p>{stateInWords(photo)}</p>
      )}
      {failure !== null && (
        <div class="alert" role="alert">
          <ProblemText error={failure} />
        </div>
      )}
      {step === "correcting" && (
        <p class="working__text" role="status">
          <Spinner />
          <span>{messages.value.account.working}</span>
        </p>
      )}
      {step === "searching" && <SpeciesSearch onBack={() => setStep("shown")} onChosen={correct} />}
      {(step === "asking" || step === "withdrawing") && (
        <Confirm photo={photo} isBusy={step === "withdrawing"} onYes={withdraw} onNo={() => setStep("shown")} />
      )}
      {step === "shown" && photo.status !== "withdrawn" && (
        <div class="dialog__actions">
          <button type="button" class="button" onClick={() => setStep("searching")} data-testid="photo-correct">
            <SearchIcon />
            {t.correct}
          </button>
          <button type="button" class="button button--danger" onClick={() => setStep("asking")} data-testid="photo-withdraw">
            <TrashIcon />
            {t.withdraw}
          </button>
        </div>
      )}
    </Dialog>
  );
}

interface ConfirmProps {
  photo: Contribution;
  isBusy: boolean;
  onYes: () => void;
  onNo: () => void;
}

/** Stays where it is while the work is done: a double tap's second must not fall beside a window that shrank. */
function Confirm({ photo, isBusy, onYes, onNo }: ConfirmProps) {
  const t = messages.value.photos;
  const keep = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => keep.current?.focus(), []);
  return (
    <div class="confirm" role="group" aria-label={t.withdrawQuestion}>
      <p class="confirm__question">{t.withdrawQuestion}</p>
      <p>{photo.status === "in_dataset" ? t.withdrawLearnt : t.withdrawText}</p>
      <div class="dialog__actions">
        <button type="button" class="button" ref={keep} aria-disabled={isBusy} onClick={() => !isBusy && onNo()}>
          {t.keep}
        </button>
        <button type="button" class="button button--danger" data-testid="withdraw-yes" aria-disabled={isBusy} onClick={() => !isBusy && onYes()}>
          {isBusy && <Spinner />}
          {t.withdrawYes}
        </button>
      </div>
    </div>
  );
}
