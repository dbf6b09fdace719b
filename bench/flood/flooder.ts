/**
 * Floods a port of this machine with datagrams, at a given rate and for a given time, and prints how many it sent. The
 * bytes are the same in every run.
 *
 * Usage: `deno run -A bench/flood/flooder.ts PORT PER_SECOND SECONDS KIND`, where KIND is one of {@linkcode FLOODS}.
 */

import { encodeRtp } from "../../lib/rtp/rtp.ts";
import { LOOPBACK } from "../../testing/netem/relay.ts";
import { type Random, seededRandom } from "../../testing/netem/random.ts";
import { pause } from "../../lib/util/pause.ts";

/** Distinct datagrams of a flood, sent in turn. */
const DIFFERENT = 256;

/** Concurrent sends. Fewer are slower, more are no faster. */
const AT_ONCE = 64;

/** Upper limits of rate and time. */
const MAX_PER_SECOND = 100_000;
const MAX_SECONDS = 30;

/** Kinds of floods. */
export const FLOODS: Readonly<Record<string, (random: Random) => Uint8Array<ArrayBuffer>>> = {
  /** Random bytes of random length. */
  noise: (random) => bytes(random, 1 + Math.floor(1199 * random())),
  /** RTP packets. */
  voice: (random) =>
    encodeRtp({
      payloadType: 111,
      marker: false,
      sequenceNumber: Math.floor(65_536 * random()),
      timestamp: Math.floor(2 ** 32 * random()),
      ssrc: Math.floor(2 ** 32 * random()),
      payload: bytes(random, 160),
    }),
  /** Distinct invitations. */
  invitations: (random) =>
    new TextEncoder().encode(JSON.stringify({
      tipo: "convite",
      chamada: bytes(random, 16).toBase64({ alphabet: "base64url", omitPadding: true }),
      nome: `n${Math.floor(1e6 * random())}`,
      ip: LOOPBACK,
      porta: 1 + Math.floor(65_535 * random()),
      compromisso: "A".repeat(43),
    })),
  /** Goodbyes with bytes changed or cut off. */
  mutations: (random) => {
    const text =
      '{"tipo":"encerrar_ligação","chamada":"AAAAAAAAAAAAAAAAAAAAAA","selo":"AAAAAAAAAAAAAAAAAAAAAA"}';
    const whole = new TextEncoder().encode(text);
    const message = whole.slice(0, random() < 0.5 ? whole.length : 1 + Math.floor(random() * whole.length));
    for (let change = 0; change < 3; change++) {
      message[1 + Math.floor(random() * message.length)] = Math.floor(256 * random());
    }
    return message;
  },
};

function bytes(random: Random, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => Math.floor(256 * random()));
}

async function flood(port: number, perSecond: number, seconds: number, kind: string): Promise<number> {
  const make = FLOODS[kind];
  if (!make) throw new Error(`There is no flood of ${kind}`);
  const random = seededRandom(`flood ${kind}`);
  const datagrams = Array.from({ length: DIFFERENT }, () => make(random));
  const socket = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
  const to = { transport: "udp", hostname: LOOPBACK, port } as const;
  const rate = Math.min(perSecond, MAX_PER_SECOND);
  const end = 1000 * Math.min(seconds, MAX_SECONDS);
  const start = performance.now();
  let sent = 0;
  for (let passed = 0; passed < end; passed = performance.now() - start) {
    const due = Math.min(AT_ONCE, Math.floor(passed * rate / 1000) - sent);
    if (due <= 0) {
      await pause(0);
      continue;
    }
    const sending = [];
    for (let count = 0; count < due; count++) sending.push(socket.send(datagrams[sent++ % DIFFERENT]!, to));
    await Promise.allSettled(sending);
  }
  socket.close();
  return sent;
}

if (import.meta.main) {
  const [port, perSecond, seconds, kind = "noise"] = Deno.args;
  console.log(await flood(Number(port), Number(perSecond), Number(seconds), kind));
}
