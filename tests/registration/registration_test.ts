import { assert, assertEquals } from "@std/assert";
import { Registration, type RegistrationOptions } from "../../lib/registration/registration.ts";
import { HostAddresses } from "../../lib/registration/host_addresses.ts";
import { RegistryClient } from "../../lib/registration/registry_client.ts";
import type { HostAddress, HostNetwork } from "../../lib/util/host_addresses.ts";
import { PasswordGate } from "../../lib/protocol/password_challenge.ts";
import { startRegistry } from "../../lib/registrar/server.ts";
import { pause } from "../../lib/util/pause.ts";
import { WirePhone } from "../../testing/wire_phone.ts";

/** A registration and its reports. */
class Phone implements AsyncDisposable {
  readonly told: string[] = [];
  readonly #waiting = new Set<() => void>();
  link!: Registration;

  static async connect(
    ports: number | readonly number[],
    options: RegistrationOptions = {},
    host = "127.0.0.1",
  ): Promise<Phone> {
    const phone = new Phone();
    const places = [ports].flat().map((port) => ({ host, port }));
    const result = await Registration.connect(places, {
      onLost: () => phone.#tell("lost"),
      onBack: ({ nome, ip, porta }) => phone.#tell(`back ${nome} ${ip} ${porta}`),
      onNameTaken: () => phone.#tell("taken"),
      onRemoved: () => phone.#tell("removed"),
      random: () => 0,
      ...options,
    });
    assert(result.kind === "connected", JSON.stringify(result));
    phone.link = result.link;
    return phone;
  }

  /** Settles once there are that many reports. */
  async until(count: number): Promise<string[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.told.length >= count) resolve();
    };
    this.#waiting.add(look);
    look();
    await promise;
    this.#waiting.delete(look);
    return this.told;
  }

  #tell(what: string): void {
    this.told.push(what);
    for (const look of this.#waiting) look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link.close();
  }
}

Deno.test("Registration registers the same name, address and port after each loss", async () => {
  let registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const { port } = registry;
  await using phone = await Phone.connect(port);
  await phone.link.register("joão", "192.0.2.7", 6007);
  for (const round of [1, 2]) {
    await registry.close();
    assertEquals((await phone.until(2 * round - 1)).at(-1), "lost");
    assertEquals(await phone.link.lookUp("joão"), { kind: "lost" });
    assertEquals(await phone.link.list(), { kind: "lost" });
    registry = startRegistry({ host: "127.0.0.1", port });
    assertEquals((await phone.until(2 * round)).at(-1), "back joão 192.0.2.7 6007");
    const person = { nome: "joão", ip: "192.0.2.7", porta: 6007 };
    assertEquals(await phone.link.list(), { kind: "people", people: [person] });
  }
  await phone.link.close();
  assertEquals(phone.told.length, 4);
  await registry.close();
});

Deno.test("Registration takes its name back from its own dead connection", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const sockets: Deno.TcpConn[] = [];
  // A relay as the cable: it can be cut unnoticed by either side.
  const cable = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const near of cable) {
      const far = await Deno.connect({ hostname: "127.0.0.1", port: registry.port });
      sockets.push(near, far);
      near.readable.pipeTo(far.writable, { preventClose: true, preventAbort: true }).catch(() => {});
      far.readable.pipeTo(near.writable, { preventClose: true, preventAbort: true }).catch(() => {});
    }
  })().catch(() => {});
  await using phone = await Phone.connect(cable.addr.port);
  await phone.link.register("joão", "192.0.2.7", 6007);
  // The phone sees its connection end; the registry does not.
  const [near] = sockets;
  near!.close();
  assertEquals(await phone.until(2), ["lost", "back joão 192.0.2.7 6007"]);
  await phone.link.close();
  cable.close();
  for (const socket of sockets) {
    try {
      socket.close();
    } catch {
      // Closed already.
    }
  }
});

