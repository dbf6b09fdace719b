/**
 * How the two phones of a call agree on keys that nobody else knows, by X25519 (RFC 7748), SHA-256, HMAC (RFC 2104)
 * and HKDF (RFC 5869), all of them the runtime's own. `docs/protocol.md` has every byte, and an example with numbers.
 *
 * ```text
 * caller ── convite: hash of its public key, the commitment ──▶ callee
 * caller ◀── aceito: the callee's public key ────────────────── callee
 * caller ── confirmação: the caller's public key, a seal ─────▶ callee
 * ```
 *
 * The caller has fixed its key before it sees the callee's, and the callee its own before it sees the caller's. So
 * somebody in between who gives each of them a key of their own cannot choose those keys until both calls have the
 * same {@linkcode CallKeys.code}; it is a matter of luck, once in 100,000 calls (as in ZRTP, RFC 6189, section 4.4.1).
 */

import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import { MASTER_KEY_BYTES, MASTER_SALT_BYTES, type SrtpMaster } from "../srtp/key_derivation.ts";
import type { CallMessageType } from "../protocol/call_messages.ts";

/** Which of the two phones: the names are part of what is derived, and of what is sealed. */
export type Side = "caller" | "callee";

/** How the sides are called where it counts for the keys. */
const SIDES: Readonly<Record<Side, string>> = { caller: "chamador", callee: "chamado" };

const KEY_BYTES = 32;
const MAC_BYTES = 16;

/** Enough that the remainder of the division by 100,000 has no preference (less than 1 in 10^33). */
const CODE_BYTES = 16;
const CODES = 100_000n;
const CODE_DIGITS = 5;

/** Where a private key of 32 bytes stands in its PKCS #8 form (RFC 8410, section 7). */
const PKCS8_HEAD = Uint8Array.fromHex("302e020100300506032b656e04220420");

/** A key pair of one call. */
export class KeyPair {
  /** The public key, 32 bytes in base64url. */
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  private constructor(publicKey: KeyObject, privateKey: KeyObject) {
    this.publicKey = publicKey.export({ format: "jwk" }).x as string;
    this.#privateKey = privateKey;
  }

  /** A fresh one. */
  static generate(): KeyPair {
    const { publicKey, privateKey } = generateKeyPairSync("x25519");
    return new KeyPair(publicKey, privateKey);
  }

  /** The one with a given private key of 32 bytes, for tests. */
  static from(bytes: Uint8Array): KeyPair {
    const key = createPrivateKey({
      key: new Uint8Array([...PKCS8_HEAD, ...bytes]) as unknown as string,
      format: "der",
      type: "pkcs8",
    });
    return new KeyPair(createPublicKey(key), key);
  }

