/** One HTTP exchange: a deadline, a signal to stop it, and what a failure means. Refuses to guess: every failure has a type. */
import { ConnectionError, ProblemError, TimeoutError } from "./errors";

export interface Exchange {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: string;
  headers?: Record<string, string>;
  body?: Blob | FormData | string;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
  /** Called with the sent share of the body, 0 to 1. */
  onSent?: ((fraction: number) => void) | undefined;
}

export interface Answer {
  status: number;
  body: string;
  header: (name: string) => string | null;
}

export type Transport = (exchange: Exchange) => Promise<Answer>;

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Send a request with XMLHttpRequest: fetch cannot tell how much of a photo has been sent.
 *
 * The deadline restarts while the body moves, so that a slow connection is not taken for a dead one.
 *
 * @throws ConnectionError, TimeoutError; DOMException "AbortError" when `signal` fires.
 */
export const send: Transport = (exchange) =>
  new Promise((resolve, reject) => {
    const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = exchange;
    const aborted = (): DOMException => new DOMException("The request was cancelled", "AbortError");
    if (signal?.aborted) {
      reject(aborted());
      return;
    }
    const request = new XMLHttpRequest();
    let deadline = 0;
    const startDeadline = (): void => {
      clearTimeout(deadline);
      deadline = window.setTimeout(() => {
        finish(() => reject(new TimeoutError(`no answer in ${timeoutMs} ms`)));
        request.abort();
      }, timeoutMs);
    };
    const stop = (): void => {
      finish(() => reject(aborted()));
      request.abort();
    };
    const finish = (settle: () => void): void => {
      clearTimeout(deadline);
      signal?.removeEventListener("abort", stop);
      settle();
    };
    signal?.addEventListener("abort", stop);
    request.upload.onprogress = (event) => {
      startDeadline();
      if (event.lengthComputable && event.total > 0) exchange.onSent?.(event.loaded / event.total);
    };
    request.onload = () => {
      finish(() =>
        resolve({
          status: request.status,
          body: request.responseText,
          header: (name) => request.getResponseHeader(name),
        }),
      );
    };
    request.onerror = () => finish(() => reject(new ConnectionError("no connection")));
    request.open(exchange.method, exchange.url);
    for (const [name, value] of Object.entries(exchange.headers ?? {})) request.setRequestHeader(name, value);
    startDeadline();
    request.send(exchange.body ?? null);
  });

/**
 * Read the document of an answer that says it worked.
 *
 * @throws ConnectionError when it is none: somebody on the way answered in the service's place.
 */
export function documentOf(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body);
  } catch (error) {
    if (error instanceof SyntaxError) throw new ConnectionError("the answer is no document");
    throw error;
  }
}

/** Read what a refusal says; whoever on the way may have refused, so that anything else says nothing. */
export function parseObject(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

export function problemFrom(answer: Answer): ProblemError {
  const fields = parseObject(answer.body);
  const text = (name: string): string => (typeof fields[name] === "string" ? fields[name] : "");
  const retryAfterS = Number.parseInt(answer.header("Retry-After") ?? "", 10);
  return new ProblemError({
    status: answer.status,
    code: text("type").split("/").pop()?.split("#").pop() ?? "",
    reference: text("instance") || null,
    retryAfterS: Number.isFinite(retryAfterS) ? retryAfterS : null,
  });
}

export function isSuccess(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300;
}
