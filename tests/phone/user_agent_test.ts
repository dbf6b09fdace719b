import { assert, assertEquals } from "@std/assert";
import type { Call, CallNotice } from "../../lib/call/call.ts";
import type { CallKeys } from "../../lib/call/key_exchange.ts";
import type { PhoneOptions } from "../../lib/phone/options.ts";
import { EXIT, UserAgent, type UserAgentParts } from "../../lib/phone/user_agent.ts";
import type { HostAddress } from "../../lib/util/host_addresses.ts";
import { callOf, fakeParts, type FakeScreen, MARIA, OPTIONS, settle } from "./fakes.ts";

/** A phone that runs. */
async function start(
  options: Partial<PhoneOptions> = {},
  interactive = false,
  addresses: readonly HostAddress[] = [],
) {
  const fakes = fakeParts(interactive, addresses);
  const phone = new UserAgent({ ...OPTIONS, ...options }, fakes.parts);
  const status = phone.run();
  await settle();
  return { ...fakes, phone, status };
}

Deno.test("UserAgent checks the sound, registers, warms up, and says goodbye at the end", async () => {
  const { phone, status, screen, registry, transport, audio } = await start();
  assertEquals(screen.shown, ["registered"]);
  assertEquals(registry.log, ["register João 192.0.2.1 6000"]);
  assertEquals(audio.log, ["check", "warm up"]);
  assertEquals(transport.log, ["rest", "rested"]);
  phone.quit();
  assertEquals(await status, EXIT.done);
  assertEquals(transport.log.at(-1), "close");
  assertEquals(registry.log.at(-1), "close");
  assertEquals(screen.shown, ["registered", "closed"]);
});

Deno.test("UserAgent whose sound does not work never registers", async () => {
  const { parts, audio, registry } = fakeParts();
  audio.works = false;
  assertEquals(await new UserAgent(OPTIONS, parts).run(), EXIT.audioFailed);
  assertEquals(registry.log, []);
});

Deno.test("UserAgent says why the registry cannot be reached", async () => {
  const { parts, screen } = fakeParts();
  const connect = () => Promise.resolve({ kind: "refused" } as const);
  assertEquals(await new UserAgent(OPTIONS, { ...parts, connect }).run(), EXIT.registryUnreachable);
  assertEquals(screen.events, [
    {
      event: "registry_unreachable",
      ...OPTIONS.registries[0]!,
      detail: { kind: "refused" },
    },
  ]);
});

Deno.test("UserAgent says that its port is taken, and leaves the registry", async () => {
  const { parts, screen, registry } = fakeParts();
  const openTransport = () => {
    throw new Deno.errors.AddrInUse();
  };
  assertEquals(await new UserAgent(OPTIONS, { ...parts, openTransport }).run(), EXIT.wrongUsage);
  assertEquals(screen.events, [{ event: "port_in_use", port: 6000 }]);
  assertEquals(registry.log, ["close"]);
});

Deno.test("UserAgent says why its port cannot be had", async () => {
  const { parts, screen } = fakeParts();
  for (
    const [code, port, kind] of [["EACCES", 80, "port_privileged"], [
      "EAFNOSUPPORT",
      6000,
      "ip_version_not_available",
    ]] as const
  ) {
    const openTransport = () => {
      throw Object.assign(new Error("no"), { code });
    };
    assertEquals(
      await new UserAgent({ ...OPTIONS, port }, { ...parts, openTransport }).run(),
      EXIT.wrongUsage,
    );
    assertEquals(screen.events.at(-1), { event: "port_unusable", port, detail: { kind } });
  }
});

Deno.test("UserAgent that waits for its registry says so, takes commands, and leaves without a word more", async () => {
  const { parts, screen } = fakeParts();
  const waiting = Promise.withResolvers<{ kind: "aborted" }>();
  const connect: UserAgentParts["connect"] = (_places, { onAwait, signal }) => {
    onAwait?.({ kind: "refused" });
    signal?.addEventListener("abort", () => {
      onAwait?.({ kind: "lost" });
      waiting.resolve({ kind: "aborted" });
    });
    return waiting.promise;
  };
  const status = new UserAgent({ ...OPTIONS, wait: true }, { ...parts, connect }).run();
  await settle();
  await screen.type("lista", "mudo", "sair");
  assertEquals(await status, EXIT.done);
  await waiting.promise;
  await settle();
  assertEquals(screen.shown, ["registry_awaited", "muted"]);
});

Deno.test("UserAgent that waits for its registry gives up the call of its command line", async () => {
  const { parts, screen } = fakeParts();
  const connect: UserAgentParts["connect"] = (_places, { onAwait }) => {
    onAwait?.({ kind: "refused" });
    return new Promise(() => {});
  };
  const status = new UserAgent({ ...OPTIONS, wait: true, call: "Maria" }, { ...parts, connect }).run();
  await settle();
  await screen.type("desligar");
  assertEquals(await status, EXIT.givenUp);
  assertEquals(screen.shown, ["registry_awaited", "invitation_cancelled"]);
});

