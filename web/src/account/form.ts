/** What the account's forms have in common: one submission at a time, and an error that is read out. */
import { useRef, useState } from "preact/hooks";
import { ServiceError } from "../api/errors";

export type FieldErrors = Record<string, string | undefined>;

interface FormState {
  isBusy: boolean;
  failure: unknown;
  errors: FieldErrors;
  /** Check the fields and, if all are right, do the work; a second tap meanwhile does nothing. */
  submit: (event: SubmitEvent, check: () => FieldErrors, work: () => Promise<void>) => void;
  /** Do other work of the same form, such as sending a new code. */
  run: (work: () => Promise<void>) => void;
}

export function useForm(): FormState {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [errors, setErrors] = useState<FieldErrors>({});
  const running = useRef(false);

  const run = (work: () => Promise<void>): void => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setFailure(null);
    work()
      .catch((error: unknown) => {
        if (!(error instanceof ServiceError)) throw error;
        setFailure(error);
      })
      .finally(() => {
        running.current = false;
        setBusy(false);
      });
  };

  const submit: FormState["submit"] = (event, check, work) => {
    event.preventDefault();
    const found = check();
    setErrors(found);
    const wrong = Object.keys(found).find((name) => found[name] !== undefined);
    if (wrong !== undefined) {
      const field = (event.currentTarget as HTMLFormElement).elements.namedItem(wrong);
      if (field instanceof HTMLElement) field.focus();
      return;
    }
    run(work);
  };
  return { isBusy, failure, errors, submit, run };
}
