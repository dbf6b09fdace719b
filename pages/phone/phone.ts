/** The phone that a page shows: its line, its sound, and what is known of it. */

import type { PageLanguage, PageMessage, PageRequest } from "../../lib/web_phone/page_messages.ts";
import { Line } from "./link/line.ts";
import { PageSound } from "./link/sound.ts";
import { after, afterLine, NOTHING, type PhoneState } from "./state.ts";

/** Whether the browser lets this page use the microphone, as far as it says. */
export type MicrophonePermission = "ask" | "granted" | "denied" | "unknown";

/** A phone, with a call to its listener after every change. */
export class Phone {
  readonly #line: Line;
  readonly #sound: PageSound;
  readonly #changed: () => void;
  #chosen: PageLanguage | undefined;
  /** The connection of the last welcome. */
  #welcomed: string | undefined;
  state: PhoneState = NOTHING;
  language: PageLanguage;
  microphone: MicrophonePermission = "unknown";

  /**
   * @param token Of the page's address.
   * @param chosen The language that the person chose; the phone's own one otherwise.
   */
  constructor(token: string, chosen: PageLanguage | undefined, changed: () => void) {
    this.#chosen = chosen;
    this.language = chosen ?? (navigator.language.startsWith("pt") ? "pt" : "en");
    this.#changed = changed;
    this.#sound = new PageSound(token, (request) => this.#soundSays(request));
    this.#line = new Line(token, {
      message: (message) => this.#take(message),
      state: (line) => this.#change(afterLine(this.state, line)),
    });
    this.#watchPermission();
  }

  /** Sends a command, as typed at the terminal. */
  type(line: string): void {
    this.#line.send({ type: "line", line });
  }

  /** Calls somebody of this very name: quotation marks of the name's own stay, and only those around it go. */
  call(name: string): void {
    this.type(`ligar "${name}"`);
  }

  takeSound(): void {
    this.#line.send({ type: "take_sound" });
  }

  /** Asks for the microphone. */
  async prepare(): Promise<void> {
    if (await this.#sound.prepare()) return this.#change({ trouble: undefined });
    const allowed = this.microphone === "granted";
    this.#change({ trouble: !await hasMicrophone() ? "no_device" : allowed ? "failed" : "not_allowed" });
  }

  speak(language: PageLanguage): void {
    this.#chosen = this.language = language;
    this.#line.send({ type: "language", language });
    this.#changed();
  }

  #soundSays(request: PageRequest): void {
    if (request.type === "sound_trouble") this.#change({ trouble: request.trouble });
    if (request.type === "sound_ready") this.#change({ trouble: undefined });
    this.#line.send(request);
  }

  #take(message: PageMessage): void {
    this.state = after(this.state, message, performance.now());
    const { welcome } = this.state;
    if (message.type === "welcome") {
      if (this.#chosen === undefined) this.language = message.language;
      // A page that comes again is told everything in the phone's language at first.
      else if (this.#welcomed !== message.page && message.language !== this.#chosen) this.speak(this.#chosen);
      this.#welcomed = message.page;
      this.#sound.follow(message.page, message.sound);
    } else if (message.type === "sound" && welcome) this.#sound.follow(welcome.page, message.sound);
    this.#changed();
  }

  #change(change: Partial<PhoneState>): void {
    this.state = { ...this.state, ...change };
    this.#changed();
  }

  async #watchPermission(): Promise<void> {
    try {
      const status = await navigator.permissions.query({ name: "microphone" as PermissionName });
      const tell = (): void => {
        this.microphone = status.state === "prompt" ? "ask" : status.state;
        if (status.state === "granted" && this.state.trouble === "not_allowed") this.prepare();
        this.#changed();
      };
      status.addEventListener("change", tell);
      tell();
    } catch {
      // This browser does not say.
    }
  }
}

/** Whether this machine has any, as far as the browser says without being allowed to use it. */
async function hasMicrophone(): Promise<boolean> {
  const devices = await navigator.mediaDevices?.enumerateDevices().catch(() => undefined);
  return devices?.some(({ kind }) => kind === "audioinput") ?? true;
}
