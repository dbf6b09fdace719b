import { assert, assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { parseWav } from "../../audio/file/wav_reader.ts";
import { SAMPLE_RATE } from "../../lib/dsp/pcm.ts";
import { resample } from "../../lib/dsp/resample.ts";
import { compareInPieces } from "../../testing/audio/compare.ts";
import { floatWav } from "../../testing/audio/wav_builder.ts";
import { fakeMicrophone, HAS_BROWSER, openBrowser } from "../../testing/browser.ts";
import { startProcess, startRegistry, type ToolProcess } from "../../testing/processes.ts";
import { Pulse, pulseMissing } from "../../testing/pulse.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { TestPage } from "../web_phone/web_client.ts";
import { EVERYTHING, startPhone, waitForRecording, waitForVoice } from "./phones.ts";

const SPEECH = new URL("../../demo/fala.wav", import.meta.url).pathname;
const REPLY = new URL("../../demo/resposta.wav", import.meta.url).pathname;

const ignore = !HAS_BROWSER || !EVERYTHING;
const BROWSER = ["--web", "--no-open", "--mic", "browser", "--speaker", "browser"];
/** Chromium's processing changes speech: what is compared goes through as it is. */
const AS_IT_IS = ["--no-echo-cancel", "--no-noise-reduction", "--no-gain"];

async function readMono(path: string): Promise<Float32Array> {
  const { samples, sampleRate } = parseWav(await Deno.readFile(path), path);
  return resample(samples, sampleRate, SAMPLE_RATE);
}

/**
 * Speech after two seconds of silence, in a file: devices and jitter buffers settle. It ends with a minute of silence, because a
 * browser's false microphone begins again after the end.
 */
async function sayLater(path: string, folder: string): Promise<{ said: Float32Array; path: string }> {
  const speech = await readMono(path);
  const said = new Float32Array(2 * SAMPLE_RATE + speech.length);
  said.set(speech, 2 * SAMPLE_RATE);
  const later = `${folder}/${path.slice(path.lastIndexOf("/") + 1)}`;
  const whole = new Float32Array(said.length + 60 * SAMPLE_RATE);
  whole.set(said);
  await Deno.writeFile(later, floatWav(whole, SAMPLE_RATE));
  return { said, path: later };
}

/** Where the page of a phone is that is in the room. */
function addressOf(phone: ToolProcess): string {
  return phone.events("web_open")[0]?.url as string;
}

async function openPage(phone: ToolProcess, page: Page): Promise<void> {
  await page.goto(addressOf(phone));
  await page.waitForSelector("body[data-sound=ready]");
}

Deno.test("a phone's page has its address told, shows what happens, and takes commands", async () => {
  await using registry = await startRegistry();
  await using ana = await startPhone(registry.port, "ana", ["--web", "--no-open"]);
  const url = addressOf(ana);
  await using page = new TestPage(url);
  const { history, name, people } = await page.message("welcome");
  assertEquals([name, people], ["ana", null]);
  assert(history.some(({ event }) => event.event === "registered"));
  assertEquals((await page.message("people")).people.map(({ name }) => name), ["ana"]);
  page.send({ type: "line", line: "consultar Ana" });
  const { event, text } = await page.message("event", ({ event }) => event.event === "person");
  const place = { ip: "127.0.0.1", port: (event as { readonly port: number }).port };
  assertEquals(event, { event: "person", name: "ana", ...place });
  assertEquals(text, `ana atende em 127.0.0.1:${place.port}.`);
  // The terminal shows it, too.
  await ana.waitForEvent("person");
  assertEquals(
    ana.events("message").filter(({ text }) => (text as string).includes("lista")),
    [],
    "the page's looks at the room are no news",
  );
  page.send({ type: "line", line: "sair" });
  assertEquals(await ana.exitCode(), 0);
  assertEquals(await page.closed, 4000);
});

Deno.test("a page's port that is taken, or sound of a page that there is not, is a wrong command line", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await using phone = startProcess("phone", [
    "127.0.0.1:1",
    "ana",
    "0",
    "--json",
    "--web",
    String(port),
    "--no-open",
  ]);
  assertEquals(await phone.exitCode(), 2);
  await using inWords = startProcess("phone", [
    "127.0.0.1:1",
    "ana",
    "0",
    "--web",
    String(port),
    "--no-open",
  ]);
  assertEquals(await inWords.exitCode(), 2);
  assertEquals(inWords.stderr.includes(`na porta TCP ${port}`), true, inWords.stderr);
  await using deaf = startProcess("phone", ["127.0.0.1:1", "ana", "0", "--json", "--mic", "browser"]);
  assertEquals(await deaf.exitCode(), 2);
  assertEquals(deaf.events("wrong_usage")[0]?.problem, {
    kind: "incomplete",
    option: "--mic browser",
    missing: "--web",
  });
});

