/** The line from the page to its phone: messages as `lib/web_phone/page_messages.ts` has them. */

import {
  CLOSE_CODES,
  type PageMessage,
  type PageRequest,
  SUBPROTOCOL,
} from "../../../lib/web_phone/page_messages.ts";
import type { LineState } from "../state.ts";

/** Pauses between attempts to connect, in milliseconds: the last one again and again. */
const PAUSES_MS = [200, 500, 1000, 2000] as const;

/** Where the token is kept, for this tab and this port only. */
const TOKEN_KEY = "token";

/**
 * The token of the address, which disappears from it: nobody who sees the screen, or the address later, has it. A page that
 * loads again has it from the tab's storage.
 */
export function takeToken(): string | undefined {
  const given = tokenIn(location.hash);
  if (given !== undefined) history.replaceState(null, "", location.pathname);
  try {
    if (given !== undefined) sessionStorage.setItem(TOKEN_KEY, given);
    return given ?? sessionStorage.getItem(TOKEN_KEY) ?? undefined;
  } catch {
    // The person forbids storage: a page that loads again needs the address again.
    return given;
  }
}

/** The token in a fragment; other fragments, such as a link's, have none. */
export function tokenIn(fragment: string): string | undefined {
  return /^#([0-9a-f]{32})$/.exec(fragment)?.[1];
}

/** The subprotocols of a WebSocket to the phone. */
export function subprotocols(token: string): string[] {
  return [SUBPROTOCOL, token];
}

/** What happens on the line. */
export interface LineListener {
  readonly message: (message: PageMessage) => void;
  readonly state: (state: LineState) => void;
}

/** A line that connects again after every break, until the phone ends. */
export class Line {
  readonly #token: string;
  readonly #listener: LineListener;
  #socket: WebSocket | undefined;
  #failures = 0;

  constructor(token: string, listener: LineListener) {
    this.#token = token;
    this.#listener = listener;
    this.#connect();
    document.addEventListener("visibilitychange", () => this.#sayVisible());
  }

  /** Sends a request; a line that is broken drops it. */
  send(request: PageRequest): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }

  #sayVisible(): void {
    this.send({ type: "visible", visible: document.visibilityState === "visible" });
  }

  #connect(): void {
    const socket = new WebSocket("/line", subprotocols(this.#token));
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#failures = 0;
      this.#listener.state("open");
      this.#sayVisible();
    });
    socket.addEventListener("message", ({ data }) => this.#listener.message(JSON.parse(data) as PageMessage));
    socket.addEventListener("close", ({ code }) => {
      if (code === CLOSE_CODES.phoneEnds) return this.#listener.state("ended");
      this.#listener.state("connecting");
      setTimeout(() => this.#connect(), PAUSES_MS[Math.min(this.#failures++, PAUSES_MS.length - 1)]);
    });
  }
}