Deno.test("UserAgent that waited asks a person for another name with the next line", async () => {
  const { parts, screen, registry } = fakeParts(true);
  registry.registered = [{ kind: "name_taken" }, { kind: "name_taken" }, "confirmed"];
  const ready = Promise.withResolvers<void>();
  const connect: UserAgentParts["connect"] = async (places, options) => {
    options.onAwait?.({ kind: "refused" });
    await ready.promise;
    return await parts.connect(places, options);
  };
  const phone = new UserAgent({ ...OPTIONS, wait: true }, { ...parts, connect });
  const status = phone.run();
  await settle();
  ready.resolve();
  await settle();
  await screen.type("Ana", "Bia", "mudo");
  assertEquals(screen.shown, ["registry_awaited", "name_taken", "name_taken", "registered", "muted"]);
  assertEquals(registry.log.map((line) => line.split(" ")[1]), ["João", "Ana", "Bia"]);
  phone.quit();
  assertEquals(await status, EXIT.done);
});

Deno.test("UserAgent says of a line that is not UTF-8 that it is not, and does nothing", async () => {
  const { phone, status, screen } = await start();
  await screen.type("ligar jo\ufffdo");
  assertEquals(screen.events.at(-1), { event: "not_utf8", text: "ligar jo\ufffdo" });
  phone.quit();
  await status;
});

/** Results of registering, the events shown, and the exit status. */
const REFUSALS = [
  [{ kind: "name_taken" }, "name_taken", EXIT.nameTaken],
  [{ kind: "removed" }, "removed", EXIT.nameTaken],
  [{ kind: "lost" }, "registry_unreachable", EXIT.registryUnreachable],
  [{ kind: "timeout" }, "registry_unreachable", EXIT.registryUnreachable],
  [{ kind: "not_a_registry" }, "registry_unreachable", EXIT.registryUnreachable],
  [{ kind: "room_full" }, "registry_full", EXIT.registryUnreachable],
  [{ kind: "password_needed" }, "password_refused", EXIT.registryUnreachable],
  [{ kind: "wrong_password" }, "password_refused", EXIT.registryUnreachable],
  [
    { kind: "registry_refused", reason: "mensagem_invalida", text: "no" },
    "registration_refused",
    EXIT.registryUnreachable,
  ],
] as const;

for (const [result, event, exit] of REFUSALS) {
  Deno.test(`UserAgent that is not registered, ${result.kind}, ends with ${exit}`, async () => {
    const { parts, screen, registry } = fakeParts();
    registry.registered = [result];
    assertEquals(await new UserAgent(OPTIONS, parts).run(), exit);
    assertEquals(screen.shown, [event]);
  });
}

Deno.test("UserAgent asks a person for another name, until one is free and proper", async () => {
  const { parts, screen, registry } = fakeParts(true);
  registry.registered = [{ kind: "name_taken" }, { kind: "name_taken" }, "confirmed"];
  const phone = new UserAgent(OPTIONS, parts);
  const status = phone.run();
  await settle();
  await screen.type("Ana", "x".repeat(33), " Bia ");
  assertEquals(screen.shown, ["name_taken", "name_taken", "bad_name", "registered"]);
  assertEquals(registry.log.map((line) => line.split(" ")[1]), ["João", "Ana", "Bia"]);
  phone.quit();
  assertEquals(await status, EXIT.done);
});

for (const word of ["sair", "Quit"]) {
  Deno.test(`UserAgent that asks for another name leaves at "${word}"`, async () => {
    const { parts, screen, registry } = fakeParts(true);
    registry.registered = [{ kind: "name_taken" }, { kind: "name_taken" }, "confirmed"];
    const status = new UserAgent(OPTIONS, parts).run();
    await settle();
    await screen.type("s", word);
    assertEquals(await status, EXIT.nameTaken);
    assertEquals(registry.log.map((line) => line.split(" ")[1]).slice(0, 2), ["João", "s"]);
    assertEquals(screen.shown, ["name_taken", "name_taken"]);
  });
}

/** Lines typed without a call, and the events shown. */
const COMMANDS = [
  ["aceitar", ["nothing_to_answer"]],
  ["recusar", ["nothing_to_answer"]],
  ["desligar", ["not_in_call"]],
  ["consultar maria", ["person"]],
  ["lista", ["people"]],
  ["mudo", ["muted"]],
  ["ajuda", ["help"]],
  ["ligar joão", ["calling_oneself"]],
  ["ligar maria", ["inviting"]],
  ["ligar", ["name_missing"]],
  [`ligar ${"x".repeat(33)}`, ["bad_name"]],
  ["cantar", ["unknown_command"]],
  ["", []],
] as const;

for (const [line, shown] of COMMANDS) {
  Deno.test(`UserAgent answers ${JSON.stringify(line)} without a call`, async () => {
    const { phone, status, screen } = await start();
    await screen.type(line);
    assertEquals(screen.shown, ["registered", ...shown]);
    phone.quit();
    assertEquals(await status, EXIT.done);
  });
}

Deno.test("UserAgent leaves at the command, and a person's at the end of the input", async () => {
  const one = await start();
  await one.screen.type("sair");
  assertEquals(await one.status, EXIT.done);
  const person = await start({}, true);
  await person.screen.endInput();
  assertEquals(await person.status, EXIT.done);
  // A script's input may end while the phone stays.
  const script = await start();
  await script.screen.endInput();
  await script.phone.list();
  script.phone.quit(EXIT.failed);
  assertEquals(await script.status, EXIT.failed);
});

