/** A real browser, Debian's Chromium, driven by playwright-core. */

import type { Browser, BrowserContext, LaunchOptions, Page } from "playwright-core";
import { isInstalled } from "./program.ts";
import { type Temporary, temporaryFile } from "./temporary.ts";

const CHROMIUM = "/usr/bin/chromium";

/** Whether there is one. */
export const HAS_BROWSER = isInstalled("chromium");

/** Nothing but what a test asks for goes over the network, and nothing needs a graphics card. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Sound from and to the cards of `env`, without a question and without a click. */
const SOUND = ["--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"];

/** A microphone that is a WAV file in place of a card, again and again from when a page opens it; nothing is played. */
export function fakeMicrophone(path: string): string[] {
  return [...SOUND, "--use-fake-device-for-media-stream", `--use-file-for-fake-audio-capture=${path}`];
}

/** Options of {@linkcode openBrowser}. */
export interface BrowserOptions {
  /** Further options of Chromium's command line. */
  readonly args?: readonly string[];
  /** Environment beyond that of this program, such as `PULSE_SINK`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it captures from the sound card and plays to it. */
  readonly sound?: boolean;
  /** Words before its command line, such as those that run it on another machine: see `Machine.through`. */
  readonly through?: readonly string[];
}

/** A browser that closes at the end of its scope. Each page has cookies and storage of its own. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #starter: Temporary | undefined;

  constructor(browser: Browser, starter?: Temporary) {
    this.#browser = browser;
    this.#starter = starter;
  }

  /** Opens an empty page. Errors of its scripts, and what its policy of content blocked, are in `complaints`. */
  async newPage(
    options: Parameters<Browser["newContext"]>[0] = {},
  ): Promise<{ page: Page; context: BrowserContext; complaints: string[] }> {
    const context = await this.#browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    return { page, context, complaints };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.#starter?.[Symbol.asyncDispose]();
  }
}

/** Starts a browser without a window. */
export async function openBrowser(
  { args = [], env, sound = false, through }: BrowserOptions = {},
): Promise<TestBrowser> {
  const { chromium } = await import("playwright-core");
  const starter = through && await script(`exec ${through.join(" ")} ${CHROMIUM} "$@"`);
  const options: LaunchOptions = {
    executablePath: starter?.path ?? CHROMIUM,
    args: [...QUIET, ...sound ? SOUND : [], ...args],
    ...sound && { ignoreDefaultArgs: ["--mute-audio"] },
  };
  if (env) options.env = { ...Deno.env.toObject(), ...env };
  return new TestBrowser(await chromium.launch(options), starter);
}

/** A shell script that exists until it is disposed of. */
async function script(text: string): Promise<Temporary> {
  const file = await temporaryFile(".sh", new TextEncoder().encode(`#!/bin/sh\n${text}\n`));
  await Deno.chmod(file.path, 0o700);
  return file;
}

/** What axe-core, a checker of accessibility, finds serious or critical on a page, a line each. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const { default: axe } = await import("axe-core");
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<import("axe-core").AxeResults> } }).axe.run()
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
}
