/** Runs asynchronous work one piece after the other, in the order of the calls. A failure does not stop the next piece. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Starts `work` when all earlier work has ended. @returns What `work` returns; rejects as it does. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}