Deno.test("UserAgent lets only what needs the registry wait for it, and shows the answers in order", async () => {
  const { phone, status, screen, registry } = await start();
  const [answer, list] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  registry.answering = answer.promise;
  registry.listing = list.promise;
  await screen.type("lista", "consultar maria", "mudo", "ajuda", "aceitar", "recusar", "desligar");
  const at = ["registered", "muted", "help", "nothing_to_answer", "nothing_to_answer", "not_in_call"];
  assertEquals(screen.shown, at);
  assertEquals(registry.log.slice(1), ["list", "look up maria"], "both are asked at once");
  answer.resolve();
  await settle();
  assertEquals(screen.shown, at, "the list came first");
  list.resolve();
  await settle();
  assertEquals(screen.shown, [...at, "people", "person"]);
  phone.quit();
  assertEquals(await status, EXIT.done);
});

Deno.test("UserAgent carries out a command behind hundreds that wait for the registry", async () => {
  const { phone, status, screen, registry } = await start();
  registry.answering = new Promise(() => {});
  await screen.type(...new Array(500).fill("consultar maria"), "mudo");
  assertEquals(screen.shown, ["registered", "muted"]);
  phone.quit();
  assertEquals(await status, EXIT.done);
});

Deno.test("UserAgent makes the first of several calls, once the registry answers", async () => {
  const { phone, status, screen, registry, transport } = await start();
  const answer = Promise.withResolvers<void>();
  registry.answering = answer.promise;
  await screen.type("ligar maria", "ligar ana");
  assertEquals(screen.shown, ["registered"]);
  answer.resolve();
  await settle();
  assertEquals(screen.shown, ["registered", "inviting", "already_in_call"]);
  assertEquals(transport.log.slice(2), ["invite Maria"]);
  phone.quit();
  assertEquals(await status, EXIT.done);
});

Deno.test("UserAgent makes no call that was given up before the registry answered", async () => {
  const { phone, status, screen, registry, transport } = await start();
  const answer = Promise.withResolvers<void>();
  registry.answering = answer.promise;
  await screen.type("ligar maria", "ligar ana", "desligar", "desligar");
  const shown = ["registered", "invitation_cancelled", "invitation_cancelled", "not_in_call"];
  assertEquals(screen.shown, shown);
  answer.resolve();
  await settle();
  assertEquals(screen.shown, shown);
  assertEquals(transport.log.slice(2), []);
  await screen.type("ligar maria");
  assertEquals(transport.log.slice(2), ["invite Maria"], "the next one is made");
  phone.quit();
  assertEquals(await status, EXIT.done);
});

Deno.test("UserAgent hangs up and mutes in a call while the registry does not answer", async () => {
  const { phone, status, screen, registry, transport, audio } = await start();
  transport.current = callOf();
  registry.answering = new Promise(() => {});
  await screen.type("consultar ana", "mudo", "desligar");
  assertEquals([audio.muted, transport.log.at(-1)], [true, "hang up"]);
  phone.quit();
  assertEquals(await status, EXIT.done);
});

Deno.test("UserAgent that leaves shows the answers that come meanwhile, and makes no call", async () => {
  const { status, screen, registry, transport } = await start();
  const answer = Promise.withResolvers<void>();
  registry.answering = answer.promise;
  await screen.type("lista", "ligar maria", "sair", "consultar ana");
  assertEquals(registry.log.slice(1), ["list", "look up maria"], "still in the room, for the answers");
  answer.resolve();
  assertEquals(await status, EXIT.done);
  assertEquals(screen.shown, ["registered", "people", "closed"]);
  assertEquals([registry.log.at(-1), transport.log.at(-1)], ["close", "close"]);
});

Deno.test("UserAgent takes only some commands that wait for the registry", async () => {
  const { phone, status, screen, registry } = await start();
  const answer = Promise.withResolvers<void>();
  registry.answering = answer.promise;
  await screen.type(...Array.from({ length: 100 }, () => "lista"));
  assertEquals(registry.log.slice(1).length, 32);
  answer.resolve();
  for (let turn = 0; turn < 100; turn++) await settle();
  assertEquals(screen.events.filter(({ event }) => event === "people").length, 100);
  phone.quit();
  assertEquals(await status, EXIT.done);
});

for (const options of [{}, { call: "Maria" }]) {
  Deno.test(`UserAgent leaves although nobody answers, ${JSON.stringify(options)}`, async () => {
    const fakes = fakeParts();
    const phone = new UserAgent({ ...OPTIONS, ...options }, fakes.parts);
    const status = phone.run();
    await settle();
    fakes.transport.closing = fakes.audio.closing = new Promise(() => {});
    fakes.registry.close = () => new Promise(() => {});
    fakes.registry.answering = new Promise(() => {});
    const asked = performance.now();
    await fakes.screen.type("lista", "sair");
    assertEquals(await status, options.call === undefined ? EXIT.done : EXIT.givenUp);
    assert(performance.now() - asked < 2000, "in two seconds");
    assertEquals([fakes.screen.shown.at(-1), phone.soundClosed], ["closed", false]);
  });
}

Deno.test("UserAgent's person can leave before the registry answers", async () => {
  for (
    const leave of [(screen: FakeScreen) => screen.type("sair"), (screen: FakeScreen) => screen.endInput()]
  ) {
    const { parts, screen, registry } = fakeParts(true);
    registry.answering = new Promise(() => {});
    const status = new UserAgent(OPTIONS, parts).run();
    await settle();
    await leave(screen);
    assertEquals(await status, EXIT.done);
    assertEquals([screen.shown, registry.log.at(-1)], [[], "close"]);
  }
});

