/**
 * What can go wrong between the page and its services.
 *
 *     ServiceError
 *     ├── ProblemError          the service answered with a problem
 *     ├── ConnectionError       no answer of the service: the network, or it is away
 *     ├── TimeoutError          no answer in time
 *     └── SignInNeededError     nobody is signed in, or not any more
 */
import type { Messages } from "../i18n/en";

export class ServiceError extends Error {
  override name = "ServiceError";
}

export class ConnectionError extends ServiceError {
  override name = "ConnectionError";
}

export class TimeoutError extends ServiceError {
  override name = "TimeoutError";
}

export class SignInNeededError extends ServiceError {
  override name = "SignInNeededError";
}

export class ProblemError extends ServiceError {
  override name = "ProblemError";
  readonly status: number;
  /** The last part of the problem's type, such as `upload-expired`; empty when the answer names none. */
  readonly code: string;
  /** What a support request should quote, or null. */
  readonly reference: string | null;
  readonly retryAfterS: number | null;

  constructor(options: { status: number; code: string; reference: string | null; retryAfterS: number | null }) {
    super(`${options.status} ${options.code}`.trim());
    this.status = options.status;
    this.code = options.code;
    this.reference = options.reference;
    this.retryAfterS = options.retryAfterS;
  }
}

type ProblemKey = Exclude<keyof Messages["problems"], "reference">;

const BY_STATUS: Record<number, ProblemKey> = {
  400: "invalid",
  401: "unauthorised",
  403: "forbidden",
  404: "not-found",
  408: "timeout",
  409: "conflict",
  410: "upload-expired",
  413: "photo-too-large",
  415: "unsupported-format",
  422: "invalid",
  429: "too-many-requests",
};

/** Which sentence tells a person what happened. */
export function problemKey(error: unknown, known: Messages["problems"]): ProblemKey {
  if (error instanceof ConnectionError) return "connection";
  if (error instanceof TimeoutError) return "timeout";
  if (error instanceof SignInNeededError) return "unauthorised";
  if (error instanceof ProblemError) {
    if (error.code !== "reference" && Object.hasOwn(known, error.code)) return error.code as ProblemKey;
    return BY_STATUS[error.status] ?? (error.status >= 500 ? "server" : "unexpected");
  }
  return "unexpected";
}

/** Whether the same request may succeed when it is made again. */
export function isWorthRetrying(error: unknown): boolean {
  if (error instanceof ProblemError) return error.status >= 500 || [408, 409, 429].includes(error.status);
  return error instanceof ServiceError;
}
