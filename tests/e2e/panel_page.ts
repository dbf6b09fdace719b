/** The panel's page as a person reads it: lifelines, arrows, people. */

import { assertEquals } from "@std/assert";
import type { BrowserContext, Page } from "playwright-core";
import { openBrowser, type TestBrowser } from "../../testing/browser.ts";
import {
  type RunningRegistry,
  type StartOptions,
  startRegistry,
  unlessGiven,
} from "../../testing/processes.ts";
import { until } from "../../testing/until.ts";

/** An arrow of the ladder. */
export interface Arrow {
  /** Names above the lifelines at its ends. */
  readonly from: string;
  readonly to: string;
  readonly transport: "TCP" | "UDP";
  readonly label: string;
  /** Such as `2ª vez`; empty if there is none. */
  readonly note: string;
  /** Whether it is drawn as a retransmission, and as lost. */
  readonly again: boolean;
  readonly lost: boolean;
  /** Its time of day. */
  readonly time: string;
}

/** High enough that all rows of a test are in view: others are not in the document. Wide enough for whole names. */
const TALL = { width: 2800, height: 6000 };

/** What is run on the page: reads the arrows from their shapes, as eyes do. */
const READ_ARROWS = `(() => {
  const lifelines = [...document.querySelectorAll(".lifelines g")].map((head) => ({
    name: head.querySelector("text").textContent,
    x: Number(/translate\\(([-\\d.]+)/.exec(head.getAttribute("transform"))[1]),
  }));
  const nearest = (x) => lifelines.reduce((a, b) => Math.abs(a.x - x) <= Math.abs(b.x - x) ? a : b).name;
  const first = (text) => Number(/^M([-\\d.]+)/.exec(text)[1]);
  return [...document.querySelectorAll(".ladder .row")].map((row) => {
    const [start, tip, cross] = [".start", ".tip", ".cross"].map((part) => row.querySelector(part));
    const from = Number(start.getAttribute("cx"));
    // A lost one ends at seven tenths of its way, in the middle of a cross of 16 pixels.
    const to = tip ? first(tip.getAttribute("d")) : from + (first(cross.getAttribute("d")) + 8 - from) / 0.7;
    return {
      from: nearest(from),
      to: nearest(to),
      transport: row.classList.contains("tcp") ? "TCP" : "UDP",
      label: row.querySelector(".label").firstChild.data,
      note: row.querySelector(".note")?.textContent ?? "",
      again: row.classList.contains("again"),
      lost: row.classList.contains("lost"),
      time: row.querySelector(".time").textContent,
    };
  });
})()`;

/** What is run on the page: each person and what they do. */
const READ_PEOPLE = `[...document.querySelectorAll(".person")].map((person) =>
  person.querySelector(".name").textContent + ": " + person.querySelector(".activity").textContent)`;

/** An arrow in one line: `joão → maria: convite maria`; `⇢` for TCP. */
export function lineOf({ from, to, transport, label }: Arrow): string {
  return `${from} ${transport === "TCP" ? "⇢" : "→"} ${to}: ${label}`;
}

/** The page of a panel. */
export class PanelPage {
  /** Arrows that {@linkcode tells} has had. */
  #told = 0;

  constructor(readonly page: Page, readonly context: BrowserContext, readonly complaints: string[]) {}

  /** Opens a panel in a page of its own. */
  static async open(
    browser: TestBrowser,
    url: string,
    options: Parameters<TestBrowser["newPage"]>[0] = {},
  ): Promise<PanelPage> {
    const { page, context, complaints } = await browser.newPage({ viewport: TALL, ...options });
    await page.goto(url);
    return new PanelPage(page, context, complaints);
  }

  async arrows(): Promise<Arrow[]> {
    return await this.page.evaluate(READ_ARROWS);
  }

  /** The arrows, a line each, without retransmissions. */
  async lines(): Promise<string[]> {
    return (await this.arrows()).filter(({ again }) => !again).map(lineOf);
  }

  /** Everybody, as `joão: livre`. */
  async people(): Promise<string[]> {
    return await this.page.evaluate(READ_PEOPLE);
  }

  /**
   * Waits until the ladder shows these arrows, and asserts that they are all the new ones, in this order. What a call repeats
   * until it is answered, or with a proof of its address, counts once.
   */
  async tells(...expected: readonly string[]): Promise<void> {
    const news = async (): Promise<string[]> => [...new Set((await this.lines()).slice(this.#told))];
    await this.#until(`the ladder shows ${expected.join("; ")}`, async () => {
      const shown = await news();
      return expected.every((line) => shown.includes(line));
    }, news);
    assertEquals(await news(), expected);
    this.#told = (await this.lines()).length;
  }

  /** Waits until these people do what is said, as `joão: livre`. */
  async doing(...expected: readonly string[]): Promise<void> {
    await this.#until(`people are ${expected.join("; ")}`, async () => {
      const people = await this.people();
      return expected.every((line) => people.includes(line));
    }, () => this.people());
  }

  /** Waits until something is so. @param seen What a failure shows. */
  async #until(what: string, isSo: () => Promise<boolean>, seen: () => Promise<unknown>): Promise<void> {
    try {
      await until(what, isSo);
    } catch (error) {
      throw new Error(`${(error as Error).message}, seen: ${JSON.stringify(await seen(), null, 1)}`);
    }
  }

  /** Waits until an arrow is as it is wanted. */
  async seesArrow(what: string, isSo: (arrow: Arrow) => boolean): Promise<void> {
    await this.#until(what, async () => (await this.arrows()).some(isSo), () => this.arrows());
  }

  /** Waits until as many arrows are shown. */
  async count(wanted: number): Promise<void> {
    await this.#until(
      `${wanted} arrows`,
      async () => (await this.arrows()).length === wanted,
      () => this.lines(),
    );
  }
}

/** A registry with a panel, a browser, and its page in it. */
export interface PanelRoom extends AsyncDisposable {
  readonly registry: RunningRegistry;
  readonly url: string;
  readonly browser: TestBrowser;
  readonly panel: PanelPage;
}

/**
 * Opens them.
 *
 * @param args Further options of the registry. A `--panel` among them wins.
 * @param options How it is started; the browser goes through the same machine.
 */
export async function openPanelRoom(
  args: readonly string[] = [],
  { through, ...options }: StartOptions = {},
  page: Parameters<TestBrowser["newPage"]>[0] = {},
): Promise<PanelRoom> {
  await using stack = new AsyncDisposableStack();
  const where = { ...options, ...(through && { through }) };
  const registry = stack.use(await startRegistry([...unlessGiven(args, { "--panel": "0" }), ...args], where));
  const url = (await registry.process.waitForEvent("panel_open")).url as string;
  const browser = stack.use(await openBrowser(through && { through }));
  const panel = await PanelPage.open(browser, url, page);
  const all = stack.move();
  return { registry, url, browser, panel, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
