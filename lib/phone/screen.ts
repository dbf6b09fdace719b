/** What the person reads and types, whatever it is: a terminal, a pipe, a script. */

import type { CallStatus, PhoneEvent } from "../events/phone_events.ts";

/** The person's side of a phone. */
export interface Screen extends AsyncDisposable {
  /** Tells the person something, without disturbing what they are typing. */
  show(event: PhoneEvent): void;

  /** Sets the live line of a call, or takes it away. Screens without a live line ignore it. */
  status(status: CallStatus | undefined): void;

  /** Names that Tab completes after `ligar` and `consultar`. */
  names(names: readonly string[]): void;

  /**
   * What the person types, a line at a time, until they end it (Ctrl-D, Ctrl-C or the end of the input).
   * To be iterated once.
   */
  readonly lines: AsyncIterable<string>;

  /** Whether somebody sits there who can be asked for another name, or is it a script. */
  readonly interactive: boolean;

  /** Settles if there is nobody left to show anything to, such as a pipe whose reader has ended. */
  readonly broken: Promise<void>;

  /** Settles once all that was shown has been written. */
  flush(): Promise<void>;
}
