/** What went wrong in the admin part, in its own words where it has any. */
import { problemKey, ProblemError } from "../api/errors";
import { messages } from "../i18n";
import { AlertIcon } from "../ui/icons";
import { words } from "./words";

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = messages.value;
  const own = words.value.problems;
  const code = error instanceof ProblemError ? error.code : "";
  const reference = error instanceof ProblemError ? error.reference : null;
  return (
    <div class="alert alert--row" role="alert">
      <AlertIcon />
      <div>
        <p>{Object.hasOwn(own, code) ? own[code as keyof typeof own] : t.problems[problemKey(error, t.problems)]}</p>
        {reference !== null && <p class="reference">{t.problems.reference(reference)}</p>}
      </div>
      {onRetry !== undefined && (
        <button type="button" class="button button--small" onClick={onRetry}>
          {t.photo.retry}
        </button>
      )}
    </div>
  );
}
