/** The frame of the account's forms: heading, waiting photos, error, button. */
import type { ComponentChildren } from "preact";
import { messages } from "../i18n";
import { useServices } from "../services";
import { AlertIcon } from "../ui/icons";
import { Logo } from "../ui/Logo";
import { Spinner } from "../ui/Spinner";
import { accountProblem } from "./problems";

interface FormPageProps {
  title: string;
  lead?: string | undefined;
  failure: unknown;
  isBusy: boolean;
  button: string;
  onSubmit: (event: SubmitEvent) => void;
  children: ComponentChildren;
  below?: ComponentChildren;
}

export function FormPage({ title, lead, failure, isBusy, button, onSubmit, children, below }: FormPageProps) {
  return (
    <div class="sheet">
      <div class="sheet__mark">
        <Logo />
      </div>
      <h1>{title}</h1>
      <WaitingPhotos />
      {lead && <p class="sheet__lead">{lead}</p>}
      {failure !== null && (
        <p class="alert" role="alert">
          <AlertIcon />
          <span>{accountProblem(failure, messages.value)}</span>
        </p>
      )}
      <form noValidate onSubmit={onSubmit} aria-busy={isBusy}>
        {children}
        <button type="submit" class="button button--primary button--wide" aria-disabled={isBusy}>
          {isBusy && <Spinner />}
          {isBusy ? messages.value.account.working : button}
        </button>
      </form>
      {below && <div class="sheet__below">{below}</div>}
    </div>
  );
}

/** Photos that wait for a sign-in stay in sight, so that nobody fears for them. */
function WaitingPhotos() {
  const { queue } = useServices();
  const waiting = queue.entries.value.filter(
    (entry) => entry.phase.value.step === "sign-in" || entry.feedback.value.step === "sign-in",
  );
  if (waiting.length === 0) return null;
  return (
    <div class="waiting" data-testid="waiting-photos">
      {waiting.slice(0, 3).map((entry) => (entry.preview.value === null ? null : <img key={entry.id} src={entry.preview.value} alt="" />))}
      <p>{messages.value.account.waitingPhotos(waiting.length)}</p>
    </div>
  );
}