Deno.test("Registration does not come back after the operator has removed it", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  await using phone = await Phone.connect(registry.port);
  await phone.link.register("joão", "192.0.2.7", 6007);
  assertEquals(registry.remove("JOÃO")?.nome, "joão");
  assertEquals(await phone.until(1), ["removed"]);
  assertEquals(await phone.link.list(), { kind: "lost" });
  assertEquals(registry.people(), []);
  await using again = await Phone.connect(registry.port);
  assertEquals(await again.link.register("joão", "192.0.2.7", 6007), { kind: "removed" });
  assertEquals((await again.link.register("josé", "192.0.2.7", 6007)).kind, "confirmed");
});

Deno.test("Registration that comes back to a name which the operator has taken meanwhile gives up", async () => {
  let registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const { port } = registry;
  await using phone = await Phone.connect(port, { random: () => 0.5 });
  await phone.link.register("joão", "192.0.2.7", 6007);
  await registry.close();
  registry = startRegistry({ host: "127.0.0.1", port });
  await using other = await Phone.connect(port);
  await other.link.register("joão", "192.0.2.8", 6007);
  registry.remove("joão");
  assertEquals(await phone.until(2), ["lost", "removed"]);
  await registry.close();
});

Deno.test("Registration makes no attempt before it has a name", async () => {
  const registry = startRegistry({ host: "127.0.0.1", port: 0 });
  await using phone = await Phone.connect(registry.port);
  await registry.close();
  assertEquals(await phone.link.register("joão", "192.0.2.7", 6007), { kind: "lost" });
  assertEquals(phone.told, []);
});

Deno.test("Registration connects anew for another name if the registry has closed the connection meanwhile", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0, idleMs: 200 });
  await using maria = await Phone.connect(registry.port);
  await maria.link.register("maria", "192.0.2.7", 6007);
  await using phone = await Phone.connect(registry.port);
  assertEquals((await phone.link.register("maria", "192.0.2.8", 6008)).kind, "name_taken");
  // The person takes longer to choose than the registry waits.
  while ((await phone.link.lookUp("maria")).kind !== "lost") await pause(10);
  assertEquals((await phone.link.register("ana", "192.0.2.8", 6008)).kind, "confirmed");
  assertEquals((await phone.link.lookUp("maria")).kind, "found");
  assertEquals(phone.told, []);
});

Deno.test("Registration that waits for its registry says why, once for each reason, and registers when there is room", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const reasons: string[] = [];
  const full = Promise.withResolvers<void>();
  const refused = Promise.withResolvers<void>();
  const connecting = Phone.connect(port, {
    onAwait: ({ kind }) => {
      reasons.push(kind);
      if (kind === "refused") refused.resolve();
      if (kind === "room_full") full.resolve();
    },
  });
  await refused.promise;
  await using registry = startRegistry({ host: "127.0.0.1", port, maxConnections: 1 });
  await using phone = await connecting;
  await phone.link.register("joão", "192.0.2.7", 6007);
  assertEquals(reasons, ["refused"]);
  const second = await Phone.connect(port, { onAwait: ({ kind }) => kind === "room_full" && full.resolve() });
  const registered = second.link.register("maria", "192.0.2.8", 6008);
  await full.promise;
  await phone.link.close();
  assertEquals((await registered).kind, "confirmed");
  await second.link.close();
  assertEquals(registry.port, port);
});

Deno.test("Registration does not wait where only a person can help", async () => {
  const never = () => {
    throw new Error("It waits");
  };
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const options = { onAwait: never, tls: { caCerts: [] } };
  assertEquals(await Registration.connect([{ host: "127.0.0.1", port: registry.port }], options), {
    kind: "no_tls",
  });
  await using secret = startRegistry({
    host: "127.0.0.1",
    port: 0,
    gate: await PasswordGate.open("segredo"),
  });
  await using phone = await Phone.connect(secret.port, { onAwait: never });
  assertEquals(await phone.link.register("joão", "192.0.2.7", 6007), { kind: "password_needed" });
});

