/** The port between a phone and its person, who sits at a terminal or is a script. */

import type { PersonFields } from "../events/fields.ts";
import type { LiveStatus, PhoneEvent } from "../events/phone_events.ts";

/** The person's side of a phone. */
export interface Screen extends AsyncDisposable {
  /** Tells the person of an event, without disturbing the line that they are typing. */
  show(event: PhoneEvent): void;

  /** Sets the live line of a call or an invitation, or takes it away. Screens without a live line ignore it. */
  status(status: LiveStatus | undefined): void;

  /** Answers a Tab after `ligar` and `consultar`: all names that there are to complete. */
  names(names: readonly string[]): void;

  /** Calls `listener` when the person wants a name completed; {@linkcode Screen.names} answers. */
  onNamesWanted(listener: () => void): void;

  /** Answers {@linkcode Screen.onPeopleWanted} with everybody in the room. Screens without a list of people have neither. */
  people?(people: readonly PersonFields[]): void;

  /** Calls `listener` whenever the screen's list of people is to be looked up anew. */
  onPeopleWanted?(listener: () => void): void;

  /**
   * The lines that the person types, until they end the input (Ctrl-D, Ctrl-C or its end). Iterate it once.
   */
  readonly lines: AsyncIterable<string>;

  /** Whether a person can answer questions, such as for another name; if not, it is a script. */
  readonly interactive: boolean;

  /** Whether the end of the lines means that a person leaves. That of a script's does not: the phone may stay. */
  readonly endLeaves: boolean;

  /**
   * Settles when nobody reads the output any more, such as after the end of the program behind a pipe. Output that fails
   * otherwise waits.
   */
  readonly broken: Promise<void>;

  /** Settles once all events are written. */
  flush(): Promise<void>;
}
