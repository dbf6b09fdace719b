/**
 * Two phones' calls without sockets: `key_memory_program.ts openssl|runtime`. They call, exchange encrypted voice and hang
 * up. Prints the keys in hexadecimal, forgets the call as after a minute, prints `forgotten`, and waits for its input's end.
 */

import { CallManager, type CallManagerOutput } from "../../lib/call/call_manager.ts";
import { TIME_WAIT_MS } from "../../lib/call/call.ts";
import type { CallKeys } from "../../lib/call/key_exchange.ts";
import { logKeys } from "../../lib/call/key_log.ts";
import { randomPolicy } from "../../lib/call/encryption_policy.ts";
import { encodeCallMessage, newCallId, parseCallMessage } from "../../lib/protocol/call_messages.ts";
import { encodeRtp } from "../../lib/rtp/rtp.ts";
import { openssl, runtimeCipher } from "../../lib/srtp/aes_gcm.ts";
import { SrtpReceiver, SrtpSender } from "../../lib/srtp/context.ts";

const cipher = Deno.args[0] === "openssl" ? openssl() ?? runtimeCipher : runtimeCipher;
const JOAO = { name: "joão", ip: "192.0.2.1", port: 40_001 };
const MARIA = { name: "maria", ip: "192.0.2.2", port: 6_000 };

let now = 0;
const [joao, maria] = [new CallManager(randomPolicy("required")), new CallManager(randomPolicy("required"))];
const others: CallManagerOutput["kind"][] = [];

/** Delivers all messages until both are quiet. */
function deliver(): void {
  for (let any = true; any;) {
    any = false;
    for (const [from, to, source] of [[joao, maria, JOAO], [maria, joao, MARIA]] as const) {
      for (const output of from.drain()) {
        if (output.kind !== "send") {
          others.push(output.kind);
          continue;
        }
        any = true;
        const parsed = parseCallMessage(encodeCallMessage(output.message));
        if (!("message" in parsed)) throw new Error(parsed.problem);
        to.handleMessage(now, parsed.message, source, to === maria ? "registered" : parsed.message.chamada);
      }
    }
  }
}

function talk(): void {
  joao.invite(now, newCallId(), JOAO, MARIA);
  deliver();
  maria.accept(now);
  deliver();
  const [ours, theirs] = [joao.current?.keys, maria.current?.keys] as [CallKeys, CallKeys];
  for (const { key, salt } of [ours.outgoing, ours.incoming]) console.log(`${key.toHex()} ${salt.toHex()}`);
  logKeys("/dev/null", "q3mZ0b1c2d3e4f5g6h7i8w", "caller", ours);
  const ends = [ours, theirs].map(({ outgoing, incoming }) => ({
    sender: new SrtpSender(outgoing, cipher),
    receiver: new SrtpReceiver(incoming, cipher),
  }));
  for (let number = 0; number < 200; number++) {
    const packet = encodeRtp({
      payloadType: 111,
      marker: false,
      sequenceNumber: number,
      timestamp: 960 * number,
      ssrc: 1,
      payload: new Uint8Array(300),
    });
    for (const [from, to] of [[ends[0]!, ends[1]!], [ends[1]!, ends[0]!]] as const) {
      if (!to.receiver.unprotect(from.sender.protect(packet))) throw new Error("a packet was refused");
    }
  }
  joao.hangUp(now);
  deliver();
  now += TIME_WAIT_MS;
  for (const phone of [joao, maria]) {
    if (phone.wakeAt > now) throw new Error("no timer wakes up to forget the call");
    phone.tick(now);
  }
  deliver();
  if (others.filter((kind) => kind === "forgotten").length !== 2) {
    throw new Error("the call is not forgotten");
  }
  for (const { sender, receiver } of ends) {
    sender.wipe();
    receiver.wipe();
  }
}

talk();
console.log("forgotten");
await Deno.stdin.read(new Uint8Array(1));