Deno.test("UserAgent carries out a script's lines once it is registered", async () => {
  const { parts, screen, registry } = fakeParts();
  const answer = Promise.withResolvers<void>();
  registry.answering = answer.promise;
  const status = new UserAgent(OPTIONS, parts).run();
  await screen.type("lista", "sair");
  assertEquals(screen.shown, []);
  answer.resolve();
  assertEquals(await status, EXIT.done);
  assertEquals(screen.shown, ["registered", "people", "closed"]);
});

Deno.test("UserAgent leaves with the end of what a person types, although nobody can be asked", async () => {
  const { parts, screen } = fakeParts(false, [], true);
  const status = new UserAgent(OPTIONS, parts).run();
  await settle();
  await screen.endInput();
  assertEquals(await status, EXIT.done);
});

Deno.test("UserAgent accepts, refuses and hangs up, whichever there is", async () => {
  const { phone, status, screen, transport, tell } = await start();
  const call = callOf("ringing", { role: "callee" });
  transport.current = call;
  tell({ kind: "invitation", call });
  await screen.type("a", "r", "d", "l ana");
  assertEquals(transport.log.slice(2), ["accept", "hang up", "hang up"]);
  assertEquals(screen.shown, ["registered", "invitation", "already_in_call"]);
  transport.current = callOf("talking");
  await screen.type("a", "r");
  assertEquals(screen.shown.slice(3), ["nothing_to_answer", "nothing_to_answer"]);
  phone.quit();
  await status;
});

for (const [answer, done] of [["accept", "accept"], ["reject", "hang up"]] as const) {
  Deno.test(`UserAgent answers invitations by itself: ${answer}`, async () => {
    const { phone, status, transport, tell } = await start({ answer });
    tell({ kind: "invitation", call: callOf("ringing") });
    assertEquals(transport.log.length, 2, "only when the transport has told all");
    await settle();
    assertEquals(transport.log.slice(2), [done]);
    phone.quit();
    await status;
  });
}

/** Ends of a call of the command line, what is shown, and the exit status. */
const ENDS: readonly (readonly [CallNotice, string, number])[] = [
  [{ kind: "rejected", reason: "ocupado" }, "rejected", EXIT.rejected],
  [{ kind: "rejected", reason: "outra_pessoa" }, "rejected", EXIT.unknownPerson],
  [{ kind: "unreachable", detail: { kind: "network_unreachable" } }, "unreachable", EXIT.registryUnreachable],
  [{ kind: "rejected", reason: "recusado" }, "rejected", EXIT.rejected],
  [{ kind: "rejected", reason: "sem_resposta" }, "rejected", EXIT.noAnswer],
  [{ kind: "no_answer" }, "no_answer", EXIT.noAnswer],
  [{ kind: "not_encrypted" }, "not_encrypted", EXIT.rejected],
  [{ kind: "cancelled" }, "invitation_cancelled", EXIT.givenUp],
  [{ kind: "withdrawn" }, "invitation_withdrawn", EXIT.noAnswer],
  [{ kind: "ended", end: "peer_hung_up" }, "call_ended", EXIT.done],
  [{ kind: "ended", end: "peer_lost" }, "call_ended", EXIT.callBroke],
];

for (const [notice, event, exit] of ENDS) {
  Deno.test(`UserAgent with a call of the command line ends with ${exit} at ${JSON.stringify(notice)}`, async () => {
    const { status, screen, transport, tell } = await start({ call: "Maria" });
    assertEquals(transport.log.slice(2), ["invite Maria"]);
    tell({ kind: "notice", call: callOf("ended"), notice });
    assertEquals(await status, exit);
    assertEquals(screen.shown, ["registered", "inviting", event, "closed"]);
  });
}

Deno.test("UserAgent that is ended before the call of the command line has begun ends with 10, later with 0", async () => {
  const early = await start({ call: "Maria" });
  early.phone.quit();
  assertEquals(await early.status, EXIT.givenUp);
  const late = await start({ call: "Maria" });
  late.tell({ kind: "notice", call: callOf(), notice: { kind: "started" } });
  late.phone.quit();
  late.tell({ kind: "notice", call: callOf("ended"), notice: { kind: "ended", end: "hung_up" } });
  assertEquals(await late.status, EXIT.done);
  const ready = await start({ answer: "accept" });
  ready.phone.quit();
  assertEquals(await ready.status, EXIT.done);
});

Deno.test("UserAgent whose recording failed ends with 11, unless it ends with another failure", async () => {
  const ends = [["hung_up", EXIT.recordingFailed], ["peer_lost", EXIT.callBroke]] as const;
  for (const [end, exit] of ends) {
    const { status, audio, tell } = await start({ call: "Maria" });
    tell({ kind: "notice", call: callOf(), notice: { kind: "started" } });
    audio.recordingFailed = true;
    tell({ kind: "notice", call: callOf("ended"), notice: { kind: "ended", end } });
    assertEquals(await status, exit);
  }
});

