/** Milliseconds to wait before an attempt or a retransmission. `retries` counts those before it, from 0. */
export type Backoff = (retries: number) => number;

/**
 * Truncated binary exponential back-off: each wait is twice the one before, up to the longest (as RFC 3261, section
 * 17.1.2.1, has it for retransmissions).
 */
export function exponentialBackoff(firstMs: number, longestMs: number): Backoff {
  return (retries) => Math.min(firstMs * 2 ** retries, longestMs);
}
