/** `--panel`: the room on the wall. */

import { renderUnicodeCompact } from "uqr";
import { formatEndpoint } from "../protocol/address.ts";
import type { TlsKeys } from "../util/tls_relay.ts";
import { descriptorsFor } from "../web/http_server.ts";
import { LiveFeed } from "./live_feed.ts";
import { loadPanelFiles, openPanel, type PanelFiles, type PanelOptions } from "./server.ts";

/** A panel that listens. */
export interface OpenPanel extends Disposable {
  /** Its address: for other machines, if they reach it. */
  readonly url: string;
  /** That as a QR code (ISO/IEC 18004) for a terminal; undefined if only this machine reaches it. */
  readonly code: string | undefined;
  /** Uses another certificate and key from now on. @throws {Error} If they are no good; then nothing changes. */
  renew(tls: TlsKeys): void;
}

/** A registry's panel. `using` ends its timers. */
export class Panel implements Disposable {
  readonly feed = new LiveFeed();
  readonly #files: PanelFiles;

  private constructor(files: PanelFiles) {
    this.#files = files;
  }

  /** Loads the page, as long as the registry may read files. */
  static async load(): Promise<Panel> {
    return new Panel(await loadPanelFiles());
  }

  /** File descriptors that it needs at most. */
  descriptors(tls: TlsKeys | undefined): number {
    return descriptorsFor({ tls });
  }

  /**
   * Listens and answers.
   *
   * @param others Addresses of this machine by which other machines reach it.
   * @throws What `Deno.listen` throws.
   */
  open(options: Omit<PanelOptions, "addresses">, others: readonly string[]): OpenPanel {
    const urls: string[] = [];
    const server = openPanel(this.feed, this.#files, { ...options, addresses: urls });
    const urlOf = (ip: string): string => urlAt(ip, server.port, options.tls !== undefined);
    urls.push(...others.map(urlOf));
    const [first] = urls;
    return {
      url: first ?? urlOf(HERE[server.host] ?? server.host),
      code: first === undefined ? undefined : renderUnicodeCompact(first, { border: 2 }),
      renew: (tls) => server.renew(tls),
      [Symbol.dispose]: () => server[Symbol.dispose](),
    };
  }

  [Symbol.dispose](): void {
    this.feed[Symbol.dispose]();
  }
}

/** Where this machine itself finds what listens at all of its addresses. */
const HERE: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

function urlAt(ip: string, port: number, tls: boolean): string {
  return `${tls ? "https" : "http"}://${formatEndpoint({ ip, port })}/`;
}
