/**
 * The whole assignment as one story: a registry and phones, each a process of its own, do everything that it asks for,
 * one thing after the other. At the end it compares the recordings with the speech that was sent.
 *
 * Usage: `demo.ts [--lang pt|en] [--step] [--brisk] [--free-ports] [--panel] [--no-open]`; `--help` explains them (texts.ts).
 *
 * Exit status: 0 if every step happened, 1 if one did not, 2 for wrong usage.
 */

import { compareInPieces, type Comparison } from "../testing/audio/compare.ts";
import { hear } from "../testing/audio/hear.ts";
import { openFileSource } from "../audio/file/file_source.ts";
import { PortAudio } from "../audio/portaudio/portaudio.ts";
import { quietStderr } from "../audio/portaudio/quiet.ts";
import { SAMPLE_RATE } from "../lib/dsp/pcm.ts";
import { parseWav } from "../audio/file/wav_reader.ts";
import { drawWaveforms } from "../testing/audio/waveform.ts";
import { resample } from "../lib/dsp/resample.ts";
import { startProcess, type ToolProcess } from "../testing/processes.ts";
import { pause } from "../lib/util/pause.ts";
import type { Language } from "../lib/ui/texts/language.ts";
import { environmentVariable } from "../lib/util/environment.ts";
import { openPage } from "../lib/cli/open_page.ts";
import { type DemoOptions, parseDemoOptions } from "./options.ts";
import { DEMO_TEXTS, type StepName } from "./texts.ts";
import { keepLadder } from "./wall.ts";

const SPEECH = new URL("fala.wav", import.meta.url).pathname;
const REPLY = new URL("resposta.wav", import.meta.url).pathname;
const FOLDER = new URL("out/", import.meta.url).pathname;
const HEARD_BY_MARIA = `${FOLDER}maria-ouviu.wav`;
const HEARD_BY_JOAO = `${FOLDER}joao-ouviu.wav`;
const PICTURE = `${FOLDER}voz.svg`;
/** Of the messages: a picture, and a diagram for reports. */
const LADDER = [`${FOLDER}escada.svg`, `${FOLDER}escada.mmd`] as const;

/** Time to read a step's lines before the next one, in milliseconds; on the wall its arrows, too. */
const READING_MS = 1_000;
const READING_ON_WALL_MS = 2_500;
/** Least likeness of a recording to its speech: Opus keeps 0.95 and more, other speech has less than half. */
const SAME_SPEECH = 0.8;

const COLOUR = !Deno.noColor && Deno.stdout.isTerminal();
const COLOURS = { registry: 33, joão: 36, maria: 35, pedro: 32, intruder: 31 } as const;

type ActorName = keyof typeof COLOURS;

