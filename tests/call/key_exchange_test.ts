import { assert, assertEquals, assertMatch } from "@std/assert";
import { type CallKeys, commitment, KeyExchange, KeyPair } from "../../lib/call/key_exchange.ts";

const hex = (text: string) => Uint8Array.fromHex(text);
const base64url = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

const INVITATION = { chamada: "q3mZ0b1c2d3e4f5g6h7i8w", nome: "joão", midia: "opus/48000/1" };

/** Alice and Bob of RFC 7748, section 6.1. */
const ALICE = KeyPair.from(hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
const BOB = KeyPair.from(hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
const SECRET = hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");

/** The keys of both sides of an exchange. */
function agree(callers: KeyPair, callees: KeyPair): { caller: CallKeys; callee: CallKeys } {
  const offer = KeyExchange.offer(INVITATION, callers);
  const answer = KeyExchange.answer(INVITATION, offer.commitment, callees);
  const caller = offer.complete(answer.publicKey);
  const callee = answer.complete(offer.publicKey);
  assert(caller && callee);
  return { caller, callee };
}

Deno.test("KeyPair has the public keys and the secret of RFC 7748, section 6.1", () => {
  assertEquals(
    ALICE.publicKey,
    base64url(hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")),
  );
  assertEquals(
    BOB.publicKey,
    base64url(hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")),
  );
  assertEquals(ALICE.agree(BOB.publicKey), SECRET);
  assertEquals(BOB.agree(ALICE.publicKey), SECRET);
});

Deno.test("KeyPair.generate() makes another key pair each time", () => {
  const pairs = Array.from({ length: 20 }, () => KeyPair.generate());
  assertEquals(new Set(pairs.map(({ publicKey }) => publicKey)).size, 20);
  for (const { publicKey } of pairs) assertMatch(publicKey, /^[A-Za-z0-9_-]{43}$/);
  assertEquals(pairs[0]!.agree(pairs[1]!.publicKey), pairs[1]!.agree(pairs[0]!.publicKey));
});

Deno.test("KeyPair.agree() refuses keys of small order", () => {
  for (
    const bad of [
      "00".repeat(32),
      `01${"00".repeat(31)}`,
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      `ec${"ff".repeat(30)}7f`,
      `ed${"ff".repeat(30)}7f`,
      `ee${"ff".repeat(30)}7f`,
    ]
  ) assertEquals(ALICE.agree(base64url(hex(bad))), undefined, bad);
});

Deno.test("KeyExchange gives both sides the same keys, and each direction its own", () => {
  const { caller, callee } = agree(KeyPair.generate(), KeyPair.generate());
  assertEquals(caller.code, callee.code);
  assertEquals(caller.outgoing, callee.incoming);
  assertEquals(caller.incoming, callee.outgoing);
  const all = [caller.outgoing, caller.incoming].flatMap(({ key, salt }) => [key.toHex(), salt.toHex()]);
  assertEquals(new Set(all).size, 4);
  assertEquals([caller.outgoing.key.length, caller.outgoing.salt.length], [16, 12]);
});

Deno.test("KeyExchange refuses a caller's key that does not open the commitment", () => {
  const offer = KeyExchange.offer(INVITATION, ALICE);
  const answer = KeyExchange.answer(INVITATION, offer.commitment, BOB);
  assert(answer.opens(ALICE.publicKey));
  assert(!answer.opens(BOB.publicKey));
  assertEquals(answer.complete(KeyPair.generate().publicKey), undefined);
});

Deno.test("KeyExchange gives other keys if any field of the invitation differs", () => {
  const { callee } = agree(ALICE, BOB);
  const codes = new Set([callee.outgoing.key.toHex()]);
  for (
    const other of [
      { ...INVITATION, chamada: "q3mZ0b1c2d3e4f5g6h7i8x" },
      { ...INVITATION, nome: "João" },
      { ...INVITATION, midia: "opus/48000/2" },
    ]
  ) {
    const committed = commitment(other, ALICE.publicKey);
    const keys = KeyExchange.answer(other, committed, BOB).complete(ALICE.publicKey);
    codes.add(keys!.outgoing.key.toHex());
    assert(committed !== commitment(INVITATION, ALICE.publicKey));
  }
  assertEquals(codes.size, 4);
});

Deno.test("a man in the middle gets two calls with two codes", () => {
  let same = 0;
  for (let round = 0; round < 300; round++) {
    const [forCaller, forCallee] = [KeyPair.generate(), KeyPair.generate()];
    same += agree(ALICE, forCaller).caller.code === agree(forCallee, BOB).callee.code ? 1 : 0;
  }
  assert(same <= 1, "one in 100,000 by chance");
});

Deno.test("CallKeys.code has five digits, uniformly distributed", () => {
  const counts = Array.from({ length: 5 }, () => new Array<number>(10).fill(0));
  const rounds = 2000;
  for (let round = 0; round < rounds; round++) {
    const { code } = agree(KeyPair.generate(), BOB).callee;
    assertMatch(code, /^\d{5}$/);
    [...code].forEach((digit, place) => counts[place]![Number(digit)]!++);
  }
  // Six standard deviations of the binomial distribution.
  const tolerance = 6 * Math.sqrt(rounds * 0.1 * 0.9);
  for (const count of counts.flat()) assert(Math.abs(count - rounds / 10) < tolerance, `${counts}`);
});

Deno.test("CallKeys.mac() authenticates the message, the sender and the call", () => {
  const { caller, callee } = agree(ALICE, BOB);
  const other = agree(ALICE, KeyPair.generate());
  const mac = caller.mac("encerrar_ligação");
  assert(callee.verifyMac("encerrar_ligação", mac));
  assert(!callee.verifyMac("ligação_encerrada", mac), "another message");
  assert(!caller.verifyMac("encerrar_ligação", mac), "its own, reflected");
  assert(!other.callee.verifyMac("encerrar_ligação", mac), "another call's");
  assert(!callee.verifyMac("encerrar_ligação", undefined));
  for (let place = 0; place < 21; place++) {
    const letter = mac[place] === "A" ? "B" : "A";
    assert(!callee.verifyMac("encerrar_ligação", mac.slice(0, place) + letter + mac.slice(place + 1)));
  }
});
