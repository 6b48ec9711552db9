/** Which sentence tells a person why signing in or up did not work. */
import { ConnectionError, TimeoutError } from "../api/errors";
import type { Messages } from "../i18n/en";
import { CognitoError } from "./cognito";

const SENTENCES: Record<string, keyof Messages["signInProblems"]> = {
  NotAuthorizedException: "wrong",
  UserNotFoundException: "wrong",
  UserNotConfirmedException: "unconfirmed",
  UsernameExistsException: "exists",
  AliasExistsException: "exists",
  InvalidPasswordException: "weakPassword",
  CodeMismatchException: "wrongCode",
  ExpiredCodeException: "expiredCode",
  // A wrong code of an authenticator app.
  EnableSoftwareTokenMFAException: "wrongCode",
  LimitExceededException: "tooMany",
  TooManyRequestsException: "tooMany",
  TooManyFailedAttemptsException: "tooMany",
  UserLambdaValidationException: "terms",
  PasswordResetRequiredException: "reset",
  UnsupportedChallenge: "unsupported",
};

export function accountProblem(error: unknown, t: Messages): string {
  if (error instanceof ConnectionError) return t.problems.connection;
  if (error instanceof TimeoutError) return t.problems.timeout;
  const key = error instanceof CognitoError ? SENTENCES[error.code] : undefined;
  return t.signInProblems[key ?? "unexpected"];
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

export function isEmail(text: string): boolean {
  return EMAIL.test(text.trim());
}

const MIN_PASSWORD_LENGTH = 12;

/** The pool's own rule, told before the form is sent. */
export function isStrongPassword(password: string): boolean {
  const needs = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9\s]/];
  return password.length >= MIN_PASSWORD_LENGTH && needs.every((need) => need.test(password));
}
