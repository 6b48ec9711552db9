/** One photo with everything that belongs to it: its state, its answers, and what the person says. */
import { useEffect, useState } from "preact/hooks";
import { displayName, messages, progressPercent } from "../i18n";
import { hrefOf } from "../route";
import { useServices } from "../services";
import { AlertIcon, CloseIcon, ImageIcon, LockIcon, OfflineIcon } from "../ui/icons";
import { ProblemText } from "../ui/ProblemText";
import { Spinner } from "../ui/Spinner";
import { Answers } from "./Answers";
import type { Entry, Phase } from "./queue";

export function EntryCard({ entry }: { entry: Entry }) {
  const { queue } = useServices();
  const t = messages.value.photo;
  const phase = entry.phase.value;
  const preview = entry.preview.value;
  const isAnswered = phase.step === "answered";
  const isWorking = ["waiting", "preparing", "uploading", "identifying", "paused"].includes(phase.step);
  const first = isAnswered && !phase.prediction.unfamiliar ? phase.prediction.predictions[0] : undefined;

  return (
    <article class="card" data-testid="photo-card" data-step={phase.step} aria-busy={isWorking}>
      <div class={`card__photo ${isWorking ? "card__photo--working" : ""}`}>
        {preview === null ? (
          <div class="card__placeholder">
            <ImageIcon />
            {entry.isOriginal.value && <span>{t.noPreview}</span>}
            <span class="card__file">{entry.fileName}</span>
          </div>
        ) : (
          <>
            <img class="card__backdrop" src={preview} alt="" />
            <img src={preview} alt={first ? t.altNamed(displayName(first.names)) : t.alt} />
          </>
        )}
        <button type="button" class="card__remove" aria-label={isWorking ? t.cancel : t.remove} onClick={() => queue.remove(entry)}>
          <CloseIcon />
        </button>
      </div>
      <div class="card__body">
        {isAnswered ? <Answers entry={entry} prediction={phase.prediction} /> : <Progress entry={entry} phase={phase} />}
        {entry.isOriginal.value && <p class="note">{t.original}</p>}
      </div>
    </article>
  );
}

function Progress({ entry, phase }: { entry: Entry; phase: Exclude<Phase, { step: "answered" }> }) {
  const { queue } = useServices();
  const t = messages.value;
  switch (phase.step) {
    case "waiting":
      return <Working text={t.phase.waiting} />;
    case "preparing":
      return <Working text={t.phase.preparing} />;
    case "uploading":
      return <Working text={t.phase.uploading(progressPercent(phase.fraction))} fraction={phase.fraction} />;
    case "identifying":
      return <Working text={t.phase.identifying} />;
    case "paused":
      return <Paused untilMs={phase.untilMs} />;
    case "sign-in":
      return (
        <div class="state">
          <LockIcon />
          <p>{t.phase.signIn}</p>
          <div class="state__actions">
            <a class="button button--primary" href={hrefOf("sign-in")}>
              {t.account.signIn}
            </a>
            <a class="button" href={hrefOf("sign-up")}>
              {t.titles.signUp}
            </a>
          </div>
        </div>
      );
    case "offline":
      return (
        <div class="state" role="status">
          <OfflineIcon />
          <p>{t.phase.offline}</p>
          <div class="state__actions">
            <button type="button" class="button" onClick={() => queue.retry(entry)}>
              {t.photo.retry}
            </button>
          </div>
        </div>
      );
    case "failed":
      return (
        <div class="state state--failed" role="alert">
          <AlertIcon />
          <ProblemText error={phase.error} />
          <div class="state__actions">
            {phase.canRetry && (
              <button type="button" class="button button--primary" onClick={() => queue.retry(entry)}>
                {t.photo.retry}
              </button>
            )}
            <button type="button" class="button" onClick={() => queue.remove(entry)}>
              {t.photo.remove}
            </button>
          </div>
        </div>
      );
  }
}

function Working({ text, fraction }: { text: string; fraction?: number }) {
  return (
    <div class="working">
      <p class="working__text">
        <Spinner />
        <span>{text}</span>
      </p>
      {fraction === undefined ? (
        <div class="track track--busy" aria-hidden="true">
          <span />
        </div>
      ) : (
        <div class="track" aria-hidden="true">
          <span style={{ width: `${fraction * 100}%` }} />
        </div>
      )}
      <div class="skeleton" aria-hidden="true">
        <span />
        <span />
        <span />
      </div>
    </div>
  );
}

function Paused({ untilMs }: { untilMs: number }) {
  const secondsLeft = (): number => Math.max(1, Math.ceil((untilMs - Date.now()) / 1000));
  const [seconds, setSeconds] = useState(secondsLeft);
  useEffect(() => {
    const timer = setInterval(() => setSeconds(secondsLeft()), 250);
    return () => clearInterval(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- secondsLeft only reads untilMs
  }, [untilMs]);
  return <Working text={messages.value.phase.paused(seconds)} />;
}
