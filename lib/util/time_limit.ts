/** Limits to how long something may take. */

/**
 * Does something that must not take longer than some time.
 *
 * @param ms How long, in milliseconds.
 * @param signal Ends it as well.
 * @param work Is given a signal that fires when the time is over or `signal` fires; it may ignore it.
 * @throws {DOMException} A `TimeoutError` when the time is over, the reason of `signal` when that fires.
 */
export async function withTimeLimit<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const aborted = Promise.withResolvers<never>();
  limit.signal.addEventListener("abort", () => aborted.reject(limit.signal.reason));
  const pass = (): void => limit.abort(signal?.reason);
  const timer = setTimeout(() => limit.abort(timeOver()), ms);
  signal?.addEventListener("abort", pass);
  try {
    signal?.throwIfAborted();
    if (ms <= 0) throw timeOver();
    return await Promise.race([work(limit.signal), aborted.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", pass);
  }
}

function timeOver(): DOMException {
  return new DOMException("The time is over", "TimeoutError");
}

/**
 * Waits for something, but not for ever.
 *
 * @param ms How long, in milliseconds.
 * @param done What is waited for; it goes on after that time.
 * @returns Whether it settled in time.
 * @throws As `done` does, in that time.
 */
export async function within(ms: number, done: Promise<unknown>): Promise<boolean> {
  const timeOver = Promise.withResolvers<false>();
  const timer = setTimeout(() => timeOver.resolve(false), ms);
  try {
    return await Promise.race([done.then(() => true), timeOver.promise]);
  } finally {
    clearTimeout(timer);
  }
}
