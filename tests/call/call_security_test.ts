import { assert, assertEquals } from "@std/assert";
import { CallSecurity } from "../../lib/call/call_security.ts";
import type { Encryption } from "../../lib/call/encryption_policy.ts";
import { fixedKeyPair, fixedPolicy } from "./fixed_policy.ts";

const chamada = "A".repeat(22);
const INVITATION = { chamada, nome: "João", midia: "opus/48000/1" };

/** Both sides of a call, after its invitation. */
function pair(
  callers: Encryption,
  callees: Encryption = "preferred",
): { caller: CallSecurity; callee: CallSecurity } {
  const caller = CallSecurity.offer(INVITATION, fixedPolicy(callers, 1));
  const { commitment } = caller;
  const offer = commitment === undefined ? INVITATION : { ...INVITATION, compromisso: commitment };
  return { caller, callee: CallSecurity.answer(offer, fixedPolicy(callees, 100)) };
}

/** The confirmation of a caller, as `Call` builds it. */
function confirmation(caller: CallSecurity) {
  return { tipo: "confirmação", ...caller.keyField(), ...caller.macField("confirmação") } as const;
}

/** The goodbye of either side. */
function goodbye(sender: CallSecurity) {
  return { tipo: "encerrar_ligação", ...sender.keyField(), ...sender.macField("encerrar_ligação") } as const;
}

Deno.test("CallSecurity validates the caller's address by the token that it echoes, and by no other", () => {
  const { caller, callee } = pair("off");
  assert(caller.addressValidated, "the callee's address is the registry's");
  const issued = callee.tokenToIssue();
  assert(issued.prova !== undefined && caller.tokenToEcho().prova === undefined);
  callee.handleToken({ tipo: "confirmação", chamada, prova: "B".repeat(22) });
  assert(!callee.addressValidated);
  caller.handleToken({ tipo: "tocando", chamada, ...issued });
  assertEquals(caller.tokenToEcho(), issued);
  callee.handleToken({ tipo: "confirmação", chamada, ...caller.tokenToEcho() });
  assert(callee.addressValidated);
  assertEquals(callee.tokenToIssue(), {});
});

Deno.test("CallSecurity validates the source of a confirmation only in a call without encryption", () => {
  for (const [encryption, validated] of [["off", true], ["preferred", false]] as const) {
    const { callee } = pair(encryption);
    assert(!callee.handleConfirmation({ tipo: "confirmação" }, false));
    assertEquals(callee.handleConfirmation({ tipo: "confirmação" }, true), validated);
    assertEquals(callee.addressValidated, validated);
  }
});

Deno.test("CallSecurity gives both sides keys, and the caller's address with them", () => {
  const { caller, callee } = pair("required");
  assertEquals(caller.handleAccepted(callee.keyField().chave), "encrypted");
  assert(caller.isAcceptedKey(callee.keyField().chave) && !caller.isAcceptedKey(undefined));
  assert(!callee.handleConfirmation({ ...confirmation(caller), selo: "A".repeat(22) }, true), "a forged MAC");
  assertEquals([callee.keys, callee.addressValidated], [undefined, false]);
  assert(callee.handleConfirmation(confirmation(caller), false));
  assert(callee.addressValidated && callee.keys);
  assertEquals(callee.keys.code, caller.keys?.code);
});

Deno.test("CallSecurity.handleAccepted() depends on the caller's policy and the callee's key", () => {
  const chave = fixedKeyPair(100).publicKey;
  for (
    const [encryption, publicKey, result] of [
      ["off", undefined, "plain"],
      ["off", chave, "plain"],
      ["preferred", undefined, "plain"],
      ["preferred", chave, "encrypted"],
      ["preferred", "A".repeat(43), "invalid_key"],
      ["required", undefined, "unencrypted_refused"],
      ["required", chave, "encrypted"],
      ["required", "A".repeat(43), "invalid_key"],
    ] as const
  ) {
    const { caller } = pair(encryption);
    assertEquals(caller.handleAccepted(publicKey), result, `${encryption}, ${publicKey}`);
    assertEquals(caller.keys !== undefined, result === "encrypted");
  }
});

Deno.test("CallSecurity.handleGoodbye() takes only the caller's key before there are keys, then only a MAC", () => {
  const { caller, callee } = pair("preferred");
  const forged = { tipo: "encerrar_ligação", chave: fixedKeyPair(99).publicKey } as const;
  assert(caller.handleGoodbye({ tipo: "encerrar_ligação" }), "a caller without keys cannot tell");
  assert(!callee.handleGoodbye({ tipo: "encerrar_ligação" }) && !callee.handleGoodbye(forged));
  assert(callee.handleGoodbye(goodbye(caller)), "its key opens the commitment");
  caller.handleAccepted(callee.keyField().chave);
  assert(callee.handleGoodbye(goodbye(caller)), "its MAC completes the key exchange");
  assert(callee.keys);
  for (const [receiver, sender] of [[caller, callee], [callee, caller]] as const) {
    assert(receiver.handleGoodbye(goodbye(sender)));
    assert(!receiver.handleGoodbye({ tipo: "encerrar_ligação", ...sender.keyField() }), "no MAC");
    assert(!receiver.handleGoodbye(goodbye(receiver)), "its own, reflected");
    assert(receiver.verifyGoodbyeAck({ tipo: "ligação_encerrada", ...sender.macField("ligação_encerrada") }));
    assert(!receiver.verifyGoodbyeAck({ tipo: "ligação_encerrada", ...sender.macField("confirmação") }));
  }
});

Deno.test("CallSecurity without credentials validates no address and takes any goodbye", () => {
  const unknown = new CallSecurity("callee");
  unknown.handleToken({ tipo: "confirmação", chamada, prova: "B".repeat(22) });
  assert(!unknown.addressValidated && unknown.handleGoodbye({ tipo: "encerrar_ligação" }));
  assertEquals([unknown.tokenToIssue(), unknown.keyField(), unknown.macField("confirmação")], [{}, {}, {}]);
});