Deno.test("UserAgent with a call of the command line ends with 6 where there is no such person", async () => {
  const { parts, registry, screen } = fakeParts();
  registry.found = { kind: "unknown" };
  assertEquals(await new UserAgent({ ...OPTIONS, call: "Maria" }, parts).run(), EXIT.unknownPerson);
  assertEquals(screen.shown, ["registered", "unknown_person", "closed"]);
});

Deno.test("UserAgent with a call of the command line ends with 4 where the other phone is on another version of IP", async () => {
  const { parts, registry, screen } = fakeParts();
  registry.found = { kind: "found", person: { nome: "Maria", ip: "2001:db8::1", porta: 6000 } };
  assertEquals(await new UserAgent({ ...OPTIONS, call: "Maria" }, parts).run(), EXIT.registryUnreachable);
  assertEquals(screen.shown, ["registered", "other_ip_version", "closed"]);
});

Deno.test("UserAgent makes the call of the command line when the registry is back", async () => {
  const { parts, registry, screen, transport } = fakeParts();
  registry.found = { kind: "lost" };
  const phone = new UserAgent({ ...OPTIONS, call: "Maria" }, parts);
  const status = phone.run();
  await settle();
  assertEquals(screen.shown, ["registered", "registry_away"]);
  registry.options.onLost!();
  registry.found = { kind: "found", person: { nome: MARIA.name, ip: MARIA.ip, porta: MARIA.port } };
  registry.options.onBack!({ nome: "João", ip: OPTIONS.ip!, porta: 6000 });
  await settle();
  assertEquals(screen.shown.slice(2), ["registry_lost", "registry_back", "inviting"]);
  assertEquals(transport.log.at(-1), "invite Maria");
  phone.quit();
  await status;
});

Deno.test("UserAgent whose name another phone takes ends with 3, after its call", async () => {
  const free = await start();
  free.registry.options.onNameTaken!();
  assertEquals(await free.status, EXIT.nameTaken);
  const busy = await start();
  const call = callOf();
  busy.transport.current = call;
  busy.tell({ kind: "notice", call, notice: { kind: "started" } });
  busy.registry.options.onNameTaken!();
  await settle();
  assert(!busy.screen.shown.includes("closed"));
  busy.tell({ kind: "notice", call, notice: { kind: "ended", end: "peer_hung_up" } });
  assertEquals(await busy.status, EXIT.nameTaken);
  assertEquals(busy.screen.shown, ["registered", "call_started", "name_taken", "call_ended", "closed"]);
});

Deno.test("UserAgent whom the registry's operator removes says so and ends with 3, after its call", async () => {
  const free = await start();
  free.registry.options.onRemoved!();
  assertEquals(await free.status, EXIT.nameTaken);
  assertEquals(free.screen.shown, ["registered", "removed", "closed"]);
  const busy = await start();
  const call = callOf();
  busy.transport.current = call;
  busy.tell({ kind: "notice", call, notice: { kind: "started" } });
  busy.registry.options.onRemoved!();
  await settle();
  assert(!busy.screen.shown.includes("closed"));
  busy.tell({ kind: "notice", call, notice: { kind: "ended", end: "peer_hung_up" } });
  assertEquals(await busy.status, EXIT.nameTaken);
});

Deno.test("UserAgent shows the figures of a call that ends, and of one that was accepted and never began", async () => {
  const { phone, status, screen, tell } = await start();
  const ended = { kind: "notice", call: callOf(), notice: { kind: "ended", end: "hung_up" } } as const;
  tell({ kind: "notice", call: ended.call, notice: { kind: "started" } });
  await settle();
  tell(ended);
  await settle();
  tell(ended);
  await settle();
  assertEquals(
    screen.events.filter(({ event }) => event === "call_ended")
      .map((event) => (event as { framesSent: number }).framesSent),
    [7, 0],
  );
  phone.quit();
  await status;
});

Deno.test("UserAgent that leaves while a recording opens waits until it is complete", async () => {
  const { phone, status, audio, tell } = await start();
  const opening = Promise.withResolvers<void>();
  audio.opening = opening.promise;
  const call: Call = callOf();
  tell({ kind: "notice", call, notice: { kind: "started" } });
  tell({ kind: "notice", call, notice: { kind: "ended", end: "hung_up" } });
  phone.quit();
  await settle();
  assertEquals(audio.log.slice(2), ["opening"]);
  opening.resolve();
  assertEquals(await status, EXIT.done);
  assertEquals(audio.log.slice(2), ["opening", "open", "close"]);
  assert(phone.soundClosed);
});

Deno.test("UserAgent does not wait without end for devices that hang", async () => {
  const { phone, status, audio } = await start();
  audio.closing = new Promise(() => {});
  phone.quit();
  assertEquals(await status, EXIT.done);
  assert(!phone.soundClosed);
});

const NETWORK = [
  { interface: "lo", ip: "127.0.0.1", netmask: "255.0.0.0" },
  { interface: "eth0", ip: "192.0.2.1", netmask: "255.255.255.0" },
  { interface: "wlan0", ip: "198.51.100.1", netmask: "255.255.255.0" },
];

