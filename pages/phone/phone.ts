/** The phone that a page shows: its line, its sound, and what is known of it. */

import type { PageLanguage, PageMessage, PageRequest } from "../../lib/web_phone/page_messages.ts";
import { Line } from "./link/line.ts";
import { PageSound } from "./link/sound.ts";
import { after, NOTHING, type PhoneState } from "./state.ts";

/** Whether the browser lets this page use the microphone, as far as it says. */
export type MicrophonePermission = "ask" | "granted" | "denied" | "unknown";

/** A phone, with a call to its listener after every change. */
export class Phone {
  readonly #line: Line;
  readonly #sound: PageSound;
  readonly #changed: () => void;
  state: PhoneState = NOTHING;
  language: PageLanguage;
  microphone: MicrophonePermission = "unknown";

  /** @param token Of the page's address. */
  constructor(token: string, language: PageLanguage, changed: () => void) {
    this.language = language;
    this.#changed = changed;
    this.#sound = new PageSound(token, (request) => this.#soundSays(request));
    this.#line = new Line(token, {
      message: (message) => this.#take(message),
      state: (line) => this.#change({ line }),
    });
    this.#watchPermission();
  }

  /** Sends a command, as typed at the terminal. */
  type(line: string): void {
    this.#line.send({ type: "line", line });
  }

  takeSound(): void {
    this.#line.send({ type: "take_sound" });
  }

  /** Asks for the microphone. */
  async prepare(): Promise<void> {
    if (await this.#sound.prepare()) this.#change({ trouble: undefined });
    else this.#change({ trouble: this.state.trouble ?? "not_allowed" });
  }

  speak(language: PageLanguage): void {
    this.language = language;
    this.#line.send({ type: "language", language });
    this.#changed();
  }

  #soundSays(request: PageRequest): void {
    if (request.type === "sound_trouble") this.#change({ trouble: request.trouble });
    if (request.type === "sound_ready") this.#change({ trouble: undefined });
    this.#line.send(request);
  }

  #take(message: PageMessage): void {
    const known = this.state.welcome !== undefined;
    this.state = after(this.state, message, performance.now());
    const { welcome } = this.state;
    if (message.type === "welcome") {
      if (!known && message.language !== this.language) this.speak(this.language);
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
        this.#changed();
      };
      status.addEventListener("change", tell);
      tell();
    } catch {
      // This browser does not say.
    }
  }
}
