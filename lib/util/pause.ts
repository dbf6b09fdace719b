/** Waits some milliseconds, or until `signal` fires. Never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(end, ms);
  function end(): void {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
    resolve();
  }
  signal?.addEventListener("abort", end);
  if (signal?.aborted) end();
  return promise;
}