Deno.test("Registration that waits ends with its signal", async () => {
  const waiting = new AbortController();
  const result = await Registration.connect([{ host: "no..where", port: 5000 }], {
    onAwait: () => waiting.abort(),
    signal: waiting.signal,
  });
  assertEquals(result, { kind: "name_not_resolved" });
});

Deno.test("Registration notices a registry that vanished without closing", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  await using phone = await Phone.connect(listener.addr.port, { quietMs: 20, replyMs: 200 });
  const connection = await accepted;
  const registering = phone.link.register("joão", "192.0.2.7", 6007);
  await connection.read(new Uint8Array(4096));
  const reply = '{"tipo":"registro_confirmado","nome":"joão","ip":"192.0.2.7","porta":6007}\n';
  await connection.write(new TextEncoder().encode(reply));
  assertEquals((await registering).kind, "confirmed");
  // It no longer answers, not even to ping.
  assertEquals(await phone.until(1), ["lost"]);
  listener.close();
  connection.close();
});

Deno.test("Registration.close() ends the attempts", async () => {
  const registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const { port } = registry;
  const phone = await Phone.connect(port, { random: () => 0.9 });
  await phone.link.register("joão", "192.0.2.7", 6007);
  await registry.close();
  await phone.until(1);
  await phone.link.close();
  await using again = startRegistry({ host: "127.0.0.1", port });
  const result = await RegistryClient.connect("127.0.0.1", again.port);
  assert(result.kind === "connected");
  await result.client.register("maria", "192.0.2.8", 6000);
  const list = await result.client.list();
  assertEquals(list.kind === "people" && list.people.map(({ nome }) => nome), ["maria"]);
  await result.client.close();
  assertEquals(phone.told, ["lost"]);
});

/** A host whose addresses a test changes. */
class FakeNetwork implements HostNetwork {
  #own: readonly string[] = ["127.0.0.1"];
  readonly #watching = new Set<() => void>();

  addresses(): HostAddress[] {
    return this.#own.map((ip) => ({ interface: "lo", ip, netmask: "255.0.0.0" }));
  }

  watch(changed: () => void): AsyncDisposable {
    this.#watching.add(changed);
    return {
      [Symbol.asyncDispose]: () => {
        this.#watching.delete(changed);
        return Promise.resolve();
      },
    };
  }

  get watched(): boolean {
    return this.#watching.size > 0;
  }

  change(...own: readonly string[]): void {
    this.#own = own;
    for (const changed of this.#watching) changed();
  }
}

Deno.test("Registration registers the local address of each connection where none is given", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const network = new FakeNetwork();
  await using phone = await Phone.connect(registry.port, { network });
  const registered = await phone.link.register("joão", undefined, 6007);
  const person = { nome: "joão", ip: "127.0.0.1", porta: 6007 };
  assertEquals(registered, { kind: "confirmed", person });
  // Other addresses that come and go change nothing.
  network.change("192.0.2.1", "127.0.0.1");
  network.change("127.0.0.1");
  assertEquals(await phone.link.list(), { kind: "people", people: [person] });
  // That of the connection goes: the connection is lost at once, though it is not closed.
  network.change("192.0.2.1");
  assertEquals(phone.told, ["lost"]);
  network.change("192.0.2.1", "127.0.0.1");
  assertEquals((await phone.until(2))[1], "back joão 127.0.0.1 6007");
  await phone.link.close();
  assertEquals(network.watched, false);
});

Deno.test("Registration begins a new series of attempts when addresses change", async () => {
  let registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const { port } = registry;
  const network = new FakeNetwork();
  let pauses = 0;
  const second = Promise.withResolvers<void>();
  const random = () => {
    if (++pauses === 2) second.resolve();
    return 0;
  };
  await using phone = await Phone.connect(port, { network, random });
  await phone.link.register("joão", undefined, 6007);
  await registry.close();
  // The pause after the first attempt, which the registry's host refused.
  await second.promise;
  network.change("127.0.0.1", "192.0.2.1");
  registry = startRegistry({ host: "127.0.0.1", port });
  assertEquals((await phone.until(2))[1], "back joão 127.0.0.1 6007");
  assertEquals(pauses, 3);
  await phone.link.close();
  await registry.close();
});

