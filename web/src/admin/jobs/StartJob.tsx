/** Asks for a job, and says when it is asked for: the list of jobs shows how far it is. */
import { useState } from "preact/hooks";
import { ServiceError } from "../../api/errors";
import { hrefOf } from "../../route";
import { announce } from "../../ui/announce";
import { Spinner } from "../../ui/Spinner";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import type { JobKind } from "../types";
import { words } from "../words";

interface StartJobProps {
  kind: JobKind;
  parameters?: Record<string, string>;
  label?: string;
  onStarted?: () => void;
}

export function StartJob({ kind, parameters = {}, label, onStarted }: StartJobProps) {
  const admin = useAdmin();
  const t = words.value.jobs;
  const [state, setState] = useState<"idle" | "asking" | "asked">("idle");
  const [failure, setFailure] = useState<unknown>(null);
  const start = async (): Promise<void> => {
    if (state === "asking") return;
    setState("asking");
    setFailure(null);
    try {
      await admin.startJob(kind, parameters);
      setState("asked");
      announce(t.asked(t.kinds[kind]));
      onStarted?.();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      setState("idle");
      setFailure(error);
    }
  };
  return (
    <div>
      <button type="button" class="button button--small" data-testid={`start-${kind}`} aria-disabled={state === "asking"} onClick={() => void start()}>
        {state === "asking" && <Spinner />}
        {label ?? t.start[kind]}
      </button>
      {state === "asked" && onStarted === undefined && (
        <p class="note" role="status">
          <a href={hrefOf("admin", "jobs")}>{t.asked(t.kinds[kind])}</a>
        </p>
      )}
      {failure !== null && <Failure error={failure} />}
    </div>
  );
}
