import { useState } from "preact/hooks";
import { messages } from "../i18n";
import { go, hrefOf } from "../route";
import { useServices } from "../services";
import { Field } from "../ui/Field";
import { useForm } from "./form";
import { FormPage } from "./FormPage";
import { isEmail, isStrongPassword } from "./problems";

export function SignUpPage() {
  const { cognito, session, draft } = useServices();
  const form = useForm();
  const [email, setEmail] = useState(draft.value.email);
  const [password, setPassword] = useState("");
  const [hasAccepted, setAccepted] = useState(false);
  const t = messages.value;

  const signUp = async (): Promise<void> => {
    const address = email.trim();
    const { isConfirmed } = await cognito.signUp(address, password, new Date());
    if (!isConfirmed) {
      draft.value = { email: address, password };
      go("confirm", { replace: true });
      return;
    }
    const result = await cognito.signIn(address, password);
    if (result.kind !== "signed-in") {
      draft.value = { email: address, password: null };
      go("sign-in", { replace: true });
      return;
    }
    session.begin(result.tokens, true);
    go("identify", { replace: true });
  };

  return (
    <FormPage
      title={t.titles.signUp}
      failure={form.failure}
      isBusy={form.isBusy}
      button={t.account.signUp}
      onSubmit={(event) =>
        form.submit(
          event,
          () => ({
            email: isEmail(email) ? undefined : email === "" ? t.account.required : t.account.emailInvalid,
            password: password === "" ? t.account.required : isStrongPassword(password) ? undefined : t.signInProblems.weakPassword,
            accept: hasAccepted ? undefined : t.account.acceptNeeded,
          }),
          signUp,
        )
      }
      below={
        <p>
          {t.account.haveAccount} <a href={hrefOf("sign-in")}>{t.account.signIn}</a>
        </p>
      }
    >
      <Field label={t.account.email} name="email" type="email" inputMode="email" value={email} onValue={setEmail} autocomplete="username" error={form.errors.email} />
      <Field
        label={t.account.password}
        name="password"
        type="password"
        value={password}
        onValue={setPassword}
        autocomplete="new-password"
        hint={t.account.passwordRule}
        error={form.errors.password}
      />
      <div class="field">
        <label class="check">
          <input
            type="checkbox"
            name="accept"
            checked={hasAccepted}
            aria-invalid={form.errors.accept ? "true" : undefined}
            aria-describedby={form.errors.accept ? "accept-error" : undefined}
            onChange={(event) => setAccepted(event.currentTarget.checked)}
          />
          <span>
            {t.account.accept} <a href={hrefOf("terms")}>{t.account.acceptTerms}</a> {t.account.acceptLicence}
          </span>
        </label>
        {form.errors.accept && (
          <p class="field__error" id="accept-error">
            {form.errors.accept}
          </p>
        )}
      </div>
    </FormPage>
  );
}
