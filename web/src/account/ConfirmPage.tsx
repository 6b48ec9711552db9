import { useState } from "preact/hooks";
import { messages } from "../i18n";
import { go } from "../route";
import { useServices } from "../services";
import { announce } from "../ui/announce";
import { Field } from "../ui/Field";
import { useForm } from "./form";
import { FormPage } from "./FormPage";
import { isEmail } from "./problems";

export function ConfirmPage() {
  const { cognito, session, draft, notice } = useServices();
  const form = useForm();
  const known = draft.value.email;
  const [email, setEmail] = useState(known);
  const [code, setCode] = useState("");
  const [isResent, setResent] = useState(false);
  const t = messages.value;

  const confirm = async (): Promise<void> => {
    const address = email.trim();
    const { password } = draft.value;
    await cognito.confirm(address, code.trim());
    notice.value = "confirmed";
    draft.value = { email: address, password: null };
    const result = password === null ? null : await cognito.signIn(address, password);
    if (result?.kind === "signed-in") {
      notice.value = null;
      session.begin(result.tokens, true);
      go("identify", { replace: true });
      return;
    }
    go("sign-in", { replace: true });
  };

  const resend = async (): Promise<void> => {
    await cognito.resendCode(email.trim());
    setResent(true);
    announce(messages.peek().account.resent);
  };

  return (
    <FormPage
      title={t.titles.confirm}
      lead={isResent ? t.account.resent : known === "" ? undefined : t.account.codeSent(known)}
      failure={form.failure}
      isBusy={form.isBusy}
      button={t.account.confirm}
      onSubmit={(event) =>
        form.submit(
          event,
          () => ({
            email: isEmail(email) ? undefined : t.account.emailInvalid,
            code: code.trim() === "" ? t.account.required : undefined,
          }),
          confirm,
        )
      }
      below={
        <button type="button" class="link" onClick={() => form.run(resend)}>
          {t.account.resend}
        </button>
      }
    >
      {known === "" && (
        <Field label={t.account.email} name="email" type="email" inputMode="email" value={email} onValue={setEmail} autocomplete="username" error={form.errors.email} />
      )}
      <Field label={t.account.code} name="code" inputMode="numeric" value={code} onValue={setCode} autocomplete="one-time-code" error={form.errors.code} />
    </FormPage>
  );
}
