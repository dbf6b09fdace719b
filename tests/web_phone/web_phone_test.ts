import { assertEquals, assertLess } from "@std/assert";
import type { PageReport, SoundPage, SoundWish } from "../../audio/audio_devices.ts";
import { CLOSE_CODES, MAX_REQUEST_UNITS } from "../../lib/web_phone/page_messages.ts";
import { encodeSoundReport } from "../../lib/web_phone/sound_frames.ts";
import { WebPhone } from "../../lib/web_phone/web_phone.ts";
import { openSocket, statusOf, TestPage } from "./web_client.ts";

const MARIA = { name: "Maria", ip: "192.0.2.2", port: 6001 };

/** Writes down what the pages' sound does. */
class FakeSound {
  readonly log: string[] = [];
  readonly reports: PageReport[] = [];
  wish: SoundWish = { capture: false, play: false };
  page: SoundPage | undefined;
  #more = Promise.withResolvers<void>();

  attach(page: SoundPage): void {
    this.page = page;
    this.#note("attached");
  }

  detach(): void {
    this.page = undefined;
    this.#note("detached");
  }

  handleReady(): void {
    this.#note("ready");
  }

  handleReport(_: SoundPage, report: PageReport): void {
    this.reports.push(report);
    this.#note("report");
  }

  handleTrouble(_: SoundPage, end: string, { kind }: { readonly kind: string }): void {
    this.#note(`${end}: ${kind}`);
  }

  async waitFor(entry: string): Promise<void> {
    while (!this.log.includes(entry)) {
      await this.#more.promise;
      this.#more = Promise.withResolvers();
    }
    this.log.splice(this.log.indexOf(entry), 1);
  }

  #note(entry: string): void {
    this.log.push(entry);
    this.#more.resolve();
  }
}

function open(
  sides = { microphone: true, speaker: true },
): { readonly phone: WebPhone; readonly sound: FakeSound } {
  const sound = new FakeSound();
  const phone = new WebPhone({
    files: new Map(),
    port: 0,
    name: "João",
    version: "1.2.3",
    language: "pt",
    sound,
    sides,
    processing: { echoCancellation: true, noiseSuppression: false, autoGainControl: true },
    sentences: (event, language) => ({ text: `${language}: ${event.event}`, tone: "plain" }),
  });
  return { phone, sound };
}

function soundSocket(address: string, page: string): WebSocket {
  const { host, hash } = new URL(address);
  return openSocket(host, `/sound?page=${page}`, hash.slice(1));
}

const opened = (socket: WebSocket): Promise<unknown> => new Promise((done) => socket.onopen = done);
const closed = (socket: WebSocket): Promise<number> =>
  new Promise((done) => socket.onclose = ({ code }) => done(code));

Deno.test("a page is told everything at first, and then what happens", async () => {
  const { phone } = open();
  await using _phone = phone;
  phone.screen.show({ event: "registered", ...MARIA });
  await using page = new TestPage(phone.address);
  const welcome = await page.message("welcome");
  assertEquals({ ...welcome, page: "", history: welcome.history.map(({ text }) => text) }, {
    type: "welcome",
    version: "1.2.3",
    language: "pt",
    page: "",
    name: "Maria",
    history: ["pt: registered"],
    status: null,
    muted: false,
    people: null,
    sound: {
      microphone: true,
      speaker: true,
      holder: "this",
      capture: false,
      play: false,
      processing: { echoCancellation: true, noiseSuppression: false, autoGainControl: true },
    },
  });
  phone.screen.show({ event: "muted", muted: true });
  assertEquals((await page.message("event")).number, welcome.history[0]!.number + 1);
  page.send({ type: "language", language: "en" });
  const again = await page.message("welcome");
  assertEquals([again.muted, again.history.map(({ text }) => text)], [true, ["en: registered", "en: muted"]]);
});

Deno.test("lines that pages send are the screen's, those of all pages in order", async () => {
  const { phone } = open();
  await using _phone = phone;
  await using first = new TestPage(phone.address);
  await using second = new TestPage(phone.address);
  await Promise.all([first.message("welcome"), second.message("welcome")]);
  const lines = phone.screen.lines[Symbol.asyncIterator]();
  first.send({ type: "line", line: "ligar Maria" });
  assertEquals((await lines.next()).value, "ligar Maria");
  second.send({ type: "line", line: "desligar" });
  assertEquals((await lines.next()).value, "desligar");
});