Deno.test("UserAgent registers the address of each connection, and says when it is another one", async () => {
  const { phone, status, screen, registry, transport } = await start({ ip: undefined });
  // Undefined: the registration takes that of the connection, now and later.
  assertEquals(registry.log, ["register João 192.0.2.1 6000"]);
  assertEquals(transport.name, "João");
  registry.options.onLost!();
  registry.options.onBack!({ nome: "João", ip: "192.0.2.9", porta: 6000 });
  registry.options.onLost!();
  registry.options.onBack!({ nome: "João", ip: "192.0.2.9", porta: 6000 });
  await settle();
  const back = ["registry_lost", "registry_back"];
  assertEquals(screen.shown, ["registered", ...back, "address_changed", ...back]);
  assertEquals(screen.events.find(({ event }) => event === "address_changed"), {
    event: "address_changed",
    name: "João",
    ip: "192.0.2.9",
    port: 6000,
    before: "192.0.2.1",
  });
  assertEquals(transport.log.at(-1), "follow 192.0.2.9");
  await screen.type("ligar maria");
  assertEquals(transport.self, { name: "João", ip: "192.0.2.9" });
  phone.quit();
  await status;
});

Deno.test("UserAgent looks for the peer of an encrypted call at its registered address when either may have moved", async () => {
  const { phone, status, registry, transport, tell } = await start({ ip: undefined });
  const probes = () => transport.log.filter((line) => line.startsWith("probe"));
  transport.current = callOf("talking");
  registry.options.onBack?.({ nome: "João", ip: "192.0.2.8", porta: 6000 });
  await settle();
  assertEquals(probes(), [], "without keys nothing could show that it is she");
  transport.current = callOf("talking", { keys: {} as CallKeys });
  registry.options.onBack?.({ nome: "João", ip: "192.0.2.9", porta: 6000 });
  await settle();
  assertEquals(probes(), [`probe ${MARIA.ip}`]);
  const notice = { kind: "peer_silent", seconds: 3 } as const;
  tell({ kind: "notice", call: transport.current, notice });
  await settle();
  assertEquals(probes().length, 2);
  registry.found = { kind: "found", person: { nome: "Maria", ip: "255.255.255.255", porta: 6000 } };
  tell({ kind: "notice", call: transport.current, notice });
  await settle();
  assertEquals(probes().length, 2);
  phone.quit();
  await status;
});

Deno.test("UserAgent takes an answer from elsewhere for the callee's only if the registry gives that address now", async () => {
  const { phone, status, registry, transport, tell } = await start();
  const call = transport.current = callOf("proceeding");
  const told = () => transport.log.filter((line) => line.startsWith("callee at"));
  const listener = { ip: "192.0.2.66", port: MARIA.port };
  for (const from of [listener, { ip: MARIA.ip, port: MARIA.port + 1 }]) {
    tell({ kind: "answered_elsewhere", call, from });
    await settle();
    assertEquals(told(), []);
  }
  registry.found = { kind: "found", person: { nome: "Maria", ip: "192.0.2.9", porta: MARIA.port } };
  tell({ kind: "answered_elsewhere", call, from: { ip: "192.0.2.9", port: MARIA.port } });
  await settle();
  assertEquals(told(), ["callee at 192.0.2.9"]);
  phone.quit();
  await status;
});

Deno.test("UserAgent asks the registry who is in the room where a call needs it", async () => {
  const { phone, status, registry, transport, tell } = await start();
  registry.people = ["Maria", "Pedro"];
  tell({ kind: "room_wanted", askedAt: 7 });
  await settle();
  assertEquals(transport.log.filter((line) => line.startsWith("room")), ["room Maria,Pedro at 7"]);
  phone.quit();
  await status;
});

/** Addresses that the registry gives for Maria, and what is wrong with each for a phone at 192.0.2.1. */
const NOWHERE = [
  ["0.0.0.0", 6000, "unspecified_address"],
  ["ff02::1", 6000, "multicast_address"],
  ["255.255.255.255", 6000, "broadcast_address"],
  ["192.0.2.255", 6000, "broadcast_address"],
  ["198.51.100.255", 6000, "broadcast_address"],
  ["127.0.0.1", 6000, "loopback_address"],
  ["169.254.1.1", 6000, "link_local_address"],
  ["", 6000, "no_address"],
  ["192.0.2.2", 0, "no_port"],
] as const;

for (const [ip, porta, kind] of NOWHERE) {
  Deno.test(`UserAgent calls nobody at ${ip}:${porta}, and says why`, async () => {
    const { phone, status, screen, registry, transport } = await start({}, false, NETWORK);
    registry.found = { kind: "found", person: { nome: "Maria", ip, porta } };
    await screen.type("ligar maria");
    assertEquals(screen.events.at(-1), {
      event: "unreachable",
      name: "Maria",
      ip,
      port: porta,
      detail: { kind },
    });
    assert(!transport.log.includes("invite Maria"));
    phone.quit();
    assertEquals(await status, EXIT.done);
    const { parts, registry: again } = fakeParts(false, NETWORK);
    again.found = registry.found;
    assertEquals(
      await new UserAgent({ ...OPTIONS, call: "Maria" }, parts).run(),
      EXIT.registryUnreachable,
    );
  });
}

Deno.test("UserAgent calls a loopback address of a registry on its own machine", async () => {
  const { phone, status, screen, registry, transport } = await start({}, false, NETWORK);
  registry.near = true;
  registry.found = { kind: "found", person: { nome: "Maria", ip: "127.0.0.1", porta: 6000 } };
  await screen.type("ligar maria");
  assertEquals(transport.log.at(-1), "invite Maria");
  phone.quit();
  await status;
});