Deno.test({
  name: "a desktop's browser is started with a private file that leads to the page, and that goes away",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await temporaryFolder();
    const { path } = folder;
    await Deno.writeTextFile(
      `${path}/xdg-open`,
      `#!/bin/sh\nprintf '%s\\n' "$@" >'${path}/arguments'\ncp -p "$1" '${path}/file.tmp'\nmv '${path}/file.tmp' '${path}/file'\n`,
    );
    await Deno.chmod(`${path}/xdg-open`, 0o755);
    // In place of the 20 s for which a browser may start.
    await Deno.writeTextFile(`${path}/sleep`, "#!/bin/sh\n");
    await Deno.chmod(`${path}/sleep`, 0o755);
    await using registry = await startRegistry();
    const env = { PATH: `${path}:${Deno.env.get("PATH")}`, HOME: path, DISPLAY: ":99" };
    await using ana = await startPhone(registry.port, "ana", ["--web"], { env });
    const url = addressOf(ana);
    const file = `${path}/file`;
    while (!await Deno.stat(file).catch(() => undefined)) await ana.type("ajuda");
    assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
    assertEquals((await Deno.readTextFile(file)).includes(`content="0; url=${url}"`), true);
    const named = (await Deno.readTextFile(`${path}/arguments`)).trim();
    assertEquals([named.startsWith(`${path}/sala-`), named.includes(new URL(url).hash.slice(1))], [
      true,
      false,
    ]);
    while (await Deno.stat(named).catch(() => undefined)) await ana.type("ajuda");
    await ana.type("sair");
    assertEquals(await ana.exitCode(), 0);
  },
});

Deno.test({
  name: "a phone in the browser and one in the terminal carry speech, both ways at once",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    await using registry = await startRegistry();
    const speech = await sayLater(SPEECH, folder.path);
    const reply = await sayLater(REPLY, folder.path);
    const atMaria = `${folder.path}/maria.wav`;
    await using maria = await startPhone(registry.port, "maria", [
      ...["--answer", "accept", "--mic", reply.path, "--speaker", atMaria],
    ]);
    await using joao = await startPhone(registry.port, "joão", [...BROWSER, ...AS_IT_IS, "--frame", "20"]);
    await using browser = await openBrowser({ args: fakeMicrophone(speech.path) });
    const { page, complaints } = await browser.newPage();
    await openPage(joao, page);
    assertEquals(new URL(page.url()).hash, "", "the token is not in the address bar");
    assertEquals(await page.evaluate("crossOriginIsolated"), true);
    await joao.type("ligar maria");
    await waitForVoice(maria, "framesPlayed", speech.said);
    await waitForVoice(joao, "framesPlayed", reply.said);
    await joao.type("desligar");
    await maria.waitForEvent("recorded");
    const { correlation, coverage } = compareInPieces(speech.said, await readMono(atMaria));
    assertGreater(correlation, 0.8, "what Maria hears");
    assertGreater(coverage, 0.99, "to its end");
    assertEquals(joao.events("audio_lost"), []);
    assertEquals(complaints, []);
    await joao.type("sair");
    assertEquals(await joao.exitCode(), 0);
    assertEquals(joao.stderr, "");
  },
});

