import type { AddressProblem } from "../protocol/address.ts";
import type { SystemError } from "../util/system_error.ts";

/** The first thing that is wrong with a command line. None repeats what may be a password. */
export type UsageProblem =
  /** `nearest` is an option with a similar name. */
  | { readonly kind: "unknown_option"; readonly option: string; readonly nearest?: string }
  /** An option without a value was given one. */
  | { readonly kind: "takes_no_value"; readonly option: string }
  | { readonly kind: "repeated"; readonly option: string }
  | { readonly kind: "missing_argument"; readonly argument: string }
  | { readonly kind: "too_many_arguments"; readonly argument: string }
  /** Bytes of an argument, of an option's value or of an environment variable are not UTF-8. */
  | { readonly kind: "not_utf8"; readonly argument: string }
  /**
   * `option` may also be an argument, such as `PORT`. `value` is empty if it is missing; `least` and `most` are the range of
   * a number.
   */
  | {
    readonly kind: "bad_value";
    readonly option: string;
    readonly value: string;
    readonly least?: number;
    readonly most?: number;
  }
  /** An address that is good for nothing there. */
  | {
    readonly kind: "bad_address";
    readonly option: string;
    readonly value: string;
    readonly detail: AddressProblem;
  }
  /** The file that an option names cannot be used. */
  | {
    readonly kind: "bad_file";
    readonly option: string;
    readonly value: string;
    readonly detail: SecretDetail;
  }
  /** The option asks at a terminal, and there is none. */
  | { readonly kind: "no_terminal"; readonly option: string }
  /** The option asked at a terminal, and the person gave up. */
  | { readonly kind: "nothing_typed"; readonly option: string }
  /** A command to a running registry, and no way to know where its local socket is. */
  | { readonly kind: "no_control_path" }
  /** The option is of no use without another. */
  | { readonly kind: "incomplete"; readonly option: string; readonly missing: string }
  /** The two options do not go together. */
  | { readonly kind: "excludes"; readonly option: string; readonly other: string }
  /** The file that `option` writes is that of another option, perhaps under another name. */
  | { readonly kind: "same_file"; readonly option: string; readonly other: string; readonly value: string };

/** Why a file of the command line cannot be used. */
export type SecretDetail =
  | SystemError
  | { readonly kind: "empty" | "not_a_file" }
  | { readonly kind: "larger_than"; readonly bytes: number }
  /** It is not text in UTF-8: UTF-16, a certificate in DER, or another binary file. */
  | { readonly kind: "not_text" }
  /** A file of certificates has none that can be read. */
  | { readonly kind: "no_certificate_in_file" }
  /** It is no file of credentials of NATS. */
  | { readonly kind: "no_credentials" }
  /** A passphrase protects the private key. */
  | { readonly kind: "encrypted_key" };
