/** Lets those in who look after Avocet; tells the others plainly that this is not for them, and fetches nothing for them. */
import type { ComponentChildren } from "preact";
import { messages } from "../i18n";
import { hrefOf } from "../route";
import { useServices } from "../services";
import { LockIcon } from "../ui/icons";
import { Spinner } from "../ui/Spinner";
import { mayReview } from "./rights";

export function Gate({ children }: { children: ComponentChildren }) {
  const { session, returnTo } = useServices();
  const t = messages.value;
  const state = session.state.value;
  if (mayReview(state)) return <>{children}</>;
  if (state.kind === "resuming") {
    return (
      <p class="empty" role="status">
        <Spinner />
        <span>{t.account.working}</span>
      </p>
    );
  }
  if (state.kind === "signed-out") {
    const remember = (): void => {
      returnTo.value = "admin";
    };
    return (
      <div class="empty">
        <LockIcon />
        <h1>{t.titles.admin}</h1>
        <p>{t.gate.signIn}</p>
        <a class="button button--primary" href={hrefOf("sign-in")} onClick={remember}>
          {t.account.signIn}
        </a>
      </div>
    );
  }
  return (
    <div class="empty" data-testid="refused">
      <LockIcon />
      <h1>{t.gate.title}</h1>
      <p>{t.gate.text}</p>
      <p>{t.gate.twoStep}</p>
      <div class="state__actions">
        <a class="button button--primary" href={hrefOf("identify")}>
          {t.missing.home}
        </a>
        <a class="button" href={hrefOf("two-step")}>
          {t.twoStep.manage}
        </a>
      </div>
    </div>
  );
}
