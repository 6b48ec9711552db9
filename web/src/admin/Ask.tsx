/** Asks before something is done that matters: says what will happen, and takes the reason down where one is kept. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { ServiceError } from "../api/errors";
import { announce } from "../ui/announce";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { Spinner } from "../ui/Spinner";
import { Failure } from "./Failure";
import { words } from "./words";

interface AskProps {
  title: string;
  children: ComponentChildren;
  yes: string;
  isDangerous?: boolean;
  /** Whether the service keeps a reason on record. */
  needsReason?: boolean;
  done: string;
  work: (reason: string) => Promise<unknown>;
  onClose: () => void;
}

export function Ask({ title, children, yes, isDangerous = false, needsReason = false, done, work, onClose }: AskProps) {
  const heading = useId();
  const t = words.value.ask;
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const isReady = !needsReason || reason.trim() !== "";

  const go = async (): Promise<void> => {
    if (isBusy || !isReady) return;
    setBusy(true);
    setFailure(null);
    try {
      await work(reason.trim());
      announce(done);
      onClose();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      setFailure(error);
      setBusy(false);
    }
  };

  return (
    <Dialog labelledBy={heading} onClose={onClose} testId="ask">
      <h2 id={heading}>{title}</h2>
      {children}
      {needsReason && (
        <div class="admin__reason">
          <Field label={t.reason} name="reason" value={reason} onValue={setReason} hint={t.reasonHint} autocomplete="off" />
        </div>
      )}
      {failure !== null && <Failure error={failure} />}
      <div class="dialog__actions">
        <button type="button" class="button" onClick={onClose}>
          {t.no}
        </button>
        <button
          type="button"
          class={`button ${isDangerous ? "button--danger-strong" : "button--primary"}`}
          disabled={!isReady}
          aria-disabled={isBusy}
          data-testid="ask-yes"
          onClick={() => void go()}
        >
          {isBusy && <Spinner />}
          {yes}
        </button>
      </div>
    </Dialog>
  );
}
