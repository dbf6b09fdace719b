/** Names of hosts, as the system knows them. */

import { lookup } from "node:dns/promises";
import process from "node:process";

/**
 * All addresses of a name, or those of one version of IP, in the system's order.
 *
 * @throws {Error} With the code of getaddrinfo(3), such as `ENOTFOUND`, if it has none.
 */
export async function lookUpHost(name: string, family?: 4 | 6): Promise<string[]> {
  // Deno before 2.7 warns on standard error, at the first name, of a module that its own `node:dns` uses (DEP0040).
  Object.assign(process, { noDeprecation: true });
  return (await lookup(name, { all: true, ...(family && { family }) })).map(({ address }) => address);
}
