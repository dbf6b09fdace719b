/** Names of hosts, as the system knows them. */

import { lookup } from "node:dns/promises";
import process from "node:process";

/**
 * All addresses of a name, or those of one version of IP, in the system's order (RFC 6724, section 6).
 *
 * @throws {Error} With the code of getaddrinfo(3), such as `ENOTFOUND`, if it has none.
 */
export async function lookUpHost(name: string, family?: 4 | 6): Promise<string[]> {
  // Deno before 2.7 warns on standard error, at the first name, of a module that its own `node:dns` uses (DEP0040).
  Object.assign(process, { noDeprecation: true });
  // Unless told otherwise, Deno puts IPv4 first, and in the reverse order.
  const found = lookup(name, { all: true, verbatim: true, ...(family && { family }) })
    .then((all) => all.map(({ address }) => address));
  if (!family) return await found;
  // Deno before 2.7 waits for both versions here, too: so the name servers are asked besides.
  const answered = Deno.resolveDns(name, family === 4 ? "A" : "AAAA");
  return await Promise.any([found, answered]).catch(() => found);
}
