/** Something asked of the API for as long as a section is open; asked again on a timer where it changes by itself. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { ServiceError } from "../api/errors";

export interface Asked<T> {
  value: T | null;
  /** Of the last question; what was known before stays. */
  error: ServiceError | null;
  again: () => void;
}

type Ask<T> = (signal: AbortSignal) => Promise<T>;

/**
 * `ask` has to be the same function as long as the question is the same.
 *
 * A hidden window asks nothing; it catches up when it is looked at again.
 */
export function useAsked<T>(ask: Ask<T>, everyMs: number | null = null): Asked<T> {
  // With the question it answers: what came to another one is never shown as the answer to this one.
  const [known, setKnown] = useState<{ of: Ask<T>; value: T } | null>(null);
  const [failed, setFailed] = useState<{ of: Ask<T>; error: ServiceError } | null>(null);
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((before) => before + 1), []);

  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = (): void => {
      if (everyMs !== null && !controller.signal.aborted) timer = setTimeout(look, everyMs);
    };
    const look = (): void => {
      clearTimeout(timer);
      if (document.visibilityState !== "visible") {
        later();
        return;
      }
      ask(controller.signal).then(
        (found) => {
          if (controller.signal.aborted) return;
          setKnown({ of: ask, value: found });
          setFailed(null);
          later();
        },
        (error: unknown) => {
          if (controller.signal.aborted) return;
          if (!(error instanceof ServiceError)) throw error;
          setFailed({ of: ask, error });
          later();
        },
      );
    };
    look();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [ask, everyMs, round]);
  return { value: known?.of === ask ? known.value : null, error: failed?.of === ask ? failed.error : null, again };
}