const missing = pulseMissing();

Deno.test({
  name: "speech comes out of the browser's loudspeaker, from a terminal's phone and from another browser",
  ignore: ignore || missing !== undefined,
  async fn() {
    await using folder = await temporaryFolder();
    await using pulse = await Pulse.start(["ear"]);
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria", [...BROWSER, "--answer", "accept"]);
    const card = await pulse.browserCard("ear", "ear");
    await using ear = await openBrowser({ env: card, sound: true });
    const { page } = await ear.newPage();
    await openPage(maria, page);
    const speech = await sayLater(SPEECH, folder.path);
    const said = await readMono(SPEECH);
    await using terminal = await startPhone(registry.port, "joão", ["--mic", speech.path]);
    await using browser = await startPhone(registry.port, "ana", [...BROWSER, ...AS_IT_IS]);
    await using mouth = await openBrowser({ args: fakeMicrophone(speech.path) });
    await openPage(browser, (await mouth.newPage()).page);
    for (const caller of [terminal, browser]) {
      const calls = maria.events("call_ended").length;
      await using recorder = pulse.record("ear");
      await recorder.started;
      await caller.type("ligar maria");
      const { name } = await caller.waitForEvent("call_started");
      assertEquals(name, "maria");
      await caller.waitForEvent(
        "status",
        ({ seconds }) => seconds as number > speech.said.length / SAMPLE_RATE + 2,
      );
      const { samples } = await recorder.stop();
      await caller.type("desligar");
      await maria.waitForEvent("call_ended", () => maria.events("call_ended").length > calls);
      const { correlation, coverage } = compareInPieces(said, samples);
      // Twice through a browser, on a busy machine; other speech has 0.4 at most.
      assertGreater(correlation, 0.7, caller === terminal ? "from the terminal" : "from the browser");
      assertGreater(coverage, 0.95);
    }
  },
});

Deno.test({
  name: "a page that is closed in a call is silence and a sentence, and the sound is back with the page",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    await using registry = await startRegistry();
    const atMaria = `${folder.path}/maria.wav`;
    await using maria = await startPhone(registry.port, "maria", [
      ...["--answer", "accept", "--mic", "tone", "--speaker", atMaria],
    ]);
    await using joao = await startPhone(registry.port, "joão", BROWSER);
    await using browser = await openBrowser({ args: fakeMicrophone(SPEECH) });
    const { page, context } = await browser.newPage();
    await openPage(joao, page);
    await joao.type("ligar maria");
    await joao.waitForEvent("status", ({ microphoneDb }) => microphoneDb as number > -60);
    await waitForRecording(atMaria);
    await page.close();
    const lost = await joao.waitForEvent("audio_lost");
    assertEquals([lost.side, lost.names, lost.detail], ["both", ["browser"], { kind: "no_page" }]);
    await joao.waitForEvent("status", ({ microphoneDb }) => microphoneDb === -100);
    const again = await context.newPage();
    await openPage(joao, again);
    await joao.waitForEvent("audio_back", ({ side }) => side === "both");
    const before = joao.events("status").length;
    await joao.waitForEvent(
      "status",
      ({ microphoneDb }) => microphoneDb as number > -60 && joao.events("status").length > before,
    );
    // A page that is loaded again is back before anybody notices, or says so.
    await again.reload();
    await again.waitForSelector("body[data-sound=ready]");
    const after = joao.events("status").length;
    await joao.waitForEvent(
      "status",
      ({ microphoneDb }) => microphoneDb as number > -60 && joao.events("status").length > after,
    );
    assertEquals(joao.events("call_ended"), []);
    await joao.type("desligar");
    await maria.waitForEvent("recorded");
  },
});

