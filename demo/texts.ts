/** What the demo says, in both languages, and the words of the tools that it waits for. */

import type { Comparison } from "../testing/audio/compare.ts";
import type { Language } from "../lib/ui/texts/language.ts";

/** The steps of the story. */
export type StepName =
  | "open"
  | "enter"
  | "nameTaken"
  | "nobody"
  | "call"
  | "voice"
  | "hangUp"
  | "refuse"
  | "leave";

/** How maria's recording compares with what joão said. */
export interface Figures extends Comparison {
  /** Mean delay of the two directions, in seconds. */
  readonly oneWaySeconds: number;
}

interface DemoTexts {
  /** The processes that are not called by a person's name. */
  readonly actors: Readonly<Record<"registry" | "intruder", string>>;
  readonly steps: Readonly<Record<StepName, string>>;
  /** Parts of lines of registry and phones. */
  readonly says: Readonly<
    Record<
      "roomOpen" | "panelOpen" | "portInUse" | "sent" | "received" | "busy" | "peerHungUp" | "emptyRoom",
      string
    >
  >;
  /** Commands of a phone. */
  readonly types: Readonly<Record<"call" | "accept" | "reject" | "hangUp" | "lookUp" | "quit", string>>;
  readonly portTaken: (port: string) => string;
  readonly wall: (url: string, opened: boolean) => string;
  readonly nextStep: string;
  readonly inputEnded: string;
  readonly summary: {
    readonly title: string;
    readonly figures: (figures: Figures) => readonly (readonly [string, string])[];
    readonly said: string;
    readonly heard: string;
    readonly sound: string;
    readonly picture: string;
    readonly ladder: string;
    readonly diagram: string;
    readonly somethingElse: string;
    readonly noSoundCard: string;
    readonly aloud: string;
  };
  readonly allHappened: (steps: number, seconds: number) => string;
  readonly failed: (step: number, why: string) => string;
  readonly usage: string;
  readonly unknownArgument: (argument: string) => string;
  readonly unknownLanguage: (language: string) => string;
  readonly stepNeedsTerminal: string;
}

