import { oneIn } from "../../testing/everything.ts";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { HOSTILE_CLASSES, hostileIn } from "../ui/hostile_text.ts";
import { startProcess, type ToolProcess } from "../../testing/processes.ts";

const strict = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();
const CLASSES = Object.entries(HOSTILE_CLASSES);

/** A call's name that is new each time. */
function chamada(index: number): string {
  return `hostil-${index}`.padEnd(20, "x");
}

/** JSON as a writer makes it, and the same with every character beyond ASCII, or none at all, as an escape. */
function spellings(message: object): string[] {
  const plain = JSON.stringify(message);
  const escaped = plain.replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  // Characters that JSON must escape.
  const raw = plain.replace(
    /\\u([0-9a-f]{4})/g,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)).toWellFormed(),
  );
  return [plain, escaped, raw];
}

/** Checks all output of a process, byte by byte. */
function assertHarmless(process: ToolProcess, json: boolean): void {
  for (
    const [where, bytes] of [["output", process.bytes], ["errors", encoder.encode(process.stderr)]] as const
  ) {
    const text = strict.decode(bytes);
    // In JSON marks are plain text; its reader shows them.
    const found = hostileIn(json ? text.replace(/\p{M}/gu, "") : text);
    assertEquals(found, undefined, `standard ${where} of ${process.kind}`);
  }
  assertGreater(process.lines.length, CLASSES.length, "it did tell of what came");
}

/** Reads lines of a connection and sends the answers that `answer` gives. */
async function converse(
  connection: Deno.TcpConn,
  answer: (request: Record<string, string>) => string | undefined,
): Promise<void> {
  let text = "";
  for await (const chunk of connection.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const reply = answer(JSON.parse(line));
      if (reply !== undefined) await connection.write(encoder.encode(`${reply}\n`));
    }
  }
}

/** A hostile registry: lets the phone in, and sends hostile text in all else. */
class EvilRegistry implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;
  readonly #refusing: boolean;
  #connection: Deno.TcpConn | undefined;
  #asked = 0;

  constructor(refusing = false) {
    this.#refusing = refusing;
    this.#serving = this.#serve();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async #serve(): Promise<void> {
    const connection = this.#connection = await this.#listener.accept();
    await converse(connection, (request) => this.#answer(request)).catch(() => {});
  }

  #answer(request: Record<string, string>): string | undefined {
    const { tipo, nome, ip, porta } = request;
    const hostile = CLASSES[this.#asked % CLASSES.length]![1];
    switch (tipo) {
      case "registro":
        if (this.#refusing) {
          return JSON.stringify({ tipo: "erro", codigo: "mensagem_invalida", mensagem: allHostile() });
        }
        return [
          ...CLASSES.flatMap(([, text]) =>
            spellings({ tipo: "registro_confirmado", nome: text, ip: text, porta: 1 })
          ),
          JSON.stringify({ tipo: "registro_confirmado", nome, ip, porta }),
        ].join("\n");
      case "consulta":
        this.#asked++;
        return spellings({ tipo: "erro", codigo: hostile, mensagem: hostile })[this.#asked % 2];
      case "lista": {
        const usuarios = [{ nome: "maria", ip: "::1", porta: 1 }].concat(
          CLASSES.map(([, text]) => ({ nome: `x${text}`, ip: "::1", porta: 2 })),
        );
        return JSON.stringify({ tipo: "resposta_lista", usuarios });
      }
      case "fechamento":
        return JSON.stringify({ tipo: "fechamento_confirmado", nome: "x" });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    try {
      this.#connection?.close();
    } catch {
      // It is closed already.
    }
    await this.#serving.catch(() => {});
  }
}

/** One of each, one after the other. */
function allHostile(): string {
  return CLASSES.map(([, text]) => text).join(" | ");
}

/** A hostile phone: sends hostile datagrams, and invites under hostile names. */
async function sendHostileDatagrams(port: number): Promise<void> {
  using socket = disposable(Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }));
  const { port: own } = socket.addr as Deno.NetAddr;
  const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
  for (const [index, [, text]] of CLASSES.entries()) {
    const convite = { tipo: "convite", chamada: chamada(index), nome: text, ip: "127.0.0.1", porta: own };
    for (const spelling of spellings(convite)) await socket.send(encoder.encode(spelling), to);
    await socket.send(encoder.encode(`{"tipo":"tocando","chamada":"${text}"}`), to);
    await socket.send(Uint8Array.from([0x7b, 0xff, 0xc0, 0x9b, 0x1b, 0x5b, 0x32, 0x4a]), to);
  }
  // The only one that rings, and rings on.
  const last = { tipo: "convite", chamada: chamada(99), nome: "pedro", ip: "127.0.0.1", porta: own };
  await socket.send(encoder.encode(JSON.stringify(last)), to);
}

function disposable<Socket extends { close(): void }>(socket: Socket): Socket & Disposable {
  return Object.assign(socket, { [Symbol.dispose]: () => socket.close() });
}

