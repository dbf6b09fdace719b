/** The errors of the operating system as codes. */

/**
 * What each error number of POSIX (`errno.h`) or getaddrinfo (RFC 3493, section 6.1) says. Deno gives the system's
 * errors these names on every system, and `node:dns` its own for a name without an address.
 */
const KINDS = {
  ENOENT: "not_found",
  EACCES: "permission_denied",
  EPERM: "permission_denied",
  EISDIR: "is_directory",
  ENOTDIR: "not_directory",
  ENAMETOOLONG: "name_too_long",
  ENOSPC: "no_space",
  EDQUOT: "no_space",
  EFBIG: "too_large",
  EROFS: "read_only",
  EBUSY: "busy",
  ETXTBSY: "busy",
  EIO: "io_error",
  ENODEV: "no_device",
  ENXIO: "no_device",
  ENOMEM: "no_memory",
  EMFILE: "too_many_files",
  ENFILE: "too_many_files",
  EADDRINUSE: "address_in_use",
  EADDRNOTAVAIL: "address_not_available",
  EAFNOSUPPORT: "ip_version_not_available",
  ENETDOWN: "network_unreachable",
  ENETUNREACH: "network_unreachable",
  EHOSTDOWN: "host_unreachable",
  EHOSTUNREACH: "host_unreachable",
  ECONNREFUSED: "refused",
  ECONNRESET: "reset",
  EPIPE: "reset",
  ETIMEDOUT: "timeout",
  EAI_AGAIN: "name_servers_silent",
  EAI_NONAME: "name_not_resolved",
  ENODATA: "name_not_resolved",
  ENOTFOUND: "name_not_resolved",
} as const;

/** What the system did not do. `text` is in the system's words, for errors without a code of their own. */
export type SystemError =
  | { readonly kind: (typeof KINDS)[keyof typeof KINDS] }
  /** The system gives ports below 1024 to privileged programs only. */
  | { readonly kind: "port_privileged" }
  /** This program gave up the permission, or was never given it (Deno's `NotCapable`). */
  | { readonly kind: "not_capable" }
  /** Nobody reads this program's output any more (EPIPE of a pipe, not of a connection). */
  | { readonly kind: "reader_gone" }
  | { readonly kind: "other"; readonly text: string };

/** The same of a number of Linux's (asm-generic/errno-base.h, asm-generic/errno.h), as sendto(2) sets it. */
const LINUX_NUMBERS: Readonly<Record<number, keyof typeof KINDS>> = {
  1: "EPERM",
  13: "EACCES",
  // EINVAL, as a blackhole in the table of routes gives it (ip-route(8)).
  22: "ENETUNREACH",
  97: "EAFNOSUPPORT",
  99: "EADDRNOTAVAIL",
  100: "ENETDOWN",
  101: "ENETUNREACH",
  112: "EHOSTDOWN",
  113: "EHOSTUNREACH",
};

/** Says what an error number of Linux is that sending a datagram gave. */
export function linuxError(number: number): SystemError {
  const code = LINUX_NUMBERS[number];
  return code === undefined ? { kind: "other", text: `errno ${number}` } : { kind: KINDS[code] };
}

/** Ends the system's text in what Deno throws: `No such file or directory (os error 2): open 'x.wav'`. */
const SYSTEM_TEXT_END = / \(os error \d+\)/;

/** Errors of files that Deno throws without a code, by their numbers (`errno.h`): EFBIG, EDQUOT, ESTALE. */
const WITHOUT_CODE: Readonly<Partial<Record<typeof Deno.build.os, Readonly<Record<string, SystemError>>>>> = {
  linux: { 27: { kind: "too_large" }, 122: { kind: "no_space" }, 116: { kind: "io_error" } },
  darwin: { 27: { kind: "too_large" }, 69: { kind: "no_space" }, 70: { kind: "io_error" } },
};

/** The number of an error, in what Deno throws. */
const NUMBER = / \(os error (\d+)\)/;

/** How Rust and Deno begin the errors of a name without an address and of a text that is no name, which have no code. */
const NO_ADDRESS = /^(failed to lookup address|invalid host )/;

/** Says what the system's error is, whatever was thrown. */
export function systemError(error: unknown): SystemError {
  if (error instanceof Deno.errors.NotCapable) return { kind: "not_capable" };
  if (!(error instanceof Error)) return { kind: "other", text: String(error) };
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && Object.hasOwn(KINDS, code)) {
    return { kind: KINDS[code as keyof typeof KINDS] };
  }
  const [, number = ""] = NUMBER.exec(error.message) ?? [];
  const known = WITHOUT_CODE[Deno.build.os]?.[number];
  if (known) return known;
  if (NO_ADDRESS.test(error.message)) return { kind: "name_not_resolved" };
  return { kind: "other", text: error.message.split(SYSTEM_TEXT_END)[0] ?? "" };
}

/** Ports below this one are privileged (ip(7), capability CAP_NET_BIND_SERVICE). */
const FIRST_COMMON_PORT = 1024;

/** Says why a port cannot be listened on, likewise. */
export function listenError(error: unknown, port: number): SystemError {
  const said = systemError(error);
  const privileged = said.kind === "permission_denied" && port > 0 && port < FIRST_COMMON_PORT;
  return privileged ? { kind: "port_privileged" } : said;
}
