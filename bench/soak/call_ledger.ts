/** Compares what the two ends of each call reported: the same course of events, each event once. */

/** Which end of a call. */
export type End = "caller" | "callee";

/** Counts over all calls. */
export interface CallCounts {
  readonly calls: number;
  /** Calls that both ends started. */
  readonly talked: number;
  /** Calls with an impossible course: name, and the events at each end. */
  readonly broken: readonly string[];
}

/** Events that may come any number of times. */
const BESIDES = ["ringing", "peer_silent", "peer_back", "peer_moved"];

/** The possible courses: events at the caller / at the callee. If both act at the same moment, each has its own reason. */
const STORIES = new Set([
  "started, hung_up / invitation, started, peer_hung_up",
  "started, peer_hung_up / invitation, started, hung_up",
  "started, hung_up / invitation, started, hung_up",
  "recusado / invitation, refused",
  "ocupado / busy",
  "cancelled / invitation, withdrawn",
  "cancelled / invitation, refused",
  "cancelled / busy",
  "cancelled / ",
  // Both invited each other, and this invitation was dropped.
  "crossed / ",
  "crossed / busy",
]);

/** Courses if the callee had left. */
const STORIES_OF_THE_GONE = new Set(["no_answer / ", "cancelled / "]);

interface Account {
  readonly caller: string[];
  readonly callee: string[];
  gone: boolean;
}

/** The events of all calls of a room. */
export class CallLedger {
  readonly #accounts = new Map<string, Account>();

  /**
   * Adds an event at one end of a call.
   *
   * @param call The call's name.
   * @param what The notice's kind; the reason of a rejection; the kind of an end.
   */
  told(call: string, end: End, what: string): void {
    if (!BESIDES.includes(what)) this.#account(call)[end].push(what);
  }

  /** The callee has left. */
  calleeGone(call: string): void {
    this.#account(call).gone = true;
  }

  get counts(): CallCounts {
    const broken: string[] = [];
    let talked = 0;
    for (const [call, { caller, callee, gone }] of this.#accounts) {
      const story = `${caller.join(", ")} / ${callee.join(", ")}`;
      if (!STORIES.has(story) && !(gone && STORIES_OF_THE_GONE.has(story))) broken.push(`${call}: ${story}`);
      else if (caller[0] === "started") talked++;
    }
    return { calls: this.#accounts.size, talked, broken };
  }

  #account(call: string): Account {
    const account = this.#accounts.get(call) ?? { caller: [], callee: [], gone: false };
    this.#accounts.set(call, account);
    return account;
  }
}
