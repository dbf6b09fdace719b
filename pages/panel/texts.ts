/** The panel's words, in both languages. */

import type { Activity } from "../../lib/panel/feed.ts";
import type { Language } from "../shared/ladder_texts.ts";

/** The words of one language. */
export interface Texts {
  readonly registry: string;
  readonly people: string;
  readonly calls: string;
  readonly nobody: string;
  readonly activity: Readonly<Record<Activity, (name: string) => string>>;
  readonly shares: string;
  readonly sharesNot: string;
  readonly live: string;
  readonly pause: string;
  readonly replay: string;
  readonly speed: string;
  readonly position: string;
  readonly everything: string;
  readonly person: string;
  readonly call: string;
  readonly filter: string;
  readonly export: string;
  readonly exports: Readonly<Record<"mmd" | "jsonl" | "pcapng", string>>;
  readonly connecting: string;
  readonly lost: string;
  readonly address: string;
  readonly onlyHere: string;
  readonly theme: string;
  readonly language: string;
  readonly close: string;
  readonly loss: string;
  readonly jitter: string;
  readonly roundTrip: string;
  readonly quality: string;
}

const PT: Texts = {
  registry: "registro",
  people: "Pessoas",
  calls: "Ligações",
  nobody: "Ninguém na sala ainda.",
  activity: {
    free: () => "livre",
    inviting: (name) => `chamando ${name}`,
    ringing: (name) => `${name} está chamando`,
    in_call: (name) => `em ligação com ${name}`,
  },
  shares: "O telefone envia cópias das suas mensagens ao painel.",
  sharesNot: "O telefone não envia cópias: só se vê o que passa pelo registro ou pelo outro telefone.",
  live: "Ao vivo",
  pause: "Pausar",
  replay: "Repetir",
  speed: "Velocidade",
  position: "Momento",
  everything: "tudo",
  person: "Pessoa",
  call: "Ligação",
  filter: "Mostrar",
  export: "Exportar",
  exports: { mmd: "Mermaid, para relatórios", jsonl: "JSON Lines", pcapng: "pcapng, para o Wireshark" },
  connecting: "conectando…",
  lost: "O registro não responde; tentando de novo…",
  address: "Abra este painel em outra máquina",
  onlyHere: "Este painel só abre nesta máquina. Para a rede: registry --panel 0.0.0.0:PORTA",
  theme: "Claro ou escuro",
  language: "English",
  close: "Fechar",
  loss: "perda %",
  jitter: "jitter ms",
  roundTrip: "ida e volta ms",
  quality: "qualidade MOS",
};

const EN: Texts = {
  registry: "registry",
  people: "People",
  calls: "Calls",
  nobody: "Nobody in the room yet.",
  activity: {
    free: () => "free",
    inviting: (name) => `calling ${name}`,
    ringing: (name) => `${name} is calling`,
    in_call: (name) => `in a call with ${name}`,
  },
  shares: "The phone sends the panel copies of its messages.",
  sharesNot: "The phone sends no copies: only what passes the registry or the other phone is seen.",
  live: "Live",
  pause: "Pause",
  replay: "Replay",
  speed: "Speed",
  position: "Moment",
  everything: "everything",
  person: "Person",
  call: "Call",
  filter: "Show",
  export: "Export",
  exports: { mmd: "Mermaid, for reports", jsonl: "JSON Lines", pcapng: "pcapng, for Wireshark" },
  connecting: "connecting…",
  lost: "The registry does not answer; trying again…",
  address: "Open this panel on another machine",
  onlyHere: "This panel opens on this machine only. For the network: registry --panel 0.0.0.0:PORT",
  theme: "Light or dark",
  language: "Português",
  close: "Close",
  loss: "loss %",
  jitter: "jitter ms",
  roundTrip: "round trip ms",
  quality: "quality MOS",
};

/** The words, by language. */
export const TEXTS: Readonly<Record<Language, Texts>> = { pt: PT, en: EN };