function paint(code: number, text: string): string {
  return COLOUR ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** A process of the story, which shows its lines as they come. */
class Actor implements AsyncDisposable {
  readonly process: ToolProcess;
  readonly #margin: string;

  constructor(readonly name: ActorName, args: readonly string[], language: Language) {
    const shown = name === "registry" || name === "intruder" ? DEMO_TEXTS[language].actors[name] : name;
    this.#margin = paint(COLOURS[name], `${shown.padEnd(8)} │`);
    const kind = name === "registry" ? "registry" : "phone";
    this.process = startProcess(kind, [...args, "--lang", language], {
      stdin: "piped",
      onLine: (line) => console.log(`${this.#margin} ${line}`),
    });
  }

  /** Waits until a line with all of these texts has come. */
  async says(...texts: string[]): Promise<string> {
    return await this.process.waitFor(
      (line) => texts.every((text) => line.includes(text)),
      texts.join(" … "),
    );
  }

  /** Types a command. */
  async does(command: string): Promise<void> {
    console.log(`${this.#margin} ${paint(1, `» ${command}`)}`);
    await this.process.type(command);
  }

  async ends(status: number): Promise<void> {
    const code = await this.process.exitCode();
    if (code !== status) throw new Error(`${this.name} ended with status ${code} instead of ${status}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.process[Symbol.asyncDispose]();
  }
}

/** One telling of the story. */
class Demo {
  /** Steps begun so far. */
  steps = 0;
  readonly #options: DemoOptions;
  readonly #actors: AsyncDisposableStack;
  #reading: Promise<never> | undefined;
  #goOn = (): void => {};

  constructor(options: DemoOptions, actors: AsyncDisposableStack) {
    this.#options = options;
    this.#actors = actors;
  }

  get #texts() {
    return DEMO_TEXTS[this.#options.language];
  }

  /** Begins a step: on a key with `--step`, otherwise when its reader had time for the one before. */
  async #step(name: StepName): Promise<void> {
    const { step, brisk, panel } = this.#options;
    if (step) await this.#waitForReturn();
    else if (this.steps > 0 && !brisk && Deno.stdout.isTerminal()) {
      await pause(panel ? READING_ON_WALL_MS : READING_MS);
    }
    console.log(`\n${paint(1, `${++this.steps}. ${this.#texts.steps[name]}`)}`);
  }

  async #waitForReturn(): Promise<void> {
    console.log(`\n${paint(2, this.#texts.nextStep)}`);
    this.#reading ??= this.#readReturns();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#goOn = resolve;
    await Promise.race([promise, this.#reading]);
  }

  /** Reads lines to the end. One that was typed during a step does not begin the next one. */
  async #readReturns(): Promise<never> {
    const typed = new Uint8Array(256);
    while (await Deno.stdin.read(typed) !== null) this.#goOn();
    throw new Error(this.#texts.inputEnded);
  }

  /** Starts the registry on the assignment's port where it is free, else on any. Returns its port. */
  async #startRegistry(): Promise<{ registry: Actor; port: string }> {
    for (const wanted of this.#options.freePorts ? ["0"] : ["5000", "0"]) {
      const args = ["--port", wanted, ...this.#options.panel ? ["--panel", "0"] : []];
      const registry = this.#actors.use(new Actor("registry", args, this.#options.language));
      try {
        const line = await registry.says(this.#texts.says.roomOpen);
        return { registry, port: /:(\d+) /.exec(line)?.[1] ?? wanted };
      } catch (error) {
        if (wanted === "0") throw error;
        console.log(this.#texts.portTaken(wanted));
      }
    }
    throw new Error("unreachable");
  }

  /** Starts a phone and waits until it is registered. */
  async #startPhone(name: ActorName, registry: string, port: string, args: string[]): Promise<Actor> {
    const { says } = this.#texts;
    for (const wanted of this.#options.freePorts ? ["0"] : [port, "0"]) {
      const place = [registry, name, wanted, "--ip", "127.0.0.1"];
      const phone = this.#actors.use(new Actor(name, [...place, ...args], this.#options.language));
      const line = await phone.process.waitFor(
        (line) => line.includes('"registro_confirmado"') || line.includes(says.portInUse),
        "registro_confirmado",
      );
      if (line.includes('"registro_confirmado"')) return phone;
    }
    throw new Error(`${name} could not register`);
  }

  /** Says where the room is on the wall, and opens that. @returns Its address. */
  async #showWall(registry: Actor): Promise<string> {
    const line = await registry.says(this.#texts.says.panelOpen);
    const url = /http:\S+/.exec(line)?.[0] ?? "";
    console.log(paint(1, this.#texts.wall(url, this.#options.open)));
    if (this.#options.open) await openPage(url);
    return url;
  }

  async tell(): Promise<void> {
    const { says, types } = this.#texts;
    await this.#step("open");
    const { registry, port } = await this.#startRegistry();
    const wall = this.#options.panel ? await this.#showWall(registry) : undefined;
    const address = `127.0.0.1:${port}`;

    await this.#step("enter");
    const joao = await this.#startPhone("joão", address, "6000", [
      "--mic",
      SPEECH,
      "--speaker",
      HEARD_BY_JOAO,
    ]);
    await registry.says("joão", "127.0.0.1 ", "|");
    const maria = await this.#startPhone("maria", address, "6050", [
      "--mic",
      REPLY,
      "--speaker",
      HEARD_BY_MARIA,
    ]);
    await registry.says("joão", "127.0.0.1 ", "|");
    await registry.says("maria", "127.0.0.1 ", "|");

    await this.#step("nameTaken");
    const still = ["--mic", "none", "--speaker", "none"];
    const intruder = this.#actors.use(
      new Actor("intruder", [address, "Maria", "0", ...still], this.#options.language),
    );
    await registry.says(says.sent, '"nome_em_uso"');
    await intruder.says(says.received, '"nome_em_uso"');
    await intruder.ends(3);

    await this.#step("nobody");
    await joao.does(`${types.lookUp} ana`);
    await registry.says(says.sent, '"usuario_nao_encontrado"');
    await joao.says(says.received, '"usuario_nao_encontrado"');

    await this.#step("call");
    await joao.does(`${types.call} maria`);
    await joao.says(says.received, '"resposta_consulta"');
    await joao.says(says.sent, '"convite"');
    await maria.says(says.received, '"convite"');
    await maria.does(types.accept);
    await maria.says(says.sent, '"resposta_ao_convite"', '"aceito"');
    await joao.says(says.received, '"resposta_ao_convite"', '"aceito"');
    const talking = performance.now();
    await maria.says(says.received, '"confirmação"');

    await this.#step("voice");
    const pedro = await this.#startPhone("pedro", address, "6100", still);
    await pedro.does(`${types.call} maria`);
    await maria.says(says.sent, '"rejeitado"', '"ocupado"');
    await pedro.says(says.busy);
    // Until joão has said everything; the end of his file plus what may still be on its way.
    const { samples, sampleRate } = parseWav(await Deno.readFile(SPEECH), SPEECH);
    await pause(Math.max(0, 1000 * samples.length / sampleRate + 400 - (performance.now() - talking)));

    await this.#step("hangUp");
    await maria.does(types.hangUp);
    await maria.says(says.sent, '"encerrar_ligação"');
    await joao.says(says.received, '"encerrar_ligação"');
    await maria.says(says.received, '"ligação_encerrada"');
    await joao.says(says.peerHungUp);

    await this.#step("refuse");
    await joao.does(`${types.call} maria`);
    await maria.says(says.received, '"convite"');
    await maria.does(types.reject);
    await joao.says(says.received, '"rejeitado"', '"recusado"');
    await joao.says(says.busy);

    await this.#step("leave");
    for (const phone of [pedro, joao, maria]) {
      await phone.does(types.quit);
      await phone.ends(0);
      await registry.says(says.received, '"fechamento"');
    }
    await registry.says(says.emptyRoom);
    if (wall !== undefined) await keepLadder(wall, 3, this.#options.language, LADDER);
    registry.process.kill("SIGINT");
    await registry.ends(0);
  }
}

/** Compares the recordings with the speech: figures, a picture, and the sound itself where there is a loudspeaker. */
async function summarise({ language, panel }: DemoOptions): Promise<void> {
  const texts = DEMO_TEXTS[language].summary;
  console.log(`\n${paint(1, texts.title)}`);
  const said = await readMono(SPEECH);
  const heard = await readMono(HEARD_BY_MARIA);
  const result = compareInPieces(said, heard, SAMPLE_RATE);
  const answer = compareInPieces(await readMono(REPLY), await readMono(HEARD_BY_JOAO), SAMPLE_RATE);
  const figures = { ...result, oneWaySeconds: oneWaySeconds(result, answer) };
  for (const [what, value] of texts.figures(figures)) console.log(`  ${what.padEnd(12)} ${value}`);
  const sampleRate = SAMPLE_RATE;
  const picture = drawWaveforms([
    { title: texts.said, samples: said, sampleRate, offsetSeconds: result.delaySeconds },
    { title: texts.heard, samples: heard, sampleRate },
  ]);
  await Deno.writeTextFile(PICTURE, picture);
  const ladder = panel ? [[texts.ladder, LADDER[0]], [texts.diagram, LADDER[1]]] as const : [];
  for (const [what, path] of [[texts.sound, HEARD_BY_MARIA], [texts.picture, PICTURE], ...ladder] as const) {
    console.log(`  ${what.padEnd(12)} ${path}`);
  }
  if (result.correlation < SAME_SPEECH || result.coverage < 0.95) throw new Error(texts.somethingElse);
  await playBack(language);
}

/** Sound in one packet, in seconds. */
const PACKET_SECONDS = 0.02;

/**
 * Mean delay from mouth to ear of the two directions, in seconds. Each phone starts its file and its recording at one
 * moment, but not at that of the other phone: what one direction's place in the recording is too early by, the other's is
 * too late by. A recording has no queue like a loudspeaker's: each packet is written one packet after its place.
 */
function oneWaySeconds(there: Comparison, back: Comparison): number {
  return (there.delaySeconds + back.delaySeconds) / 2 + PACKET_SECONDS;
}

async function readMono(path: string): Promise<Float32Array> {
  const { samples, sampleRate } = parseWav(await Deno.readFile(path), path);
  return resample(samples, sampleRate, SAMPLE_RATE);
}

/** Plays what maria heard, where there is a loudspeaker. */
async function playBack(language: Language): Promise<void> {
  const texts = DEMO_TEXTS[language].summary;
  using _quiet = quietStderr();
  let opened;
  try {
    opened = PortAudio.load();
    await opened.check("output");
  } catch {
    await opened?.[Symbol.asyncDispose]();
    return console.log(`  ${texts.noSoundCard}`);
  }
  await using portAudio = opened;
  console.log(`  ${texts.aloud}`);
  await using file = await openFileSource(HEARD_BY_MARIA);
  await using speaker = await portAudio.openSink(480);
  const block = new Int16Array(480);
  const { length } = await readMono(HEARD_BY_MARIA);
  for (let played = 0; played < length; played += block.length) {
    await hear(file, block);
    const wanted = Math.min(block.length, speaker.wanted());
    await speaker.write(block.subarray(0, wanted));
  }
}

async function tellStory(options: DemoOptions): Promise<number> {
  const texts = DEMO_TEXTS[options.language];
  // A phone never records over a file.
  await Deno.remove(FOLDER, { recursive: true }).catch(() => {});
  await Deno.mkdir(FOLDER, { recursive: true });
  const began = performance.now();
  await using actors = new AsyncDisposableStack();
  const demo = new Demo(options, actors);
  try {
    await demo.tell();
    await summarise(options);
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(`\n${paint(32, texts.allHappened(demo.steps, seconds))}`);
    return 0;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.log(`\n${paint(31, texts.failed(demo.steps, why))}`);
    return 1;
  }
}

const request = parseDemoOptions(Deno.args, environmentVariable, Deno.stdin.isTerminal());
if ("text" in request) {
  (request.status === 0 ? console.log : console.error)(request.text);
  Deno.exit(request.status);
}
Deno.exit(await tellStory(request));
