/** What the comparison needs of a phone program, whichever it is. */

import type { Network, PathCounts } from "../../testing/netem/relay.ts";

/** How a call is to be made. */
export interface CallSetup {
  /** Environments that choose each phone's sound devices. */
  readonly callerCard: Readonly<Record<string, string>>;
  readonly calleeCard: Readonly<Record<string, string>>;
  /** Goes through a relay with this network; without, straight from phone to phone. */
  readonly network?: Network;
}

/** What became of the frames that the callee was to hear, as far as its program says. */
export interface FrameCounts {
  readonly played?: number;
  /** Won back from a later packet. */
  readonly rebuilt?: number;
  readonly concealed?: number;
  readonly late?: number;
}

/** A call between two processes, in which both can talk. */
export interface VoiceCall extends AsyncDisposable {
  /** Process ids of the caller and the callee. */
  readonly pids: readonly number[];
  /** From now on the relay impairs, if there is one. */
  begin(): void;
  /** What the relay did to the voice from the caller to the callee. */
  network(): Promise<PathCounts | undefined>;
  /** Ends the call and both processes. */
  hangUp(): Promise<FrameCounts>;
}

/** A phone program with its settings. */
export interface PhoneProgram {
  /** In a few words, for tables. */
  readonly name: string;
  startCall(setup: CallSetup): Promise<VoiceCall>;
}
