/** This project's phone with a browser on each side. */

import { openBrowser } from "../../testing/browser.ts";
import { startProcess } from "../../testing/processes.ts";
import type { CallSetup, PhoneProgram, VoiceCall } from "./voice_call.ts";

/** Two phones whose microphones and loudspeakers are pages. */
export class WebProgram implements PhoneProgram {
  readonly name: string;
  readonly #registry: { readonly port: number };
  readonly #args: readonly string[];
  static #calls = 0;

  /**
   * @param registry A registry on this machine.
   * @param args Options of the phone, for both sides.
   */
  constructor(name: string, registry: { readonly port: number }, args: readonly string[] = []) {
    this.name = name;
    this.#registry = registry;
    this.#args = args;
  }

  async startCall({ callerCard, calleeCard }: CallSetup): Promise<VoiceCall> {
    const number = ++WebProgram.#calls;
    await using parts = new AsyncDisposableStack();
    const [caller, callee] = await Promise.all(
      ([["caller", callerCard], ["callee", calleeCard]] as const).map(async ([name, card]) => {
        const phone = parts.use(startProcess(
          "phone",
          [
            ...[
              `127.0.0.1:${this.#registry.port}`,
              `web ${name} ${number}`,
              "0",
              "--json",
              "--quiet",
              "--answer",
              "accept",
            ],
            ...["--web", "--no-open", "--mic", "browser", "--speaker", "browser", ...this.#args],
          ],
          { stdin: "piped" },
        ));
        const { url } = await phone.waitForEvent("web_open");
        await phone.waitForEvent("registered");
        const browser = parts.use(await openBrowser({ env: card, sound: true }));
        const { page } = await browser.newPage();
        await page.goto(url as string);
        await page.waitForSelector("body[data-sound=ready]");
        return phone;
      }),
    );
    await caller!.type(`ligar web callee ${number}`);
    for (const phone of [caller!, callee!]) {
      await phone.waitForEvent("status", ({ framesPlayed }) => framesPlayed as number > 0);
    }
    const owned = parts.move();
    return {
      pids: [caller!.pid, callee!.pid],
      begin() {},
      network: () => Promise.resolve(undefined),
      async hangUp() {
        await caller!.type("desligar");
        await callee!.waitForEvent("call_ended");
        await Promise.all([caller!, callee!].map(async (phone) => {
          await phone.type("sair");
          await phone.exitCode();
        }));
        return {};
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  }
}
