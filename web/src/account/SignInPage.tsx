import { useState } from "preact/hooks";
import { messages } from "../i18n";
import { go, hrefOf } from "../route";
import { useServices } from "../services";
import { Field } from "../ui/Field";
import { CognitoError, type SignInResult } from "./cognito";
import { useForm } from "./form";
import { FormPage } from "./FormPage";
import { isEmail, isStrongPassword } from "./problems";

type Challenge = Extract<SignInResult, { kind: "challenge" }>;

export function SignInPage() {
  const { cognito, session, draft, notice, returnTo } = useServices();
  const form = useForm();
  const [email, setEmail] = useState(draft.value.email);
  const [password, setPassword] = useState("");
  const [isKept, setKept] = useState(true);
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  const t = messages.value;
  const state = session.state.value;
  const wasExpired = state.kind === "signed-out" && state.wasExpired;

  const proceed = (result: SignInResult): void => {
    if (result.kind === "challenge") {
      setChallenge(result);
      return;
    }
    notice.value = null;
    draft.value = { email: "", password: null };
    session.begin(result.tokens, isKept);
    go(returnTo.value, { replace: true });
    returnTo.value = "identify";
  };

  if (challenge !== null) return <ChallengePage challenge={challenge} onResult={proceed} />;

  const signIn = async (): Promise<void> => {
    try {
      proceed(await cognito.signIn(email.trim(), password));
    } catch (error) {
      if (error instanceof CognitoError && error.code === "UserNotConfirmedException") {
        draft.value = { email: email.trim(), password };
        await cognito.resendCode(email.trim());
        go("confirm");
        return;
      }
      throw error;
    }
  };

  const lead = notice.value !== null ? t.account[notice.value] : wasExpired ? t.account.expired : undefined;
  return (
    <FormPage
      title={t.titles.signIn}
      lead={lead}
      failure={form.failure}
      isBusy={form.isBusy}
      button={t.account.signIn}
      onSubmit={(event) =>
        form.submit(
          event,
          () => ({
            email: isEmail(email) ? undefined : email === "" ? t.account.required : t.account.emailInvalid,
            password: password === "" ? t.account.required : undefined,
          }),
          signIn,
        )
      }
      below={
        <p>
          {t.account.noAccount} <a href={hrefOf("sign-up")}>{t.titles.signUp}</a>
        </p>
      }
    >
      <Field label={t.account.email} name="email" type="email" inputMode="email" value={email} onValue={setEmail} autocomplete="username" error={form.errors.email} />
      <Field label={t.account.password} name="password" type="password" value={password} onValue={setPassword} autocomplete="current-password" error={form.errors.password} />
      <div class="form-row">
        <label class="check">
          <input type="checkbox" checked={isKept} onChange={(event) => setKept(event.currentTarget.checked)} />
          <span>{t.account.remember}</span>
        </label>
        <a
          href={hrefOf("forgot")}
          onClick={() => {
            draft.value = { email: email.trim(), password: null };
          }}
        >
          {t.account.forgot}
        </a>
      </div>
    </FormPage>
  );
}

function ChallengePage({ challenge, onResult }: { challenge: Challenge; onResult: (result: SignInResult) => void }) {
  const { cognito } = useServices();
  const form = useForm();
  const [response, setResponse] = useState("");
  const t = messages.value;
  const isTotp = challenge.challenge === "SOFTWARE_TOKEN_MFA";
  return (
    <FormPage
      title={isTotp ? t.titles.signIn : t.titles.reset}
      lead={isTotp ? undefined : t.account.newPasswordNeeded}
      failure={form.failure}
      isBusy={form.isBusy}
      button={isTotp ? t.account.confirm : t.account.setPassword}
      onSubmit={(event) =>
        form.submit(
          event,
          () => ({
            response: response === "" ? t.account.required : isTotp || isStrongPassword(response) ? undefined : t.account.passwordRule,
          }),
          async () =>
            onResult(await cognito.answerChallenge(challenge.challenge, challenge.handle, challenge.username, isTotp ? response.trim() : response)),
        )
      }
    >
      {isTotp ? (
        <Field label={t.account.totp} name="response" inputMode="numeric" value={response} onValue={setResponse} autocomplete="one-time-code" error={form.errors.response} />
      ) : (
        <Field
          label={t.account.newPassword}
          name="response"
          type="password"
          value={response}
          onValue={setResponse}
          autocomplete="new-password"
          hint={t.account.passwordRule}
          error={form.errors.response}
        />
      )}
    </FormPage>
  );
}