function decimal(value: number, digits: number, locale: string): string {
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const PT: DemoTexts = {
  actors: { registry: "registro", intruder: "intrusa" },
  steps: {
    open: "O registro abre a sala e espera conexões TCP.",
    enter: "joão e maria entram na sala; a cada um, o registro mostra a tabela.",
    nameTaken: "Outra pessoa quer entrar como “maria”: o nome já está em uso.",
    nobody: "joão consulta alguém que não está na sala.",
    call: "joão liga para maria: consulta ao registro por TCP, convite por UDP; ela aceita.",
    voice: "A voz de joão chega a maria, e a dela a ele. Nisso pedro liga para maria.",
    hangUp: "maria desliga; os dois param de transmitir.",
    refuse: "joão liga de novo e maria recusa.",
    leave: "Todos saem com uma mensagem de fechamento e a tabela fica vazia.",
  },
  says: {
    roomOpen: "sala aberta em",
    panelOpen: "a sala na parede",
    portInUse: "já está em uso nesta máquina",
    sent: "enviada",
    received: "recebida",
    busy: "usuário destino ocupado",
    peerHungUp: "encerrou a ligação",
    emptyRoom: "0 pessoas na sala",
  },
  types: {
    call: "ligar",
    accept: "aceitar",
    reject: "recusar",
    hangUp: "desligar",
    lookUp: "consultar",
    quit: "sair",
  },
  portTaken: (port) => `A porta ${port} está ocupada: o registro fica em outra.`,
  wall: (url, opened) =>
    `A história toda aparece também no navegador: ${url}${
      opened ? " (abre sozinho onde há uma área de trabalho)" : ""
    }`,
  nextStep: "Enter: próximo passo",
  inputEnded: "a entrada terminou",
  summary: {
    title: "O que maria ouviu, comparado com o que joão disse",
    figures: ({ duration, oneWaySeconds, levelDb, correlation }) => [
      [
        "duração",
        `${decimal(duration.heard, 2, "pt-BR")} s de fala ouvidos, ${
          decimal(duration.reference, 2, "pt-BR")
        } s ditos`,
      ],
      [
        "atraso",
        `${
          decimal(1000 * oneWaySeconds, 0, "pt-BR")
        } ms da boca ao ouvido, sem placas de som, média dos dois sentidos`,
      ],
      ["nível", `${decimal(levelDb, 1, "pt-BR")} dB em relação ao original`],
      ["correlação", `${decimal(correlation, 3, "pt-BR")} depois de alinhar cada sílaba (1 é igual)`],
    ],
    said: "o que joão disse",
    heard: "o que maria ouviu",
    sound: "som",
    picture: "figura",
    ladder: "mensagens",
    diagram: "em Mermaid",
    somethingElse: "maria ouviu outra coisa",
    noSoundCard: "(sem placa de som nesta máquina: ouça o arquivo em outra)",
    aloud: "… e agora em voz alta.",
  },
  allHappened: (steps, seconds) => `Todos os ${steps} passos aconteceram, em ${seconds} s.`,
  failed: (step, why) => `O passo ${step} não aconteceu como devia: ${why}`,
  usage: `Uso: make demo [ARGS="OPÇÕES"]

  --lang pt|en   idioma da história e dos programas
  --step         cada passo espera por Enter
  --brisk        sem pausas para a leitura
  --free-ports   portas livres quaisquer, em vez de 5000, 6000, 6050 e 6100
  --panel        mostra a sala e suas mensagens no navegador, e deixa uma figura delas em demo/out/
  --no-open      não abre o navegador`,
  unknownArgument: (argument) => `O argumento “${argument}” não existe aqui.`,
  unknownLanguage: (language) => `“${language}” não é um idioma daqui: use --lang pt ou --lang en.`,
  stepNeedsTerminal: "--step espera pela tecla Enter e por isso precisa de um terminal.",
};

const EN: DemoTexts = {
  actors: { registry: "registry", intruder: "intruder" },
  steps: {
    open: "The registry opens the room and waits for TCP connections.",
    enter: "joão and maria enter the room; at each of them the registry shows the table.",
    nameTaken: "Somebody else wants to enter as “maria”: the name is in use.",
    nobody: "joão looks up somebody who is not in the room.",
    call: "joão calls maria: the registry is asked over TCP, the invitation goes over UDP; she accepts.",
    voice: "joão's voice reaches maria, and hers reaches him. Meanwhile pedro calls maria.",
    hangUp: "maria hangs up; both stop sending.",
    refuse: "joão calls again and maria refuses.",
    leave: "All leave with a closing message, and the table is empty.",
  },
  says: {
    roomOpen: "room open at",
    panelOpen: "the room on the wall",
    portInUse: "is already in use on this machine",
    sent: "sent",
    received: "received",
    busy: "the person called is busy",
    peerHungUp: "ended the call",
    emptyRoom: "0 people in the room",
  },
  types: {
    call: "call",
    accept: "accept",
    reject: "reject",
    hangUp: "hangup",
    lookUp: "lookup",
    quit: "quit",
  },
  portTaken: (port) => `Port ${port} is in use: the registry takes another one.`,
  wall: (url, opened) =>
    `The whole story is in the browser, too: ${url}${
      opened ? " (it opens by itself where there is a desktop)" : ""
    }`,
  nextStep: "Return: next step",
  inputEnded: "the input ended",
  summary: {
    title: "What maria heard, compared with what joão said",
    figures: ({ duration, oneWaySeconds, levelDb, correlation }) => [
      [
        "duration",
        `${decimal(duration.heard, 2, "en")} s of speech heard, ${
          decimal(duration.reference, 2, "en")
        } s said`,
      ],
      [
        "delay",
        `${
          decimal(1000 * oneWaySeconds, 0, "en")
        } ms from mouth to ear without sound cards, mean of both directions`,
      ],
      ["level", `${decimal(levelDb, 1, "en")} dB relative to the original`],
      ["correlation", `${decimal(correlation, 3, "en")} after aligning each syllable (1 is the same)`],
    ],
    said: "what joão said",
    heard: "what maria heard",
    sound: "sound",
    picture: "picture",
    ladder: "messages",
    diagram: "in Mermaid",
    somethingElse: "maria heard something else",
    noSoundCard: "(this machine has no sound card: listen to the file on another one)",
    aloud: "… and now aloud.",
  },
  allHappened: (steps, seconds) => `All ${steps} steps happened, in ${seconds} s.`,
  failed: (step, why) => `Step ${step} did not happen as it should: ${why}`,
  usage: `Usage: make demo [ARGS="OPTIONS"]

  --lang pt|en   language of the story and of the programs
  --step         each step waits for Return
  --brisk        no pauses for reading
  --free-ports   any free ports in place of 5000, 6000, 6050 and 6100
  --panel        shows the room and its messages in the browser, and leaves a picture of them in demo/out/
  --no-open      does not open the browser`,
  unknownArgument: (argument) => `There is no argument “${argument}” here.`,
  unknownLanguage: (language) => `“${language}” is no language here: use --lang pt or --lang en.`,
  stepNeedsTerminal: "--step waits for the Return key and so needs a terminal.",
};

/** The texts of each language. */
export const DEMO_TEXTS: Readonly<Record<Language, DemoTexts>> = { pt: PT, en: EN };