Deno.test("UserAgent at a loopback address calls its own machine only, since no answer would come from another", async () => {
  const { parts, screen, registry, transport } = fakeParts(false, NETWORK);
  Object.assign(registry, { localIp: "127.0.0.1", near: true });
  const phone = new UserAgent({ ...OPTIONS, ip: undefined }, parts);
  const status = phone.run();
  await settle();
  const call = async (ip: string) => {
    registry.found = { kind: "found", person: { nome: "Maria", ip, porta: 6000 } };
    await screen.type("ligar maria");
  };
  await call("192.0.2.2");
  const detail = { kind: "own_loopback_address" } as const;
  assertEquals(screen.events.at(-1), {
    event: "unreachable",
    name: "Maria",
    ip: "192.0.2.2",
    port: 6000,
    detail,
  });
  await call("192.0.2.1");
  assertEquals(transport.log.filter((line) => line === "invite Maria").length, 1);
  phone.quit();
  await status;
});

for (const [ip, kind] of [["192.0.2.255", "broadcast_address"], ["127.0.0.1", "loopback_address"]] as const) {
  Deno.test(`UserAgent does not register ${ip} over a network`, async () => {
    const { parts, registry, screen } = fakeParts(false, NETWORK);
    assertEquals(await new UserAgent({ ...OPTIONS, ip }, parts).run(), EXIT.wrongUsage);
    const problem = { kind: "bad_address", option: "--ip", value: ip, detail: { kind } } as const;
    assertEquals(screen.events, [{ event: "wrong_usage", problem }]);
    assertEquals(registry.log, ["close"]);
  });
}

Deno.test("UserAgent says that not everybody reaches a link-local address where there are several networks", async () => {
  const ip = "169.254.7.1";
  const link = { interface: "usb0", ip, netmask: "255.255.0.0" };
  const several = await start({ ip }, false, [...NETWORK, link]);
  assertEquals(several.screen.shown, ["registered", "only_link_local"]);
  const one = await start({ ip }, false, [NETWORK[0]!, link]);
  assertEquals(one.screen.shown, ["registered"]);
  for (const { phone, status } of [several, one]) {
    phone.quit();
    await status;
  }
});

Deno.test("UserAgent says that it refused an invitation for somebody else", async () => {
  const { phone, status, screen, tell } = await start();
  tell({ kind: "misdirected_rejected", name: "Maria", wanted: "Pedro" });
  assertEquals(screen.events.at(-1), { event: "misdirected_rejected", name: "Maria", wanted: "Pedro" });
  phone.quit();
  await status;
});

for (const state of ["inviting", "proceeding", "talking", "ringing"] as const) {
  Deno.test(`UserAgent whose address changes in a call that is ${state} invites anew only without an answer`, async () => {
    const { phone, status, screen, registry, transport } = await start({ ip: undefined });
    await screen.type("ligar maria");
    transport.current = callOf(state, { role: state === "ringing" ? "callee" : "caller" });
    registry.options.onBack!({ nome: "João", ip: "192.0.2.9", porta: 6000 });
    await settle();
    const again = state === "inviting" || state === "proceeding";
    assertEquals(transport.log.slice(3), ["follow 192.0.2.9", ...again ? ["withdraw", "invite Maria"] : []]);
    assertEquals(screen.shown.slice(2), ["registry_back", "address_changed", ...again ? ["inviting"] : []]);
    assertEquals(transport.self?.ip, again ? "192.0.2.9" : "192.0.2.1");
    phone.quit();
    await status;
  });
}
/** What the phone shows after a command, with the people in the room and without the person that it names. */
async function find(people: readonly string[], line: string) {
  const { phone, status, screen, registry, transport } = await start();
  registry.people = [...people, "João"];
  registry.found = { kind: "unknown" };
  await screen.type(line);
  phone.quit();
  await status;
  return {
    events: screen.events.slice(1, -1),
    invited: transport.log.filter((entry) => entry.startsWith("invite")),
  };
}

Deno.test("UserAgent calls the one person whose name differs only in accents, case or blanks, and says so", async () => {
  for (const typed of ["ana luisa", "ANA  LUÍSA", '"ana luisa"', "Ána Luisa"]) {
    const { events, invited } = await find(["Ana Luísa", "Ana"], `ligar ${typed}`);
    assertEquals(events.map(({ event }) => event), ["other_spelling", "inviting"]);
    assertEquals(invited, ["invite Ana Luísa"]);
  }
  const looked = await find(["Ana Luísa"], "consultar ana luisa");
  assertEquals(looked.events.map(({ event }) => event), ["other_spelling", "person"]);
});

Deno.test("UserAgent suggests people with similar names, and calls none of them", async () => {
  for (
    const [people, typed, similar] of [
      [["María", "Mária"], "maria", ["María", "Mária"]],
      [["Maria", "Pedro"], "mairia", ["Maria"]],
      [["Maria José", "Pedro"], "mairia", ["Maria José"]],
      [["Maria José", "Pedro"], "jose", ["Maria José"]],
      [["Pedro"], "maria", []],
      [[], "joão", []],
    ] as const
  ) {
    const { events, invited } = await find(people, `consultar ${typed}`);
    assertEquals(events, [{ event: "unknown_person", name: typed, similar }]);
    assertEquals(invited, []);
  }
});

