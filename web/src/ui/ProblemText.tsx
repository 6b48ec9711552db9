/** What went wrong, in a sentence, with what a request for help should quote. */
import { problemKey, ProblemError } from "../api/errors";
import { messages } from "../i18n";

export function ProblemText({ error }: { error: unknown }) {
  const t = messages.value.problems;
  const reference = error instanceof ProblemError ? error.reference : null;
  return (
    <div>
      <p>{t[problemKey(error, t)]}</p>
      {reference !== null && <p class="reference">{t.reference(reference)}</p>}
    </div>
  );
}
