/** Keeps account of many calls at both ends: whether both phones told their people the same story, each part once. */

/** Which end of a call. */
export type End = "caller" | "callee";

/** What became of all calls. */
export interface CallCounts {
  readonly calls: number;
  /** Those in which both could talk. */
  readonly talked: number;
  /** Those that did not end as calls do: name, and what each end was told. */
  readonly broken: readonly string[];
}

/** What is told besides, any number of times, and is no part of the story. */
const BESIDES = ["ringing", "peer_silent", "peer_back"];

/**
 * How calls end: what the caller's person is told, and the callee's. Both may do something at the same moment, and then
 * each end has its own reason.
 */
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
  // Both invited each other: this invitation was dropped for the other one.
  "crossed / ",
  "crossed / busy",
]);

/** A phone that has left cannot answer. */
const STORIES_OF_THE_GONE = new Set(["no_answer / ", "cancelled / "]);

interface Account {
  readonly caller: string[];
  readonly callee: string[];
  gone: boolean;
}

/** The account of all calls of a room. */
export class CallLedger {
  readonly #accounts = new Map<string, Account>();

  /**
   * An end of a call was told something.
   *
   * @param call The call's name.
   * @param what The notice's kind; for a rejection its reason, for an end which one.
   */
  told(call: string, end: End, what: string): void {
    if (!BESIDES.includes(what)) this.#account(call)[end].push(what);
  }

  /** The phone that was called is not there any longer. */
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
