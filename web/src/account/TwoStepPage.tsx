/** Turn two-step sign-in on and off. The QR code is drawn here: the key it holds is nobody else's business. */
import { useEffect, useState } from "preact/hooks";
import { encode } from "uqr";
import { ServiceError } from "../api/errors";
import { messages } from "../i18n";
import { hrefOf } from "../route";
import { useServices } from "../services";
import { announce } from "../ui/announce";
import { Field } from "../ui/Field";
import { AlertIcon, CheckIcon, LockIcon } from "../ui/icons";
import { Spinner } from "../ui/Spinner";
import { useForm } from "./form";
import { accountProblem } from "./problems";

type Standing = "asking" | "on" | "off" | "unclear";

const CODE = /^\d{6}$/;

export function TwoStepPage() {
  const { cognito, session, returnTo } = useServices();
  const form = useForm();
  const [standing, setStanding] = useState<Standing>("asking");
  const [secret, setSecret] = useState<string | null>(null);
  const [code, setCode] = useState("");
  const t = messages.value;
  const state = session.state.value;
  const isSignedIn = state.kind === "signed-in";

  useEffect(() => {
    if (!isSignedIn) return;
    session
      .accessToken()
      .then((token) => cognito.hasTotp(token))
      .then(
        (isOn) => setStanding(isOn ? "on" : "off"),
        (error: unknown) => {
          if (!(error instanceof ServiceError)) throw error;
          setStanding("unclear");
        },
      );
  }, [cognito, session, isSignedIn]);

  const start = async (): Promise<void> => {
    setSecret(await cognito.startTotp(await session.accessToken()));
  };
  const turnOn = async (): Promise<void> => {
    await cognito.turnOnTotp(await session.accessToken(), code.trim());
    // The next token carries the rights that need a second step.
    await session.idToken({ renew: true });
    setSecret(null);
    setCode("");
    setStanding("on");
    announce(messages.peek().twoStep.done);
  };
  const turnOff = async (): Promise<void> => {
    await cognito.turnOffTotp(await session.accessToken());
    setStanding("off");
    announce(messages.peek().twoStep.undone);
  };

  return (
    <div class="sheet" data-testid="two-step" data-standing={standing}>
      <h1>{t.titles.twoStep}</h1>
      <p class="sheet__lead">{t.twoStep.lead}</p>
      {form.failure !== null && (
        <p class="alert" role="alert">
          <AlertIcon />
          <span>{accountProblem(form.failure, t)}</span>
        </p>
      )}
      {state.kind === "signed-out" && (
        <>
          <p class="note">{t.twoStep.signIn}</p>
          <a
            class="button button--primary button--wide"
            href={hrefOf("sign-in")}
            onClick={() => {
              returnTo.value = "two-step";
            }}
          >
            {t.account.signIn}
          </a>
        </>
      )}
      {isSignedIn && standing === "asking" && (
        <p class="working__text" role="status">
          <Spinner />
          <span>{t.account.working}</span>
        </p>
      )}
      {isSignedIn && standing === "on" && (
        <>
          <p class="standing standing--on">
            <CheckIcon />
            {t.twoStep.isOn}
          </p>
          <button type="button" class="button button--wide" aria-disabled={form.isBusy} data-testid="totp-off" onClick={() => form.run(turnOff)}>
            {t.twoStep.turnOff}
          </button>
        </>
      )}
      {isSignedIn && (standing === "off" || standing === "unclear") && secret === null && (
        <>
          {standing === "off" && (
            <p class="standing">
              <LockIcon />
              {t.twoStep.isOff}
            </p>
          )}
          <button type="button" class="button button--primary button--wide" aria-disabled={form.isBusy} data-testid="totp-on" onClick={() => form.run(start)}>
            {t.twoStep.turnOn}
          </button>
        </>
      )}
      {isSignedIn && secret !== null && (
        <form
          noValidate
          aria-busy={form.isBusy}
          onSubmit={(event) => form.submit(event, () => ({ code: CODE.test(code.trim()) ? undefined : t.twoStep.enterCode }), turnOn)}
        >
          <TotpKey secret={secret} email={state.person.email} />
          <p>{t.twoStep.enter}</p>
          <Field label={t.account.totp} name="code" inputMode="numeric" value={code} onValue={setCode} autocomplete="one-time-code" error={form.errors.code} />
          <button type="submit" class="button button--primary button--wide" aria-disabled={form.isBusy}>
            {form.isBusy && <Spinner />}
            {form.isBusy ? t.account.working : t.twoStep.turnOn}
          </button>
        </form>
      )}
    </div>
  );
}

function TotpKey({ secret, email }: { secret: string; email: string }) {
  const t = messages.value.twoStep;
  const address = totpAddress(secret, email);
  return (
    <div class="totp">
      <p>{t.scan}</p>
      <QrCode text={address} label={t.qr} />
      <a class="button" href={address}>
        {t.open}
      </a>
      <p class="note">{t.secret}</p>
      <code class="totp__key" data-testid="totp-key">
        {secret.match(/.{1,4}/g)?.join(" ")}
      </code>
    </div>
  );
}

/** The address that authenticator apps read (Key URI Format). */
export function totpAddress(secret: string, email: string): string {
  return `otpauth://totp/${encodeURIComponent(`Avocet:${email}`)}?secret=${secret}&issuer=Avocet`;
}

function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: "M", border: 2 });
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
