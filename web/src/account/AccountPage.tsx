import { ServiceError } from "../api/errors";
import { messages } from "../i18n";
import { go, hrefOf } from "../route";
import { useServices } from "../services";
import { AlertIcon } from "../ui/icons";
import { Spinner } from "../ui/Spinner";
import { useForm } from "./form";
import { accountProblem } from "./problems";
import { LICENCE } from "./terms";

export function AccountPage() {
  const { session, queue, notice } = useServices();
  const form = useForm();
  const t = messages.value;
  const state = session.state.value;

  if (state.kind === "resuming") {
    return (
      <p class="empty" role="status">
        <Spinner />
        <span>{t.account.working}</span>
      </p>
    );
  }
  if (state.kind === "signed-out") {
    return (
      <div class="sheet">
        <h1>{t.titles.account}</h1>
        <p>{t.account.whatFor}</p>
        <div class="stack">
          <a class="button button--primary button--wide" href={hrefOf("sign-in")}>
            {t.account.signIn}
          </a>
          <a class="button button--wide" href={hrefOf("sign-up")}>
            {t.titles.signUp}
          </a>
        </div>
      </div>
    );
  }

  const signOut = async (): Promise<void> => {
    queue.clear();
    go("identify", { replace: true });
    try {
      await session.signOut();
    } catch (error) {
      // The device has forgotten the token already; it ends by itself where it could not be revoked.
      if (!(error instanceof ServiceError)) throw error;
    }
  };
  const signOutEverywhere = async (): Promise<void> => {
    await session.signOutEverywhere();
    queue.clear();
    notice.value = "everywhereDone";
    go("sign-in", { replace: true });
  };

  return (
    <div class="sheet">
      <h1>{t.titles.account}</h1>
      {form.failure !== null && (
        <p class="alert" role="alert">
          <AlertIcon />
          <span>{accountProblem(form.failure, t)}</span>
        </p>
      )}
      <dl class="facts">
        <dt>{t.account.signedInAs}</dt>
        <dd>{state.person.email}</dd>
        <dt>{t.account.licence}</dt>
        <dd>
          <a href={hrefOf("terms")}>{LICENCE.replace("CC-BY-", "CC BY ")}</a>
        </dd>
      </dl>
      <div class="stack">
        <a class="button button--wide" href={hrefOf("two-step")}>
          {t.twoStep.manage}
        </a>
        <a class="button button--wide" href={hrefOf("photos")}>
          {t.data.title}
        </a>
        <button type="button" class="button button--wide" aria-disabled={form.isBusy} onClick={() => form.run(signOut)}>
          {t.account.signOut}
        </button>
        <button type="button" class="button button--wide" aria-disabled={form.isBusy} onClick={() => form.run(signOutEverywhere)}>
          {t.account.signOutEverywhere}
        </button>
        <p class="note">{t.account.signOutHint}</p>
      </div>
    </div>
  );
}
