/** Limits to how long something may take. */

/**
 * Runs work that has to end within a time.
 *
 * @param ms The time in milliseconds.
 * @param signal Ends the work early.
 * @param work Takes a signal that fires when the time is over or `signal` fires; it may ignore it.
 * @throws {DOMException} A `TimeoutError` when the time is over; the reason of `signal` when that fires.
 */
export function withTimeLimit<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  return runLimited(ms, timeOver(), signal, work);
}

/**
 * Waits for a promise, at most for a time. The promise is not cancelled.
 *
 * @param ms The time in milliseconds, above 0.
 * @returns Whether the promise was fulfilled in that time.
 * @throws The promise's reason, if it is rejected in that time.
 */
export async function within(ms: number, done: Promise<unknown>): Promise<boolean> {
  const late = timeOver();
  try {
    await runLimited(ms, late, undefined, () => done);
    return true;
  } catch (error) {
    if (error === late) return false;
    throw error;
  }
}

async function runLimited<T>(
  ms: number,
  late: DOMException,
  signal: AbortSignal | undefined,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const aborted = Promise.withResolvers<never>();
  limit.signal.addEventListener("abort", () => aborted.reject(limit.signal.reason));
  const pass = (): void => limit.abort(signal?.reason);
  const timer = setTimeout(() => limit.abort(late), ms);
  signal?.addEventListener("abort", pass);
  try {
    signal?.throwIfAborted();
    if (ms <= 0) throw late;
    return await Promise.race([work(limit.signal), aborted.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", pass);
  }
}

function timeOver(): DOMException {
  return new DOMException("The time is over", "TimeoutError");
}