  /**
   * The secret that only the owners of both private keys can compute.
   *
   * @param publicKey The other one's, 32 bytes in base64url.
   * @returns Undefined where that key is one of the few that give everybody the same (RFC 7748, section 6.1).
   */
  agree(publicKey: string): Uint8Array | undefined {
    try {
      const key = createPublicKey({ key: { kty: "OKP", crv: "X25519", x: publicKey }, format: "jwk" });
      const secret = new Uint8Array(diffieHellman({ privateKey: this.#privateKey, publicKey: key }));
      return secret.some((byte) => byte !== 0) ? secret : undefined;
    } catch { // Newer versions of the runtime refuse such a key by themselves.
      return undefined;
    }
  }
}

/** The fields of an invitation that the keys depend on. Admission are none of them: keys need no addresses. */
export interface Invitation {
  readonly chamada: string;
  readonly nome: string;
  readonly midia: string;
}

/** What a caller says of its public key before it shows it: 32 bytes in base64url. */
export function commitment({ chamada, nome, midia }: Invitation, publicKey: string): string {
  return base64url(sha256(["sala 1 compromisso", chamada, nome, midia, publicKey].join("\n")));
}

/** One phone's side of the agreement on the keys of one call. */
export class KeyExchange {
  readonly #side: Side;
  readonly #invitation: Invitation;
  readonly #keyPair: KeyPair;
  /** What the caller committed itself to. */
  readonly commitment: string;

  private constructor(side: Side, invitation: Invitation, keyPair: KeyPair, commitment: string) {
    this.#side = side;
    this.#invitation = invitation;
    this.#keyPair = keyPair;
    this.commitment = commitment;
  }

  /** The caller's side. */
  static offer(invitation: Invitation, keyPair: KeyPair): KeyExchange {
    return new KeyExchange("caller", invitation, keyPair, commitment(invitation, keyPair.publicKey));
  }

  /** The callee's side, of an invitation with a commitment. */
  static answer(invitation: Invitation, commitment: string, keyPair: KeyPair): KeyExchange {
    return new KeyExchange("callee", invitation, keyPair, commitment);
  }

  /** This side's public key. */
  get publicKey(): string {
    return this.#keyPair.publicKey;
  }

  /** At the callee: whether a public key is the one that the caller has committed itself to. */
  opens(publicKey: string): boolean {
    return commitment(this.#invitation, publicKey) === this.commitment;
  }

  /**
   * The keys of the call.
   *
   * @param publicKey The other side's.
   * @returns Undefined where that is no proper key, or not the one that was committed to.
   */
  complete(publicKey: string): CallKeys | undefined {
    if (this.#side === "callee" && !this.opens(publicKey)) return undefined;
    const secret = this.#keyPair.agree(publicKey);
    if (!secret) return undefined;
    const [callers, callees] = this.#side === "caller"
      ? [this.publicKey, publicKey]
      : [publicKey, this.publicKey];
    const { chamada, nome, midia } = this.#invitation;
    const transcript = ["sala 1 chaves", chamada, nome, midia, this.commitment, callees, callers].join("\n");
    return new CallKeys(this.#side, chamada, secret, sha256(transcript));
  }
}

/** What both phones of a call know, and nobody else. */
export class CallKeys {
  /** Five digits, for the two people to read to each other. */
  readonly code: string;
  /** What this phone's voice and reports are enciphered with. */
  readonly outgoing: SrtpMaster;
  /** What the other phone's are enciphered with. */
  readonly incoming: SrtpMaster;
  readonly #chamada: string;
  readonly #macKeys: Readonly<Record<"own" | "peers", { readonly side: string; readonly key: Uint8Array }>>;

  /**
   * @param side Which of the two phones this is.
   * @param secret The secret of X25519.
   * @param transcript The hash of all that was said.
   */
  constructor(side: Side, chamada: string, secret: Uint8Array, transcript: Uint8Array) {
    const derive = (info: string, length: number) =>
      new Uint8Array(hkdfSync("sha256", secret, transcript, `sala 1 ${info}`, length));
    const master = (side: Side): SrtpMaster => {
      const bytes = derive(`srtp ${SIDES[side]}`, MASTER_KEY_BYTES + MASTER_SALT_BYTES);
      return { key: bytes.subarray(0, MASTER_KEY_BYTES), salt: bytes.subarray(MASTER_KEY_BYTES) };
    };
    const macKey = (side: Side) => ({ side: SIDES[side], key: derive(`selo ${SIDES[side]}`, KEY_BYTES) });
    const other = side === "caller" ? "callee" : "caller";
    this.#chamada = chamada;
    this.outgoing = master(side);
    this.incoming = master(other);
    this.#macKeys = { own: macKey(side), peers: macKey(other) };
    const number = BigInt(`0x${derive("codigo", CODE_BYTES).toHex()}`) % CODES;
    this.code = String(number).padStart(CODE_DIGITS, "0");
  }

  /** What proves that a message of this call is this phone's: 16 bytes in base64url. */
  mac(tipo: CallMessageType): string {
    return base64url(this.#computeMac("own", tipo));
  }

  /** Whether a message of this call is the other phone's. */
  verifyMac(tipo: CallMessageType, mac: string | undefined): boolean {
    if (mac === undefined) return false;
    const given = Uint8Array.fromBase64(mac, { alphabet: "base64url" });
    return given.length === MAC_BYTES && timingSafeEqual(given, this.#computeMac("peers", tipo));
  }

  #computeMac(whose: "own" | "peers", tipo: CallMessageType): Uint8Array {
    const { side, key } = this.#macKeys[whose];
    const text = ["sala 1 selo", tipo, this.#chamada, side].join("\n");
    return new Uint8Array(createHmac("sha256", key).update(text, "utf8").digest().subarray(0, MAC_BYTES));
  }
}

function sha256(text: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(text, "utf8").digest());
}

function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
