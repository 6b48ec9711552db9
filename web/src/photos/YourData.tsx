/** Take everything along, or have everything erased. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ServiceError } from "../api/errors";
import type { Export } from "../api/types";
import { waitFor } from "../identify/queue";
import { messages } from "../i18n";
import { go } from "../route";
import { useServices } from "../services";
import { Dialog } from "../ui/Dialog";
import { ProblemText } from "../ui/ProblemText";
import { Spinner } from "../ui/Spinner";

const ASK_AGAIN_MS = 2_000;

export function YourData() {
  const t = messages.value.data;
  const [isErasing, setErasing] = useState(false);
  return (
    <section class="panel" aria-labelledby="your-data">
      <h2 id="your-data">{t.title}</h2>
      <ExportMine />
      <div class="panel__row">
        <div>
          <h3>{t.erase}</h3>
          <p class="note">{t.eraseHint}</p>
        </div>
        <button type="button" class="button button--danger" data-testid="erase" onClick={() => setErasing(true)}>
          {t.eraseButton}
        </button>
      </div>
      {isErasing && <EraseDialog onClose={() => setErasing(false)} />}
    </section>
  );
}

function ExportMine() {
  const { api } = useServices();
  const t = messages.value.data;
  const [state, setState] = useState<{ kind: "idle" | "making" } | { kind: "ready"; made: Export } | { kind: "failed"; error: unknown }>({ kind: "idle" });
  const controller = useRef(new AbortController());
  useEffect(() => {
    const { current } = controller;
    return () => current.abort();
  }, []);

  const start = async (): Promise<void> => {
    const { signal } = controller.current;
    setState({ kind: "making" });
    try {
      for (;;) {
        const made = await api.exportMine(signal);
        if (made.url !== null) {
          setState({ kind: "ready", made });
          return;
        }
        await waitFor(ASK_AGAIN_MS, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ServiceError)) throw error;
      setState({ kind: "failed", error });
    }
  };

  return (
    <div class="panel__row">
      <div>
        <h3>{t.export}</h3>
        <p class="note">{t.exportHint}</p>
        {state.kind === "failed" && <ProblemText error={state.error} />}
      </div>
      {state.kind === "ready" && state.made.url !== null ? (
        <a class="button button--primary" href={state.made.url} data-testid="export-link" download>
          {t.download}
        </a>
      ) : (
        <button type="button" class="button" aria-disabled={state.kind === "making"} data-testid="export" onClick={() => state.kind !== "making" && void start()}>
          {state.kind === "making" && <Spinner />}
          {state.kind === "making" ? t.making : t.exportButton}
        </button>
      )}
    </div>
  );
}

function EraseDialog({ onClose }: { onClose: () => void }) {
  const { api, session, queue, notice } = useServices();
  const heading = useId();
  const t = messages.value.data;
  const [isSure, setSure] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  const erase = async (): Promise<void> => {
    if (!isSure || isBusy) return;
    setBusy(true);
    setFailure(null);
    try {
      await api.eraseMe();
      queue.clear();
      session.forgetErased();
      notice.value = "erased";
      go("sign-in", { replace: true });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      setFailure(error);
      setBusy(false);
    }
  };

  return (
    <Dialog labelledBy={heading} onClose={onClose} testId="erase-dialog">
      <h2 id={heading}>{t.eraseQuestion}</h2>
      <p>{t.eraseText}</p>
      <label class="check">
        <input type="checkbox" name="sure" checked={isSure} onChange={(event) => setSure(event.currentTarget.checked)} />
        <span>{t.eraseSure}</span>
      </label>
      {failure !== null && (
        <div class="alert" role="alert">
          <ProblemText error={failure} />
        </div>
      )}
      <div class="dialog__actions">
        <button type="button" class="button" onClick={onClose}>
          {t.eraseNo}
        </button>
        <button type="button" class="button button--danger-strong" disabled={!isSure} aria-disabled={isBusy} data-testid="erase-yes" onClick={() => void erase()}>
          {isBusy && <Spinner />}
          {t.eraseYes}
        </button>
      </div>
    </Dialog>
  );
}