/** A listener that takes connections and says nothing. */
function silentHost(): Deno.TcpListener & Disposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sockets: Deno.TcpConn[] = [];
  (async () => {
    for await (const socket of listener) sockets.push(socket);
  })().catch(() => {});
  const { close } = listener;
  return Object.assign(listener, {
    close: () => {
      close.call(listener);
      for (const socket of sockets) socket.close();
    },
  });
}

Deno.test("Registration registers at the first registry that answers, and says which", async () => {
  const silent = silentHost();
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  await using phone = await Phone.connect([silent.addr.port, registry.port]);
  assertEquals((await phone.link.register("joão", "192.0.2.7", 6007)).kind, "confirmed");
  assertEquals(phone.link.place, { host: "127.0.0.1", ip: "127.0.0.1", port: registry.port });
  assertEquals([phone.link.several, phone.told], [true, []]);
  await phone.link.close();
  silent.close();
});

Deno.test("Registration registers elsewhere where a registry is full, and says at the end what each said", async () => {
  await using full = startRegistry({ host: "127.0.0.1", port: 0, maxConnections: 0 });
  await using registry = startRegistry({ host: "127.0.0.1", port: 0, maxConnections: 1 });
  await using phone = await Phone.connect([full.port, registry.port]);
  assertEquals((await phone.link.register("joão", "192.0.2.7", 6007)).kind, "confirmed");
  assertEquals(phone.link.place?.port, registry.port);
  const places = [full.port, registry.port, 1].map((port) => ({ host: "127.0.0.1", port }));
  const result = await Registration.connect(places);
  assert(result.kind === "none_answered");
  assertEquals(result.tried.map(({ detail }) => detail.kind), ["room_full", "room_full", "refused"]);
});

/** A registry that answers `ping`, and to a registration says that its cluster cannot decide now. */
function undecidedRegistry(): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const socket of listener) {
      const reader = socket.readable.pipeThrough(new TextDecoderStream()).getReader();
      const writer = socket.writable.getWriter();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        const reply = piece.value.includes("ping")
          ? { tipo: "pong" }
          : { tipo: "erro", codigo: "sala_cheia", mensagem: "m" };
        await writer.write(new TextEncoder().encode(`${JSON.stringify(reply)}\n`));
      }
      await writer.close().catch(() => {});
    }
  })().catch(() => {});
  return listener;
}

Deno.test("Registration goes on with another registry where one answers, and then does not take the phone", async () => {
  const undecided = undecidedRegistry();
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  await using phone = await Phone.connect([undecided.addr.port, registry.port]);
  assertEquals(phone.link.place?.port, undecided.addr.port);
  assertEquals((await phone.link.register("joão", "192.0.2.7", 6007)).kind, "confirmed");
  assertEquals(phone.link.place?.port, registry.port);
  await phone.link.close();
  undecided.close();
});

Deno.test("Registration that loses its registry registers at the next, and stays there until it loses that one", async () => {
  const first = startRegistry({ host: "127.0.0.1", port: 0 });
  const second = startRegistry({ host: "127.0.0.1", port: 0 });
  await using phone = await Phone.connect([first.port, second.port]);
  await phone.link.register("joão", "192.0.2.7", 6007);
  assertEquals(phone.link.place?.port, first.port);
  await first.close();
  assertEquals(await phone.until(2), ["lost", "back joão 192.0.2.7 6007"]);
  assertEquals(phone.link.place?.port, second.port);
  await using again = startRegistry({ host: "127.0.0.1", port: first.port });
  assertEquals((await phone.link.list()).kind, "people");
  assertEquals([phone.link.place?.port, phone.told.length], [second.port, 2]);
  await second.close();
  assertEquals((await phone.until(4)).at(-1), "back joão 192.0.2.7 6007");
  assertEquals(phone.link.place?.port, again.port);
});

