import { assertEquals } from "@std/assert";
import { CallLedger } from "../../../bench/soak/call_ledger.ts";

const CASES: [name: string, caller: string[], callee: string[], gone: boolean, sound: boolean][] = [
  [
    "the caller hangs up",
    ["ringing", "started", "hung_up"],
    ["invitation", "started", "peer_hung_up"],
    false,
    true,
  ],
  ["the callee hangs up", ["started", "peer_hung_up"], ["invitation", "started", "hung_up"], false, true],
  [
    "a pause without voice",
    ["started", "peer_silent", "peer_back", "hung_up"],
    ["invitation", "started"].concat(
      "peer_hung_up",
    ),
    false,
    true,
  ],
  ["refused", ["ringing", "recusado"], ["invitation", "refused"], false, true],
  ["busy", ["ocupado"], ["busy"], false, true],
  ["somebody who has left", ["no_answer"], [], true, true],
  ["no answer from somebody who is there", ["no_answer"], [], false, false],
  [
    "shown twice",
    ["started", "hung_up"],
    ["invitation", "invitation", "started", "peer_hung_up"],
    false,
    false,
  ],
  [
    "told of the end twice",
    ["started", "hung_up"],
    ["invitation", "started", "peer_hung_up"].concat(
      "peer_hung_up",
    ),
    false,
    false,
  ],
  ["an end that was not heard", ["started", "hung_up"], ["invitation", "started"], false, false],
  ["an end by silence", ["started", "hung_up"], ["invitation", "started", "peer_lost"], false, false],
  ["nothing came of it", [], ["invitation"], true, false],
];

for (const [name, caller, callee, gone, sound] of CASES) {
  Deno.test(`CallLedger counts as ${sound ? "sound" : "broken"}: ${name}`, () => {
    const ledger = new CallLedger();
    for (const what of callee) ledger.told("a", "callee", what);
    for (const what of caller) ledger.told("a", "caller", what);
    if (gone) ledger.calleeGone("a");
    const { calls, talked, broken } = ledger.counts;
    assertEquals([calls, talked, broken.length], [
      1,
      sound && caller.includes("started") ? 1 : 0,
      sound ? 0 : 1,
    ]);
  });
}
