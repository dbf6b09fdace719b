import { assertEquals } from "@std/assert";
import { RequestLedger } from "../../../bench/soak/request_ledger.ts";

/** A conversation: `>` sent, `<` received, `|` end of the connection. */
function ledgerOf(...conversation: readonly string[]): RequestLedger {
  const ledger = new RequestLedger();
  for (const [now, step] of conversation.entries()) {
    if (step === "|") {
      ledger.connectionEnded(now);
      continue;
    }
    const [tipo, codigo] = step.slice(1).split(" ");
    ledger.take(now, {
      direction: step[0] === ">" ? "sent" : "received",
      transport: "TCP",
      peer: { ip: "127.0.0.1", port: 5000 },
      text: JSON.stringify({ tipo, codigo }),
    });
  }
  return ledger;
}

const CASES: [name: string, conversation: string[], expected: Partial<RequestLedger["counts"]>][] = [
  [
    "a reply to each, in order",
    [">registro", "<registro_confirmado", ">consulta", ">lista"].concat(
      ["<resposta_consulta", "<resposta_lista", ">fechamento", "<fechamento_confirmado"],
    ),
    { sent: 4, answered: 4, cutOffAt: [], unexpected: [] },
  ],
  ["an error answers anything", [">consulta", "<erro usuario_nao_encontrado"], {
    answered: 1,
    namesRefused: 0,
  }],
  ["a name that is taken", [">registro", "<erro nome_em_uso"], { answered: 1, namesRefused: 1 }],
  ["ping of the registry is no reply", [">lista", "<ping", ">pong", "<resposta_lista"], {
    sent: 1,
    answered: 1,
  }],
  ["a reply that comes twice", [">ping", "<pong", "<pong"], { answered: 1, unexpected: ['{"tipo":"pong"}'] }],
  ["a reply to another request", [">lista", "<resposta_consulta"], {
    answered: 0,
    unexpected: ['{"tipo":"resposta_consulta"}'],
  }],
  ["cut off by the end", [">registro", "<registro_confirmado", ">consulta", ">lista", "|"], {
    sent: 3,
    answered: 1,
    cutOffAt: [4, 4],
  }],
  ["cut off by the next connection", [">registro", ">registro", "<registro_confirmado"], {
    sent: 2,
    answered: 1,
    cutOffAt: [1],
  }],
  ["a goodbye that nobody confirmed", [">lista", ">fechamento", "|"], { cutOffAt: [2], goodbyesCutOff: 1 }],
  ["a password", [">registro", "<desafio", ">resposta_desafio", "<registro_confirmado"], {
    sent: 2,
    answered: 2,
  }],
];

for (const [name, conversation, expected] of CASES) {
  Deno.test(`RequestLedger counts: ${name}`, () => {
    const counts = ledgerOf(...conversation).counts;
    assertEquals({ ...counts, ...expected }, counts);
  });
}

Deno.test("RequestLedger counts unanswered requests", () => {
  assertEquals(ledgerOf(">registro", "<registro_confirmado", ">consulta", ">lista").waiting, 2);
});
