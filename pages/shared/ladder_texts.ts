/** The words of ladders, in both languages. */

/** Languages of the pages. */
export type Language = "pt" | "en";

/** The words of one language. */
export interface LadderTexts {
  readonly registry: string;
  readonly noMessages: string;
  readonly ladder: string;
  readonly live: string;
  readonly newer: (count: number) => string;
  readonly close: string;
  readonly details: string;
  readonly bytes: (count: number) => string;
  readonly protocol: string;
  readonly hidden: string;
  readonly unknownField: string;
  readonly transmission: (number: number) => string;
  readonly fates: Readonly<Record<"unknown" | "received" | "lost", string>>;
  readonly at: string;
  readonly from: string;
  readonly to: string;
}

const PT: LadderTexts = {
  registry: "registro",
  noMessages: "Ainda não passou nenhuma mensagem.",
  ladder: "Mensagens",
  live: "Ao vivo",
  newer: (count) => count === 1 ? "1 mensagem nova" : `${count} mensagens novas`,
  close: "Fechar",
  details: "Mensagem",
  bytes: (count) => `${count} bytes`,
  protocol: "no protocolo",
  hidden: "No lugar do valor está um resumo: ele protege a ligação e não sai do telefone.",
  unknownField: "Campo de outra versão.",
  transmission: (number) => `${number}ª vez`,
  fates: {
    unknown: "não se sabe se chegou: o outro telefone não envia cópias",
    received: "chegou",
    lost: "perdida",
  },
  at: "quando",
  from: "de",
  to: "para",
};

const EN: LadderTexts = {
  registry: "registry",
  noMessages: "No message has passed yet.",
  ladder: "Messages",
  live: "Live",
  newer: (count) => count === 1 ? "1 new message" : `${count} new messages`,
  close: "Close",
  details: "Message",
  bytes: (count) => `${count} bytes`,
  protocol: "in the protocol",
  hidden: "A hash stands in place of the value: it protects the call and does not leave the phone.",
  unknownField: "A field of another version.",
  transmission: (number) => number === 2 ? "2nd time" : number === 3 ? "3rd time" : `${number}th time`,
  fates: {
    unknown: "nobody knows whether it arrived: the other phone sends no copies",
    received: "arrived",
    lost: "lost",
  },
  at: "when",
  from: "from",
  to: "to",
};

/** The words, by language. */
export const LADDER_TEXTS: Readonly<Record<Language, LadderTexts>> = { pt: PT, en: EN };
