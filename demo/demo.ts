/**
 * The whole assignment as one story: a registry and phones, each a process of its own, do everything that it asks for,
 * one thing after the other. At the end it compares the recordings with the speech that was sent.
 *
 * Usage: `demo.ts [--free-ports] [--brisk]`. Without `--free-ports` it takes the assignment's ports where they are
 * free; with `--brisk` it makes no pauses for reading.
 *
 * Exit status: 0 if every step happened, 1 otherwise.
 */

import { compareInPieces, type Comparison } from "../testing/audio/compare.ts";
import { openFileSource } from "../audio/file/file_source.ts";
import { PortAudio } from "../audio/portaudio/portaudio.ts";
import { quietStderr } from "../audio/portaudio/quiet.ts";
import { SAMPLE_RATE } from "../lib/dsp/pcm.ts";
import { parseWav } from "../audio/file/wav_reader.ts";
import { drawWaveforms } from "../testing/audio/waveform.ts";
import { resample } from "../lib/dsp/resample.ts";
import { startProcess, type ToolProcess } from "../testing/processes.ts";
import { pause } from "../lib/util/pause.ts";

const SPEECH = new URL("fala.wav", import.meta.url).pathname;
const REPLY = new URL("resposta.wav", import.meta.url).pathname;
const FOLDER = new URL("out/", import.meta.url).pathname;
const HEARD_BY_MARIA = `${FOLDER}maria-ouviu.wav`;
const HEARD_BY_JOAO = `${FOLDER}joao-ouviu.wav`;
const PICTURE = `${FOLDER}voz.svg`;

const FREE_PORTS = Deno.args.includes("--free-ports");
/** Time to read a step's lines before the next one, in milliseconds. */
const READING_MS = Deno.args.includes("--brisk") || !Deno.stdout.isTerminal() ? 0 : 1_000;
/** Least likeness of a recording to its speech: Opus keeps 0.95 and more, other speech has less than half. */
const SAME_SPEECH = 0.8;

const COLOUR = !Deno.noColor && Deno.stdout.isTerminal();
const COLOURS: Readonly<Record<string, number>> = {
  registro: 33,
  joão: 36,
  maria: 35,
  pedro: 32,
  intrusa: 31,
};