Deno.test("one page at a time has the sound; another one may take it, and has it when the first goes", async () => {
  const { phone, sound } = open();
  await using _phone = phone;
  await using first = new TestPage(phone.address);
  const { page } = await first.message("welcome");
  const ear = soundSocket(phone.address, page);
  await opened(ear);
  await sound.waitFor("attached");
  const second = new TestPage(phone.address);
  const other = await second.message("welcome");
  assertEquals(other.sound.holder, "other");
  const { host, hash } = new URL(phone.address);
  assertEquals(
    await new Promise((done) => {
      const refused = openSocket(host, `/sound?page=${other.page}`, hash.slice(1));
      refused.onerror = () => done("refused");
      refused.onopen = () => done("open");
    }),
    "refused",
    "it is the first one's",
  );
  const lost = closed(ear);
  second.send({ type: "take_sound" });
  assertEquals(await lost, CLOSE_CODES.soundTaken);
  await sound.waitFor("detached");
  assertEquals((await second.message("sound")).sound.holder, "this");
  assertEquals((await first.message("sound")).sound.holder, "other");
  await second[Symbol.asyncDispose]();
  assertEquals((await first.message("sound")).sound.holder, "this");
});

Deno.test("sound goes both ways, and its end is told", async () => {
  const { phone, sound } = open();
  await using _phone = phone;
  await using page = new TestPage(phone.address);
  const ear = soundSocket(phone.address, (await page.message("welcome")).page);
  await opened(ear);
  await sound.waitFor("attached");
  const heard = new Promise<MessageEvent>((done) => ear.onmessage = done);
  sound.page!.play(Int16Array.of(1, -2, 3));
  assertEquals([...new Int16Array((await heard).data)], [1, -2, 3]);
  const report = {
    played: 7,
    received: 9,
    outputLatency: 480,
    inputLatency: 96,
    samples: Int16Array.of(5, -6),
  };
  ear.send(encodeSoundReport(report));
  await sound.waitFor("report");
  assertEquals(sound.reports, [report]);
  sound.wish = { capture: true, play: true };
  sound.page!.want(sound.wish);
  const { sound: { capture, play } } = await page.message("sound");
  assertEquals([capture, play], [true, true]);
  page.send({ type: "sound_trouble", side: "microphone", trouble: "not_allowed" });
  await sound.waitFor("microphone: page_not_allowed");
  page.send({ type: "sound_ready" });
  await sound.waitFor("ready");
  const lost = closed(ear);
  ear.send(new Uint8Array(3));
  assertEquals(await lost, CLOSE_CODES.misbehaved);
  await sound.waitFor("detached");
});

Deno.test("a phone whose sound is no browser's gives it to no page", async () => {
  const { phone } = open({ microphone: false, speaker: false });
  await using _phone = phone;
  await using page = new TestPage(phone.address);
  assertEquals((await page.message("welcome")).sound.holder, "none");
  page.send({ type: "take_sound" });
  page.send({ type: "language", language: "pt" });
  assertEquals((await page.message("welcome")).sound.holder, "none");
});

Deno.test("a page that sends what makes no sense, too much of it or too often is closed", async () => {
  const { phone } = open();
  await using _phone = phone;
  const nonsense = ["{", "x".repeat(MAX_REQUEST_UNITS + 1), new Uint8Array(4)];
  for (const message of nonsense) {
    await using page = new TestPage(phone.address);
    await page.message("welcome");
    page.socket.send(message);
    assertEquals(await page.closed, CLOSE_CODES.misbehaved);
  }
  await using page = new TestPage(phone.address);
  await page.message("welcome");
  let asked = 0;
  phone.screen.onPeopleWanted(() => asked++);
  for (let count = 0; count < 1000; count++) page.send({ type: "people" });
  await page.closed;
  assertLess(asked, 200);
});

Deno.test("more than eight pages are refused", async () => {
  const { phone } = open();
  await using _phone = phone;
  await using pages = new AsyncDisposableStack();
  const eight = Array.from({ length: 8 }, () => pages.use(new TestPage(phone.address)));
  await Promise.all(eight.map((page) => page.message("welcome")));
  const ninth = new TestPage(phone.address);
  await ninth.closed;
  assertEquals(ninth.messages, []);
});

Deno.test("at the end pages get the last events, and know that it is the end", async () => {
  const { phone } = open();
  const page = new TestPage(phone.address);
  await page.message("welcome");
  const { port } = new URL(phone.address);
  phone.screen.show({ event: "closed" });
  await phone[Symbol.asyncDispose]();
  assertEquals(await page.closed, CLOSE_CODES.phoneEnds);
  assertEquals((await page.message("event")).text, "pt: closed");
  const gone = await statusOf(Number(port), "GET / HTTP/1.1", { Host: `127.0.0.1:${port}` }).catch(() =>
    "gone"
  );
  assertEquals(gone, "gone");
});
