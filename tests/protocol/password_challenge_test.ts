import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import {
  type Challenge,
  ITERATIONS,
  PasswordGate,
  RoomPassword,
} from "../../lib/protocol/password_challenge.ts";

const joao = { nome: "joão", ip: "192.168.0.101", porta: 6000 };
const PASSWORD = "segredo da sala";

const gate = await PasswordGate.open(PASSWORD);
const password = new RoomPassword(PASSWORD);

async function accepted(known: RoomPassword, change: Partial<typeof joao> = {}): Promise<boolean> {
  const challenge = gate.challenge();
  const answer = await known.answer(challenge, joao);
  return answer !== undefined && gate.accepts(challenge, answer, { ...joao, ...change });
}

Deno.test("PasswordGate accepts the right password, however its accents are encoded", async () => {
  assertEquals(await accepted(password), true);
  assertEquals(await accepted(new RoomPassword("outro")), false);
  assertEquals(await accepted(new RoomPassword("")), false);
  const accents = await PasswordGate.open("joa\u0303o");
  const challenge = accents.challenge();
  const answer = await new RoomPassword("jo\u00e3o").answer(challenge, joao);
  assertEquals(answer && accents.accepts(challenge, answer, joao), true);
});

Deno.test("PasswordGate with another password decides challenges by the one that they were made with", async () => {
  const changing = await PasswordGate.open(PASSWORD);
  const [other, third] = [new RoomPassword("outra"), new RoomPassword("terceira")];
  const accepts = async (challenge: Challenge, known: RoomPassword) => {
    const answer = await known.answer(challenge, joao);
    return answer !== undefined && changing.accepts(challenge, answer, joao);
  };
  const before = changing.challenge();
  await changing.change("outra");
  assertEquals([await accepts(before, password), await accepts(before, other)], [true, false]);
  const after = changing.challenge();
  assertNotEquals(after.sal, before.sal);
  assertEquals([await accepts(after, password), await accepts(after, other)], [false, true]);
  await changing.change("terceira");
  assertEquals([await accepts(before, password), await accepts(after, other)], [false, true]);
  assertEquals(await accepts(changing.challenge(), third), true);
});

Deno.test("PasswordGate accepts an answer only for its registration and challenge", async () => {
  for (const change of [{ nome: "maria" }, { ip: "192.168.0.102" }, { porta: 6001 }]) {
    assertEquals(await accepted(password, change), false, JSON.stringify(change));
  }
  const answer = await password.answer(gate.challenge(), joao);
  assertEquals(answer && gate.accepts(gate.challenge(), answer, joao), false, "an old one");
  const challenge = gate.challenge();
  const right = await password.answer(challenge, joao);
  for (
    const wrong of [{ nonce: "x".repeat(22) }, { prova: "x".repeat(43) }, { prova: "" }, {
      prova: "ã".repeat(43),
    }]
  ) {
    assertEquals(
      right && gate.accepts(challenge, { ...right, ...wrong }, joao),
      false,
      JSON.stringify(wrong),
    );
  }
});

Deno.test("PasswordGate.challenge() has a fresh nonce and the same salt each time", async () => {
  const first = gate.challenge();
  assertNotEquals(gate.challenge().nonce, first.nonce);
  assertEquals(gate.challenge().sal, first.sal);
  assertNotEquals((await PasswordGate.open(PASSWORD)).challenge().sal, first.sal);
  assertMatch(`${first.sal} ${first.nonce}`, /^[\w-]{22} [\w-]{22}$/);
});

Deno.test("RoomPassword answers no challenge with too few or too many iterations", async () => {
  for (const iteracoes of [0, 1, ITERATIONS - 1, 10 * ITERATIONS + 1, Number.MAX_SAFE_INTEGER]) {
    const challenge: Challenge = { ...gate.challenge(), iteracoes };
    assertEquals(await password.answer(challenge, joao), undefined, `${iteracoes}`);
  }
});

Deno.test("RoomPassword.answer() has a fresh nonce each time", async () => {
  const challenge = gate.challenge();
  const [first, second] = [await password.answer(challenge, joao), await password.answer(challenge, joao)];
  assertNotEquals(first?.nonce, second?.nonce);
  assertNotEquals(first?.prova, second?.prova);
});