Deno.test("UserAgent answers a Tab once, with all in the room now, or with those known if the registry is silent", async () => {
  const { phone, status, screen, registry, transport, tell } = await start();
  const press = async () => {
    screen.offered.length = 0;
    screen.wantNames();
    await settle();
    return screen.offered;
  };
  registry.people = ["Ana", "Bia", "João"];
  assertEquals(await press(), [["Ana", "Bia"]], "not this phone's own");
  registry.people = ["Pedro"];
  assertEquals(await press(), [["Pedro"]]);
  assertEquals(screen.shown, ["registered"], "no table");
  registry.list = () => Promise.resolve({ kind: "lost" });
  transport.current = callOf("ringing", { role: "callee" });
  tell({ kind: "invitation", call: transport.current });
  assertEquals(await press(), [["Pedro", MARIA.name]]);
  phone.quit();
  await status;
});

Deno.test("UserAgent mutes and unmutes by words that say which", async () => {
  const { phone, status, screen, audio } = await start();
  const muted: boolean[] = [];
  for (const line of ["unmute", "silenciar", "silenciar", "desmutar", "mudo", "mudo"]) {
    await screen.type(line);
    muted.push(audio.muted);
  }
  assertEquals(muted, [false, true, true, false, true, false]);
  phone.quit();
  await status;
});

/** Notices after an invitation, and what tones they make; the live line is gone after each. */
const RINGS: readonly (readonly [CallNotice["kind"], readonly string[]])[] = [
  ["started", ["hush"]],
  ["rejected", ["busy"]],
  ["no_answer", ["busy"]],
  ["cancelled", ["close"]],
  ["missed", ["close"]],
  ["refused", ["close"]],
  ["withdrawn", ["close"]],
];

for (const [kind, tones] of RINGS) {
  Deno.test(`UserAgent shows and sounds an invitation until it is "${kind}"`, async () => {
    const { phone, status, screen, audio, transport, tell } = await start();
    const call = callOf("ringing", { role: "callee" });
    transport.current = call;
    tell({ kind: "invitation", call });
    assertEquals(audio.tones.splice(0), ["close", "ring"]);
    assertEquals(screen.statuses.at(-1), { ringing: "in", name: MARIA.name, seconds: 0 });
    tell({ kind: "notice", call, notice: { kind, reason: "ocupado" } as CallNotice });
    assertEquals(audio.tones, tones);
    assertEquals(screen.statuses.at(-1), undefined);
    if (kind === "started") tell({ kind: "notice", call, notice: { kind: "ended", end: "hung_up" } });
    phone.quit();
    await status;
    assertEquals(audio.tones.at(-1), "close");
  });
}

Deno.test("UserAgent plays the ringback tone once the other phone rings, and none for a call that it takes by itself", async () => {
  const { phone, status, screen, audio, tell } = await start();
  await screen.type("ligar maria");
  assertEquals(screen.statuses.at(-1), { ringing: "out", name: MARIA.name, seconds: 0 });
  assertEquals(audio.tones.splice(0), ["close"]);
  tell({ kind: "notice", call: callOf("inviting"), notice: { kind: "ringing" } });
  assertEquals(audio.tones, ["ringback"]);
  phone.quit();
  await status;
  const automatic = await start({ answer: "accept" });
  automatic.tell({ kind: "invitation", call: callOf("ringing") });
  await settle();
  assertEquals(automatic.audio.tones, []);
  assertEquals(automatic.screen.statuses, []);
  automatic.phone.quit();
  await automatic.status;
});

Deno.test("UserAgent is silent as soon as the person accepts", async () => {
  const { phone, status, screen, audio, transport, tell } = await start();
  transport.current = callOf("ringing", { role: "callee" });
  tell({ kind: "invitation", call: transport.current });
  await screen.type("atender");
  assertEquals(audio.tones.slice(2), ["hush"]);
  assertEquals(screen.statuses.at(-1), undefined);
  phone.quit();
  await status;
});

Deno.test("UserAgent looks up a screen's list of people, once at a time, as nobody's command", async () => {
  const { phone, status, screen, registry } = await start();
  registry.people = ["Ana", "João"];
  const listing = Promise.withResolvers<void>();
  registry.listing = listing.promise;
  screen.wantPeople();
  screen.wantPeople();
  const trace = (text: string) =>
    registry.options.onTrace?.({
      direction: "sent",
      transport: "TCP",
      peer: { ip: "192.0.2.9", port: 5000 },
      text,
    });
  trace('{"tipo":"lista"}');
  trace('{"tipo":"consulta","nome":"Ana"}');
  listing.resolve();
  await settle();
  trace('{"tipo":"lista"}');
  assertEquals(registry.log.filter((entry) => entry === "list").length, 1);
  assertEquals(screen.lists.map((people) => people.map(({ name }) => name)), [["Ana", "João"]]);
  assertEquals(screen.shown, ["registered"], "no table");
  const messages = screen.events.filter((event) => event.event === "message");
  assertEquals(messages.map(({ routine = false }) => routine), [true, false, false]);
  registry.list = () => Promise.resolve({ kind: "lost" });
  screen.wantPeople();
  await settle();
  assertEquals(screen.lists.length, 1, "what is known stays");
  phone.quit();
  await status;
});