function paint(code: number, text: string): string {
  return COLOUR ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** A process of the story, which shows its lines as they come. */
class Actor implements AsyncDisposable {
  readonly process: ToolProcess;

  constructor(readonly name: string, kind: "registry" | "phone", args: readonly string[]) {
    const mark = paint(COLOURS[name] ?? 37, `${name.padEnd(8)} │`);
    this.process = startProcess(kind, [...args, "--lang", "pt"], {
      stdin: "piped",
      onLine: (line) => console.log(`${mark} ${line}`),
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
    console.log(`${paint(COLOURS[this.name] ?? 37, `${this.name.padEnd(8)} │`)} ${paint(1, `» ${command}`)}`);
    await this.process.type(command);
  }

  /** Leaves the room, as a person does. */
  async leaves(): Promise<void> {
    await this.does("sair");
    await this.ends(0);
  }

  async ends(status: number): Promise<void> {
    const code = await this.process.exitCode();
    if (code !== status) throw new Error(`${this.name} ended with status ${code} instead of ${status}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.process[Symbol.asyncDispose]();
  }
}

let steps = 0;

async function step(title: string): Promise<void> {
  if (steps > 0) await pause(READING_MS);
  console.log(`\n${paint(1, `${++steps}. ${title}`)}`);
}

/** Starts the registry on the assignment's port where it is free, else on any. Returns its port. */
async function startRegistry(actors: AsyncDisposableStack): Promise<{ registry: Actor; port: string }> {
  for (const wanted of FREE_PORTS ? ["0"] : ["5000", "0"]) {
    const registry = actors.use(new Actor("registro", "registry", ["--port", wanted]));
    try {
      const line = await registry.says("sala aberta em");
      return { registry, port: /:(\d+)\b/.exec(line)?.[1] ?? wanted };
    } catch (error) {
      if (wanted === "0") throw error;
      console.log(`A porta ${wanted} está ocupada: o registro fica em outra.`);
    }
  }
  throw new Error("unreachable");
}

/** Starts a phone and waits until it is registered. */
async function startPhone(
  actors: AsyncDisposableStack,
  registry: string,
  name: string,
  port: string,
  args: string[],
): Promise<Actor> {
  for (const wanted of FREE_PORTS ? ["0"] : [port, "0"]) {
    const phone = actors.use(
      new Actor(name, "phone", [registry, name, wanted, "--ip", "127.0.0.1", ...args]),
    );
    const line = await phone.process.waitFor(
      (line) => line.includes('"registro_confirmado"') || line.includes("já está em uso nesta máquina"),
      "registro_confirmado",
    );
    if (line.includes('"registro_confirmado"')) return phone;
  }
  throw new Error(`${name} could not register`);
}

async function tellStory(actors: AsyncDisposableStack): Promise<void> {
  await step("O registro abre a sala e espera conexões TCP.");
  const { registry, port } = await startRegistry(actors);
  const address = `127.0.0.1:${port}`;

  await step("joão e maria entram na sala; a cada um, o registro mostra a tabela.");
  const joao = await startPhone(actors, address, "joão", "6000", [
    "--mic",
    SPEECH,
    "--speaker",
    HEARD_BY_JOAO,
  ]);
  await registry.says("joão", "127.0.0.1 ", "|");
  const maria = await startPhone(actors, address, "maria", "6050", [
    "--mic",
    REPLY,
    "--speaker",
    HEARD_BY_MARIA,
  ]);
  await registry.says("joão", "127.0.0.1 ", "|");
  await registry.says("maria", "127.0.0.1 ", "|");

  await step("Outra pessoa quer entrar como “maria”: o nome já está em uso.");
  const intruder = actors.use(
    new Actor("intrusa", "phone", [address, "Maria", "0", "--mic", "none", "--speaker", "none"]),
  );
  await registry.says("enviada", '"nome_em_uso"');
  await intruder.says("recebida", '"nome_em_uso"');
  await intruder.ends(3);

  await step("joão consulta alguém que não está na sala.");
  await joao.does("consultar ana");
  await registry.says("enviada", '"usuario_nao_encontrado"');
  await joao.says("recebida", '"usuario_nao_encontrado"');

  await step("joão liga para maria: consulta ao registro por TCP, convite por UDP; ela aceita.");
  await joao.does("ligar maria");
  await joao.says("recebida", '"resposta_consulta"');
  await joao.says("enviada", '"convite"');
  await maria.says("recebida", '"convite"');
  await maria.does("aceitar");
  await maria.says("enviada", '"resposta_ao_convite"', '"aceito"');
  await joao.says("recebida", '"resposta_ao_convite"', '"aceito"');
  const talking = performance.now();
  await maria.says("recebida", '"confirmação"');

  await step("A voz de joão chega a maria, e a dela a ele. Nisso pedro liga para maria.");
  const pedro = await startPhone(actors, address, "pedro", "6100", ["--mic", "none", "--speaker", "none"]);
  await pedro.does("ligar maria");
  await maria.says("enviada", '"rejeitado"', '"ocupado"');
  await pedro.says("usuário destino ocupado");
  // Until joão has said everything; the end of his file plus what may still be on its way.
  const { samples, sampleRate } = parseWav(await Deno.readFile(SPEECH), SPEECH);
  await pause(Math.max(0, 1000 * samples.length / sampleRate + 400 - (performance.now() - talking)));

  await step("maria desliga; os dois param de transmitir.");
  await maria.does("desligar");
  await maria.says("enviada", '"encerrar_ligação"');
  await joao.says("recebida", '"encerrar_ligação"');
  await maria.says("recebida", '"ligação_encerrada"');
  await joao.says("encerrou a ligação");

  await step("joão liga de novo e maria recusa.");
  await joao.does("ligar maria");
  await maria.says("recebida", '"convite"');
  await maria.does("recusar");
  await joao.says("recebida", '"rejeitado"', '"recusado"');
  await joao.says("usuário destino ocupado");

  await step("Todos saem com uma mensagem de fechamento e a tabela fica vazia.");
  for (const phone of [pedro, joao, maria]) {
    await phone.leaves();
    await registry.says("recebida", '"fechamento"');
  }
  await registry.says("0 pessoas na sala");
  registry.process.kill("SIGINT");
  await registry.ends(0);
}

/** Compares the recordings with the speech: figures, a picture, and the sound itself where there is a loudspeaker. */
async function summarise(): Promise<void> {
  console.log(`\n${paint(1, "O que maria ouviu, comparado com o que joão disse")}`);
  const said = await readMono(SPEECH);
  const heard = await readMono(HEARD_BY_MARIA);
  const result = compareInPieces(said, heard, SAMPLE_RATE);
  for (const [what, value] of describe(result)) console.log(`  ${what.padEnd(12)} ${value}`);
  const sampleRate = SAMPLE_RATE;
  const picture = drawWaveforms([
    { title: "o que joão disse", samples: said, sampleRate, offsetSeconds: result.delaySeconds },
    { title: "o que maria ouviu", samples: heard, sampleRate },
  ]);
  await Deno.writeTextFile(PICTURE, picture);
  console.log(`  som          ${HEARD_BY_MARIA}\n  figura       ${PICTURE}`);
  if (result.correlation < SAME_SPEECH || result.coverage < 0.95) {
    throw new Error("maria heard something else");
  }
  await playBack();
}

function describe({ delaySeconds, correlation, levelDb, duration }: Comparison): [string, string][] {
  const decimal = (value: number, digits: number): string =>
    value.toLocaleString("pt-BR", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return [
    ["duração", `${decimal(duration.heard, 2)} s de fala ouvidos, ${decimal(duration.reference, 2)} s ditos`],
    ["atraso", `${decimal(1000 * delaySeconds, 0)} ms do início da ligação ao início da fala na gravação`],
    ["nível", `${decimal(levelDb, 1)} dB em relação ao original`],
    ["correlação", `${decimal(correlation, 3)} depois de alinhar cada sílaba (1 é igual)`],
  ];
}

async function readMono(path: string): Promise<Float32Array> {
  const { samples, sampleRate } = parseWav(await Deno.readFile(path), path);
  return resample(samples, sampleRate, SAMPLE_RATE);
}

/** Plays what maria heard, where there is a loudspeaker. */
async function playBack(): Promise<void> {
  using _quiet = quietStderr();
  let opened;
  try {
    opened = PortAudio.open();
    opened.check("output");
  } catch {
    opened?.[Symbol.dispose]();
    return console.log("  (sem placa de som nesta máquina: ouça o arquivo em outra)");
  }
  using portAudio = opened;
  console.log("  … e agora em voz alta.");
  await using file = await openFileSource(HEARD_BY_MARIA);
  await using speaker = await portAudio.openSink(480);
  const block = new Int16Array(480);
  const { length } = await readMono(HEARD_BY_MARIA);
  for (let played = 0; played < length; played += block.length) {
    await file.read(block);
    const wanted = Math.min(block.length, speaker.wanted());
    await speaker.write(block.subarray(0, wanted));
  }
}

await Deno.mkdir(FOLDER, { recursive: true });
const began = performance.now();
try {
  await using actors = new AsyncDisposableStack();
  await tellStory(actors);
  await summarise();
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`\n${paint(32, `Todos os ${steps} passos aconteceram, em ${seconds} s.`)}`);
} catch (error) {
  console.log(
    `\n${
      paint(
        31,
        `O passo ${steps} não aconteceu como devia: ${error instanceof Error ? error.message : error}`,
      )
    }`,
  );
  Deno.exit(1);
}