Deno.test({
  name: "a browser that plays nothing before a click says so, and plays after it",
  ignore,
  async fn() {
    await using registry = await startRegistry();
    await using maria = await startPhone(registry.port, "maria", ["--answer", "accept", "--mic", "tone"]);
    await using joao = await startPhone(registry.port, "joão", [
      "--web",
      "--no-open",
      "--mic",
      "tone",
      "--speaker",
      "browser",
    ]);
    await using browser = await openBrowser();
    const { page } = await browser.newPage();
    // A page that a test opens counts as clicked on already.
    await page.addInitScript(`{
      const { resume } = AudioContext.prototype;
      let clicked = false;
      addEventListener("pointerdown", () => clicked = true, { capture: true });
      AudioContext.prototype.resume = function () {
        return clicked ? resume.call(this) : new Promise(() => {});
      };
    }`);
    await openPage(joao, page);
    await joao.type("ligar maria");
    await joao.waitForEvent(
      "audio_lost",
      ({ detail }) => (detail as { readonly kind: string }).kind === "page_needs_click",
    );
    await page.mouse.click(1, 1);
    await joao.waitForEvent("audio_back", ({ side }) => side === "speaker");
    assertEquals(joao.events("call_ended"), []);
    await maria.type("sair");
  },
});

Deno.test({
  name: "other pages in the same browser reach nothing of the phone",
  ignore,
  async fn() {
    await using registry = await startRegistry();
    await using ana = await startPhone(registry.port, "ana", ["--web", "--no-open"]);
    const url = addressOf(ana);
    const { port, hash } = new URL(url);
    await using site = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response("<!DOCTYPE html><title>x</title>", { headers: { "content-type": "text/html" } }),
    );
    const rebound = [`MAP evil.example 127.0.0.1`];
    await using browser = await openBrowser({ args: [`--host-resolver-rules=${rebound}`] });
    const tried = async (from: string, host: string): Promise<string> => {
      const { page } = await browser.newPage();
      await page.goto(from);
      const socket = `new WebSocket("ws://${host}:${port}/line", ["sala", "${hash.slice(1)}"])`;
      return await page.evaluate(`new Promise((done) => {
        const socket = ${socket};
        socket.onopen = () => done("open");
        socket.onerror = () => done("refused");
      })`);
    };
    const foreign = `http://127.0.0.1:${site.addr.port}/`;
    // Even with the token.
    assertEquals(await tried(foreign, "127.0.0.1"), "refused", "another origin");
    assertEquals(
      await tried(`http://evil.example:${site.addr.port}/`, "evil.example"),
      "refused",
      "a rebound name",
    );
    assertEquals(await tried(`http://evil.example:${site.addr.port}/`, "127.0.0.1"), "refused");
    const { page } = await browser.newPage();
    const status = new Promise<number>((done) => page.on("response", (response) => done(response.status())));
    await page.goto(`http://evil.example:${port}/`).catch(() => {});
    assertEquals(await status, 403);
    const { page: other } = await browser.newPage();
    await other.goto(foreign);
    const framed = await other.evaluate(`new Promise((done) => {
      const frame = document.createElement("iframe");
      frame.src = "http://127.0.0.1:${port}/";
      frame.onload = () => done(frame.contentDocument === null ? "blocked" : "there");
      document.body.append(frame);
    })`);
    assertEquals(framed, "blocked");
    const fetched = await other.evaluate(
      `fetch("http://127.0.0.1:${port}/phone.js").then(() => "read", () => "refused")`,
    );
    assertEquals(fetched, "refused");
    // The phone's own page is welcome all the while.
    await other.goto(url);
    await other.waitForSelector("main");
    assertNotEquals(await other.textContent("body"), "");
    assertEquals(ana.events("call_started"), []);
  },
});
