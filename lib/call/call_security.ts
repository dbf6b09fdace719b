/**
 * Security of one call: address validation of the caller (as RFC 9000, section 8, has it for QUIC) and, where both
 * phones encrypt, the key exchange and the message authentication codes that end a call or start it.
 */

import type { CallMessage, CallMessageType } from "../protocol/call_messages.ts";
import { type CallKeys, type Invitation, KeyExchange, type Side } from "./key_exchange.ts";
import type { EncryptionPolicy } from "./encryption_policy.ts";

/** The fields that this module reads, of whichever message. */
interface SecurityFields {
  readonly prova?: string;
  readonly chave?: string;
  readonly selo?: string;
}

type Secured<Type extends CallMessageType> = SecurityFields & { readonly tipo: Type };

/** What one side of a call can start with. */
interface Credentials {
  readonly exchange?: KeyExchange | undefined;
  readonly required?: boolean;
  readonly token?: string;
}

/** One phone's view of the security of one call. */
export class CallSecurity {
  readonly #side: Side;
  /** Set if this phone offers encryption; at the callee, if the caller does so, too. */
  readonly #exchange: KeyExchange | undefined;
  readonly #required: boolean;
  /** Address validation token, `prova`: the callee's own, at the caller the latest one that came. */
  #token: string | undefined;
  #addressValidated = false;
  #keys: CallKeys | undefined;
  #peerPublicKey: string | undefined;

  /** Without credentials: no encryption, and no address that can be validated. */
  constructor(side: Side, { exchange, required = false, token }: Credentials = {}) {
    this.#side = side;
    this.#exchange = exchange;
    this.#required = required;
    this.#token = token;
  }

  /** The caller's side: offers encryption unless the policy is `off`. */
  static offer(invitation: Invitation, policy: EncryptionPolicy): CallSecurity {
    const { encryption } = policy;
    const exchange = encryption === "off" ? undefined : KeyExchange.offer(invitation, policy.newKeyPair());
    return new CallSecurity("caller", { exchange, required: encryption === "required" });
  }

  /**
   * The callee's side: encrypts if the invitation offers it and the policy is not `off`.
   *
   * @param invitation With its `compromisso`, if it has one.
   */
  static answer(
    invitation: Invitation & { readonly compromisso?: string },
    policy: EncryptionPolicy,
  ): CallSecurity {
    const { compromisso } = invitation;
    const token = policy.newToken();
    if (compromisso === undefined || policy.encryption === "off") {
      return new CallSecurity("callee", { token });
    }
    const exchange = KeyExchange.answer(invitation, compromisso, policy.newKeyPair());
    return new CallSecurity("callee", { exchange, token });
  }

  /** Undefined until both phones have them, and in a call without encryption. */
  get keys(): CallKeys | undefined {
    return this.#keys;
  }

  /** The commitment that `convite` carries, if the caller offers encryption. */
  get commitment(): string | undefined {
    return this.#exchange?.commitment;
  }

  /**
   * Whether the peer receives at the address that datagrams go to. The caller has that address from the registry; the
   * callee has only the invitation's word for it.
   */
  get addressValidated(): boolean {
    return this.#side === "caller" || this.#addressValidated;
  }

  /** The caller stores the token, to echo it; the callee compares it with its own. */
  handleToken(message: CallMessage): void {
    if (this.echoesToken(message)) this.#addressValidated = true;
    else if (this.#side === "caller" && "prova" in message) this.#token = message.prova;
  }

  /** At the callee: whether a message echoes the token, so that its sender receives at the address that it names. */
  echoesToken(message: CallMessage): boolean {
    return this.#side === "callee" && "prova" in message && message.prova === this.#token;
  }

  /**
   * The caller takes `aceito`.
   *
   * @param publicKey The callee's `chave`.
   * @returns `encrypted` or `plain`, whichever the call is from now on; `unencrypted_refused` if the policy requires
   * encryption and the callee has none; `invalid_key` for an answer to ignore, as only an attacker would send it.
   */
  handleAccepted(
    publicKey: string | undefined,
  ): "encrypted" | "plain" | "unencrypted_refused" | "invalid_key" {
    if (!this.#exchange || publicKey === undefined) return this.#required ? "unencrypted_refused" : "plain";
    this.#keys = this.#exchange.complete(publicKey);
    if (!this.#keys) return "invalid_key";
    this.#exchange.finish();
    this.#peerPublicKey = publicKey;
    return "encrypted";
  }

  /** At the caller: whether an `aceito` is a retransmission of the one that it took. */
  isAcceptedKey(publicKey: string | undefined): boolean {
    return publicKey === this.#peerPublicKey;
  }

  /**
   * The callee takes `confirmação`: its MAC must verify, and the first one must open the commitment.
   *
   * @param sourceValidates Whether its source address validates the caller's. That counts only without encryption, for
   * callers that know no `prova`.
   * @returns Whether the call may start: the message is the caller's, and the caller's address is validated.
   */
  handleConfirmation(message: Secured<"confirmação">, sourceValidates: boolean): boolean {
    if (this.#keys) {
      if (!this.#keys.verifyMac(message.tipo, message.selo)) return false;
    } else if (this.#exchange) {
      if (!this.#takeCallersKey(message)) return false;
    } else if (sourceValidates) {
      this.#addressValidated = true;
    }
    return this.addressValidated;
  }

  /**
   * Whether a goodbye is the peer's: by its MAC; at a callee that has no keys yet, by the public key that opens the
   * commitment, which only the caller knows. A caller without keys cannot tell.
   */
  handleGoodbye(message: Secured<"encerrar_ligação">): boolean {
    if (this.#keys) return this.#keys.verifyMac(message.tipo, message.selo);
    if (this.#side === "caller" || !this.#exchange) return true;
    if (message.selo !== undefined) return this.#takeCallersKey(message);
    return message.chave !== undefined && this.#exchange.opens(message.chave);
  }

  /** Whether `ligação_encerrada` is the peer's: by its MAC, once there are keys. */
  verifyGoodbyeAck(message: Secured<"ligação_encerrada">): boolean {
    return !this.#keys || this.#keys.verifyMac(message.tipo, message.selo);
  }

  /** `chave`, this phone's public key, if it has one. */
  keyField(): { readonly chave?: string } {
    return this.#exchange ? { chave: this.#exchange.publicKey } : {};
  }

  /** `selo`, the MAC of a message, once there are keys. */
  macField(tipo: CallMessageType): { readonly selo?: string } {
    return this.#keys ? { selo: this.#keys.mac(tipo) } : {};
  }

  /** `prova` from the callee, until the caller has echoed it. */
  tokenToIssue(): { readonly prova?: string } {
    return this.#addressValidated ? {} : this.tokenToEcho();
  }

  /** `prova` from the caller, once the callee has issued one. */
  tokenToEcho(): { readonly prova?: string } {
    return this.#token === undefined ? {} : { prova: this.#token };
  }

  /** Completes the key exchange if the key opens the commitment and the MAC shows that the caller has the same keys. */
  #takeCallersKey({ tipo, chave, selo }: Secured<"confirmação" | "encerrar_ligação">): boolean {
    if (!this.#exchange || chave === undefined) return false;
    const keys = this.#exchange.complete(chave);
    if (!keys?.verifyMac(tipo, selo)) return false;
    this.#exchange.finish();
    this.#keys = keys;
    this.#peerPublicKey = chave;
    this.#addressValidated = true;
    return true;
  }
}
