/** Before a first photo is given by somebody who was invited, and so never saw the terms at a sign-up. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { messages } from "../i18n";
import { hrefOf } from "../route";
import { useServices } from "../services";
import { ProblemText } from "../ui/ProblemText";
import { Spinner } from "../ui/Spinner";

interface AcceptTermsProps {
  /** Called once the acceptance is kept. */
  onAccepted: () => void;
}

export function AcceptTerms({ onAccepted }: AcceptTermsProps) {
  const { api } = useServices();
  const [sending, setSending] = useState<{ isUnderWay: boolean; error?: unknown }>({ isUnderWay: false });
  const heading = useRef<HTMLHeadingElement>(null);
  const t = messages.value;

  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);

  const accept = async (): Promise<void> => {
    if (sending.isUnderWay) return;
    setSending({ isUnderWay: true });
    try {
      await api.acceptTerms();
    } catch (error) {
      setSending({ isUnderWay: false, error });
      return;
    }
    onAccepted();
  };

  return (
    <div class="feedback state" data-testid="accept-terms">
      <h3 ref={heading} tabIndex={-1}>
        {t.feedback.termsFirst}
      </h3>
      <p>
        {t.account.accept} <a href={hrefOf("terms")}>{t.account.acceptTerms}</a> {t.account.acceptLicence}
      </p>
      {sending.error !== undefined && (
        <div class="alert" role="alert">
          <ProblemText error={sending.error} />
        </div>
      )}
      <button type="button" class="button button--primary" aria-disabled={sending.isUnderWay} onClick={() => void accept()}>
        {sending.isUnderWay && <Spinner />}
        {t.feedback.termsAccept}
      </button>
    </div>
  );
}
