import { useState } from "preact/hooks";
import { messages } from "../i18n";
import { go, hrefOf } from "../route";
import { useServices } from "../services";
import { Field } from "../ui/Field";
import { useForm } from "./form";
import { FormPage } from "./FormPage";
import { isEmail, isStrongPassword } from "./problems";

/** Ask for a code. */
export function ForgotPage() {
  const { cognito, draft } = useServices();
  const form = useForm();
  const [email, setEmail] = useState(draft.value.email);
  const t = messages.value;
  const ask = async (): Promise<void> => {
    await cognito.forgotPassword(email.trim());
    draft.value = { email: email.trim(), password: null };
    go("reset");
  };
  return (
    <FormPage
      title={t.titles.forgot}
      failure={form.failure}
      isBusy={form.isBusy}
      button={t.account.sendCode}
      onSubmit={(event) => form.submit(event, () => ({ email: isEmail(email) ? undefined : t.account.emailInvalid }), ask)}
      below={
        <>
          <a
            href={hrefOf("reset")}
            onClick={() => {
              draft.value = { email: email.trim(), password: null };
            }}
          >
            {t.account.haveCode}
          </a>
          <a href={hrefOf("sign-in")}>{t.account.signIn}</a>
        </>
      }
    >
      <Field label={t.account.email} name="email" type="email" inputMode="email" value={email} onValue={setEmail} autocomplete="username" error={form.errors.email} />
    </FormPage>
  );
}

/** Use the code to set a new password. */
export function ResetPage() {
  const { cognito, draft, notice } = useServices();
  const form = useForm();
  const known = draft.value.email;
  const [email, setEmail] = useState(known);
  const [code, setCode] = useState("");
  const [password, setPassword] = useState("");
  const t = messages.value;
  const reset = async (): Promise<void> => {
    await cognito.setForgottenPassword(email.trim(), code.trim(), password);
    draft.value = { email: email.trim(), password: null };
    notice.value = "passwordChanged";
    go("sign-in", { replace: true });
  };
  return (
    <FormPage
      title={t.titles.reset}
      lead={known === "" ? undefined : t.account.codeSentIfKnown(known)}
      failure={form.failure}
      isBusy={form.isBusy}
      button={t.account.setPassword}
      onSubmit={(event) =>
        form.submit(
          event,
          () => ({
            email: isEmail(email) ? undefined : t.account.emailInvalid,
            code: code.trim() === "" ? t.account.required : undefined,
            password: isStrongPassword(password) ? undefined : t.signInProblems.weakPassword,
          }),
          reset,
        )
      }
      below={<a href={hrefOf("forgot")}>{t.account.resend}</a>}
    >
      {known === "" && (
        <Field label={t.account.email} name="email" type="email" inputMode="email" value={email} onValue={setEmail} autocomplete="username" error={form.errors.email} />
      )}
      <Field label={t.account.code} name="code" inputMode="numeric" value={code} onValue={setCode} autocomplete="one-time-code" error={form.errors.code} />
      <Field
        label={t.account.newPassword}
        name="password"
        type="password"
        value={password}
        onValue={setPassword}
        autocomplete="new-password"
        hint={t.account.passwordRule}
        error={form.errors.password}
      />
    </FormPage>
  );
}
