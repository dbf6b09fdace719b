/** Strangers who call with somebody else's name or from somebody else's address, against whole phones and a registry. */

import { assert, assertEquals } from "@std/assert";
import { encodeCallMessage, newCallId, parseCallMessage } from "../../lib/protocol/call_messages.ts";
import type { CallMessage } from "../../lib/protocol/call_messages.ts";
import { pause } from "../../lib/util/pause.ts";
import { startRegistry } from "../../testing/processes.ts";
import { EVERYTHING, startPhone } from "./phones.ts";

/** A stranger who waits for an answer for this time waits no longer: the test fails. */
const PATIENCE_MS = 20_000;

/** Somebody at an address of this machine who invites under any name. */
class Stranger implements Disposable {
  readonly #socket: Deno.DatagramConn;
  readonly #to: Deno.NetAddr;
  readonly #limit: ReturnType<typeof setTimeout>;

  constructor(readonly ip: string, port: number) {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: ip, port: 0 });
    this.#limit = setTimeout(() => this.#socket.close(), PATIENCE_MS);
    this.#to = { transport: "udp", hostname: "127.0.0.1", port };
  }

  invitation(nome: string): CallMessage & { readonly tipo: "convite" } {
    const porta = (this.#socket.addr as Deno.NetAddr).port;
    return { tipo: "convite", chamada: newCallId(), nome, ip: this.ip, porta, midia: "opus/48000/1" };
  }

  async send(message: CallMessage): Promise<void> {
    await this.#socket.send(encodeCallMessage(message), this.#to);
  }

  async receive(): Promise<CallMessage> {
    const [datagram] = await this.#socket.receive();
    const parsed = parseCallMessage(datagram);
    assert("message" in parsed);
    return parsed.message;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#limit);
    try {
      this.#socket.close();
    } catch {
      // Too late.
    }
  }
}

Deno.test({
  name: "a stranger with an address of their own and somebody's name takes no ringing call's place",
  ignore: Deno.build.os !== "linux", // 127.0.0.2 is an address there.
  async fn() {
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria");
    await using joao = await startPhone(registry.port, "joão");
    await joao.type("ligar maria");
    await maria.waitForEvent("invitation");
    await joao.waitForEvent("ringing");
    const port = maria.events("registered")[0]!.port;
    using stranger = new Stranger("127.0.0.2", port as number);
    const invitation = stranger.invitation("JOÃO");
    await stranger.send(invitation);
    const ringing = await stranger.receive();
    assert(ringing.tipo === "tocando" && ringing.prova !== undefined);
    await stranger.send({ ...invitation, prova: ringing.prova });
    const answers: unknown[] = [];
    while (answers.at(-1) !== "ocupado") {
      const answer = await stranger.receive();
      answers.push("motivo" in answer ? answer.motivo : answer.tipo);
    }
    await maria.type("aceitar");
    await joao.waitForEvent("call_started");
    assertEquals(maria.events("invitation").length, 1);
    await maria.waitForEvent("busy_rejected");
    assertEquals(maria.events("busy_rejected").map(({ name }) => name), ["JOÃO"]);
  },
});

Deno.test({
  name: "a person of the room gets through beside a stranger who has used up what their address gets",
  ignore: !EVERYTHING, // It takes 6 s.
  async fn() {
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria");
    await using joao = await startPhone(registry.port, "joão");
    const port = maria.events("registered")[0]!.port;
    using stranger = new Stranger("127.0.0.1", port as number);
    // Three datagrams, 5 s apart, and the fourth invitation gets none; nobody proves anything.
    for (let count = 0; count < 4; count++) {
      await stranger.send(stranger.invitation(`n${count}`));
      if (count < 3) await answerTo(stranger);
    }
    await joao.type("ligar maria");
    await joao.waitForEvent("ringing");
    await maria.waitForEvent("invitation", ({ name }) => name === "joão");
  },
});

/** Repeats invitations until one is answered. */
async function answerTo(stranger: Stranger): Promise<void> {
  const answered = stranger.receive();
  let done = false;
  answered.then(() => done = true, () => done = true);
  while (!done) {
    const rest = new AbortController();
    await Promise.race([answered, pause(100, rest.signal)]);
    rest.abort();
    if (!done) await stranger.send(stranger.invitation("outro"));
  }
}