for (const json of oneIn(2, [false, true])) {
  const args = json ? ["--json"] : [];
  const mode = json ? "as JSON" : "in words";

  Deno.test(`a phone shows nothing hostile of what registry and phones send, ${mode}`, async () => {
    await using registry = new EvilRegistry();
    await using phone = startProcess(
      "phone",
      [`127.0.0.1:${registry.port}`, "joão", "0", "--mic", "none", "--speaker", "none", ...args],
      { stdin: "piped" },
    );
    const registration = await phone.waitFor((line) => line.includes("registro") && line.includes("porta"));
    const port = Number(/porta\\?":(\d+)/.exec(registration)?.[1]);
    for (const [index, [, text]] of CLASSES.entries()) {
      await phone.type(`consultar x${index}`);
      await phone.waitForText(json ? '"event":"failed"' : "nesperado");
      // Typed text is shown again, too.
      await phone.type(`ligar ${text.replace(/[\r\n]/g, "").toWellFormed()}`);
    }
    await phone.type("lista");
    await phone.waitForText(json ? '"event":"people"' : "na sala:");
    await sendHostileDatagrams(port);
    await phone.waitFor((line) => line.includes("pedro") && !line.includes("tipo"));
    await phone.type("sair");
    assertEquals(await phone.exitCode(), 0, phone.report());
    assertHarmless(phone, json);
    if (json) assertEquals(phone.events("people")[0]?.people, [{ name: "maria", ip: "::1", port: 1 }]);
  });

  Deno.test(`a registry shows nothing hostile of what phones send, ${mode}`, async () => {
    await using registry = startProcess("registry", ["--port", "0", ...args]);
    const opened = await registry.waitFor((line) => /0\.0\.0\.0/.test(line));
    const port = Number(/(?::|"port":)(\d+)[ ,}]/.exec(opened.slice(opened.indexOf("0.0.0.0")))?.[1]);
    using evil = await Deno.connect({ hostname: "127.0.0.1", port });
    for (const [, text] of CLASSES) {
      const message = { tipo: "registro", nome: text, ip: text, porta: 6000, id: text };
      for (const spelling of [...spellings(message), ...spellings({ tipo: text }), text]) {
        await evil.write(encoder.encode(`${spelling}\n`));
      }
    }
    await evil.write(Uint8Array.from([0x9b, 0x32, 0x4a, 0xff, 0x1b, 0x63, 0x0a]));
    const named = {
      tipo: "registro",
      nome: "pedro",
      ip: "192.0.2.1",
      porta: 6000,
      id: allHostile().slice(0, 60),
    };
    await evil.write(encoder.encode(`${JSON.stringify(named)}\n`));
    // A message that exceeds the limit, without an end.
    await evil.write(encoder.encode(`${HOSTILE_CLASSES["escape sequences"]}`.repeat(200)));
    await registry.waitFor((line) => line.includes("pedro") && !line.includes("tipo"));
    registry.kill("SIGTERM");
    assertEquals(await registry.exitCode(), 0, registry.report());
    assertHarmless(registry, json);
  });

  Deno.test(`a phone that is refused with hostile text shows harmless text, ${mode}`, async () => {
    await using registry = new EvilRegistry(true);
    await using phone = startProcess("phone", [
      `127.0.0.1:${registry.port}`,
      "joão",
      "0",
      "--mic",
      "none",
      "--speaker",
      "none",
      ...args,
    ]);
    assertEquals(await phone.exitCode(), 4, phone.report());
    const shown = phone.stdout + phone.stderr;
    assert(shown.includes(json ? "\\u001b[2J" : "\\u{1b}[2J"), "they were shown");
    const found = hostileIn(json ? shown.replace(/\p{M}/gu, "") : shown);
    assertEquals(found, undefined);
  });

  Deno.test(`both tools show nothing hostile of their own arguments, ${mode}`, async () => {
    // An argument of a program holds no NUL and no lone surrogate.
    const text = allHostile().replaceAll("\0", "").toWellFormed();
    for (
      const [kind, given] of [
        ["phone", [text, "joão"]],
        ["phone", ["127.0.0.1:1", text]],
        ["phone", ["127.0.0.1:1", "joão", "0", "--mic", text]],
        ["phone", ["127.0.0.1:1", "joão", "0", "--mic", "none", "--speaker", `/none/${text}.wav`]],
        ["phone", ["127.0.0.1:1", "joão", "0", `--${text}`]],
        ["phone", ["x.invalid", "joão", "0", "--mic", "none", "--speaker", "none", "--answer", text]],
        ["registry", ["--host", text]],
        ["registry", ["--port", text]],
        ["registry", [`--${text}`]],
        ["registry", [text]],
      ] as const
    ) {
      await using process = startProcess(kind, [...given, ...args]);
      assertGreater(await process.exitCode(), 0, process.report());
      const shown = strict.decode(process.bytes) + process.stderr;
      assertGreater(shown.length, 0);
      assertEquals(
        hostileIn(json ? shown.replace(/\p{M}/gu, "") : shown),
        undefined,
        `${kind} ${JSON.stringify(given)}`,
      );
    }
  });
}
