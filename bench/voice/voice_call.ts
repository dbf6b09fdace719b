/** The interface between the comparison and a phone program. */

import type { Network, PathCounts } from "../../testing/netem/relay.ts";

/** How to set up a call. */
export interface CallSetup {
  /** Environments that choose each phone's sound devices. */
  readonly callerCard: Readonly<Record<string, string>>;
  readonly calleeCard: Readonly<Record<string, string>>;
  /** The network of a relay; without it the phones are connected directly. */
  readonly network?: Network;
}

/** Counts of the frames due at the callee, as far as its program reports them. */
export interface FrameCounts {
  readonly played?: number;
  /** Recovered from a later packet. */
  readonly rebuilt?: number;
  readonly concealed?: number;
  readonly late?: number;
}

/** An established call between two processes. */
export interface VoiceCall extends AsyncDisposable {
  /** Process ids of the caller and the callee. */
  readonly pids: readonly number[];
  /** Starts the impairment of the relay, if there is one. */
  begin(): void;
  /** Counts of the relay for the voice from the caller to the callee. */
  network(): Promise<PathCounts | undefined>;
  /** Ends the call and both processes. */
  hangUp(): Promise<FrameCounts>;
}

/** A phone program with its settings. */
export interface PhoneProgram {
  /** For tables. */
  readonly name: string;
  startCall(setup: CallSetup): Promise<VoiceCall>;
}
