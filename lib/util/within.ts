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
