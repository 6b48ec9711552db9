/** A place whose code comes when it is wanted; a lost connection is said, and can be tried again. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { messages } from "../i18n";
import { OfflineIcon } from "../ui/icons";
import { Spinner } from "../ui/Spinner";

type Loaded<P> = { kind: "loading" } | { kind: "ready"; Shown: ComponentType<P> } | { kind: "failed" };

interface LazyProps<P> {
  load: () => Promise<ComponentType<P>>;
  /** What the place is given once it is there. */
  given: P;
}

export function Lazy<P extends object>({ load, given }: LazyProps<P>) {
  const [attempt, setAttempt] = useState(0);
  const [loaded, setLoaded] = useState<Loaded<P>>({ kind: "loading" });
  const t = messages.value;

  useEffect(() => {
    let isWanted = true;
    setLoaded({ kind: "loading" });
    load().then(
      (Shown) => {
        if (isWanted) setLoaded({ kind: "ready", Shown });
      },
      (error: unknown) => {
        // What a browser throws when a module can't be fetched.
        if (!(error instanceof TypeError)) throw error;
        if (isWanted) setLoaded({ kind: "failed" });
      },
    );
    return () => {
      isWanted = false;
    };
  }, [load, attempt]);

  switch (loaded.kind) {
    case "ready":
      return <loaded.Shown {...given} />;
    case "loading":
      return (
        <p class="empty" role="status">
          <Spinner />
          <span>{t.account.working}</span>
        </p>
      );
    case "failed":
      return (
        <div class="empty" role="alert">
          <OfflineIcon />
          <h1>{t.lazy.title}</h1>
          <p>{t.lazy.text}</p>
          <button type="button" class="button button--primary" onClick={() => setAttempt(attempt + 1)}>
            {t.photo.retry}
          </button>
        </div>
      );
  }
}
