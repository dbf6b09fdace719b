/**
 * Lets things that must not happen at the same time happen one after the other, in the order in which they were asked
 * for. What fails does not keep the next from its turn.
 */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Settles as `work` does, which begins when all before it has ended. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}