Deno.test("Registration whose first connection ends before the reply takes a name in use for its own for a while", async () => {
  await using registry = startRegistry({ host: "127.0.0.1", port: 0 });
  // A relay that swallows the confirmation, and still answers one ping of the registry.
  const relay = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const order: string[] = [];
  const relaying = (async () => {
    const near = await relay.accept();
    const far = await WirePhone.connect(registry.port, "127.0.0.1", false);
    const buffer = new Uint8Array(4096);
    const line = async (): Promise<string> =>
      new TextDecoder().decode(buffer.subarray(0, await near.read(buffer) ?? 0));
    assert((await line()).includes("ping"));
    await near.write(new TextEncoder().encode('{"tipo":"pong"}\n'));
    const { nome, ip, porta } = JSON.parse(await line());
    assertEquals((await far.ask({ tipo: "registro", nome, ip, porta }))?.tipo, "registro_confirmado");
    order.push("granted");
    const pinged = far.pinged;
    near.close();
    await pinged;
    order.push("contested");
    // The name is kept, and then left.
    await far.ask({ tipo: "ping" });
    await far[Symbol.asyncDispose]();
  })();
  await using phone = await Phone.connect([relay.addr.port, registry.port]);
  const registered = await phone.link.register("joão", "192.0.2.7", 6007);
  await relaying;
  relay.close();
  assertEquals([registered.kind, order], ["confirmed", ["granted", "contested"]]);
  assertEquals(phone.link.place?.port, registry.port);
  // Without such a loss a name in use is final.
  await using other = await Phone.connect(registry.port);
  assertEquals(await other.link.register("joão", "192.0.2.8", 6008), { kind: "name_taken" });
});

Deno.test("Registration that waits says once what each registry said, and comes in at any of them", async () => {
  const [first, second] = [0, 0].map(() => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    return port;
  }) as [number, number];
  const told: string[] = [];
  const awaited = Promise.withResolvers<void>();
  const connecting = Phone.connect([first, second], {
    onAwait: (reason) => {
      const tried = reason.kind === "none_answered" ? reason.tried : [];
      told.push(tried.map(({ port, detail }) => `${port} ${detail.kind}`).join());
      awaited.resolve();
    },
  });
  await awaited.promise;
  await using registry = startRegistry({ host: "127.0.0.1", port: second });
  await using phone = await connecting;
  assertEquals([phone.link.place?.port, told], [registry.port, [`${first} refused,${second} refused`]]);
});

Deno.test("Registration comes back by what name servers said last if they are away", async () => {
  const registry = startRegistry({ host: "127.0.0.1", port: 0 });
  const { port } = registry;
  let asked = 0;
  const addresses = new HostAddresses(() =>
    asked++ === 0 ? Promise.resolve(["127.0.0.1"]) : Promise.reject(new Error("away"))
  );
  await using phone = await Phone.connect(port, { addresses }, "sala");
  await phone.link.register("joão", "192.0.2.7", 6007);
  await registry.close();
  await phone.until(1);
  await using _again = startRegistry({ host: "127.0.0.1", port });
  assertEquals((await phone.until(2)).at(-1), "back joão 192.0.2.7 6007");
  assert(asked >= 2);
});

Deno.test("Registration that waits gives each address less time from the second round on", async () => {
  const limits: number[] = [];
  const again = Promise.withResolvers<void>();
  class Asked extends HostAddresses {
    override of(...[host, limitMs]: Parameters<HostAddresses["of"]>): ReturnType<HostAddresses["of"]> {
      limits.push(limitMs);
      if (limits.length === 2) again.resolve();
      return super.of(host, limitMs);
    }
  }
  const closing = new AbortController();
  const connecting = Registration.connect([{ host: "sala", port: 1 }], {
    addresses: new Asked(() => Promise.resolve(["127.0.0.1"])),
    onAwait: () => {},
    random: () => 0,
    signal: closing.signal,
  });
  await again.promise;
  closing.abort();
  await connecting;
  assertEquals(limits.slice(0, 2), [8000, 2000]);
});
