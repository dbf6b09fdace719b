/** The words of the phone's page, in both languages. What happens is told in the phone's own sentences. */

import type { PageLanguage, SoundTrouble } from "../../lib/web_phone/page_messages.ts";

/** The words of one language. */
export interface Texts {
  /** Of the language itself, and of the other one (BCP 47). */
  readonly tag: string;
  readonly otherTag: string;
  readonly people: string;
  readonly alone: string;
  readonly search: string;
  /** In the field, where there is little room. */
  readonly searchHint: string;
  readonly noneFound: string;
  readonly call: (name: string) => string;
  readonly callWord: string;
  readonly choose: string;
  readonly calling: (name: string) => string;
  readonly callsYou: (name: string) => string;
  /** For those who hear it. */
  readonly rings: (name: string) => string;
  readonly inCall: (name: string) => string;
  readonly answer: string;
  readonly refuse: string;
  readonly cancel: string;
  readonly hangUp: string;
  readonly mute: string;
  readonly unmute: string;
  readonly microphone: string;
  readonly loudspeaker: string;
  readonly code: string;
  readonly codeHint: string;
  readonly notEncrypted: string;
  readonly quality: string;
  readonly loss: string;
  readonly jitter: string;
  readonly roundTrip: string;
  readonly delay: string;
  readonly happened: string;
  readonly messages: string;
  readonly command: string;
  readonly commandHint: string;
  readonly send: string;
  readonly connecting: string;
  readonly ended: string;
  readonly noToken: string;
  readonly otherPage: string;
  readonly takeSound: string;
  readonly allowMicrophone: string;
  readonly allowHint: string;
  readonly trouble: Readonly<Record<SoundTrouble, string>>;
  /** Buttons for what a person can do about it. */
  readonly retry: Readonly<Partial<Record<SoundTrouble, string>>>;
  readonly notify: string;
  readonly otherName: string;
  readonly take: string;
  readonly theme: string;
  readonly language: string;
  readonly leave: string;
  /** The same button after a click. */
  readonly leaveSure: string;
  readonly keys: string;
  readonly keysHint: string;
}

/** A name in a sentence, whose direction does not change that of the words beside it (Unicode Standard Annex 9, section 2.4). */
function apart(name: string): string {
  return `\u2068${name}\u2069`;
}

const PT: Texts = {
  tag: "pt-BR",
  otherTag: "en",
  people: "Na sala",
  alone: "Ninguém mais na sala ainda. Quem entrar aparece aqui.",
  search: "Procurar ou digitar um nome",
  searchHint: "Nome",
  noneFound: "Ninguém na sala tem esse nome.",
  call: (name) => `Ligar para ${apart(name)}`,
  callWord: "Ligar",
  choose: "Escolha com quem falar",
  calling: (name) => `Chamando ${apart(name)}…`,
  callsYou: (name) => `${apart(name)} está chamando`,
  rings: (name) => `${apart(name)} está chamando. A atende, R recusa; de um texto sai-se com Esc.`,
  inCall: (name) => `Em ligação com ${apart(name)}`,
  answer: "Atender",
  refuse: "Recusar",
  cancel: "Cancelar",
  hangUp: "Desligar",
  mute: "Silenciar",
  unmute: "Voltar a falar",
  microphone: "Microfone",
  loudspeaker: "Alto-falante",
  code: "Código",
  codeHint: "Leiam um para o outro: se for igual, ninguém escuta.",
  notEncrypted: "Esta ligação não é cifrada: quem está na rede pode escutar.",
  quality: "qualidade",
  loss: "perda %",
  jitter: "jitter ms",
  roundTrip: "ida e volta ms",
  delay: "atraso ms",
  happened: "O que aconteceu",
  messages: "Mensagens",
  command: "Comando",
  commandHint: "ajuda mostra todos",
  send: "Enviar",
  connecting:
    "O telefone não responde; tentando de novo… Se ele foi iniciado outra vez, abra o endereço que ele mostra agora.",
  ended: "O telefone foi encerrado. Esta página pode ser fechada.",
  noToken:
    "Abra a página pelo endereço que o telefone mostrou: ele termina com um código que só ele conhece.",
  otherPage: "Outra página deste telefone está com o som.",
  takeSound: "Usar o som aqui",
  allowMicrophone: "Permitir o microfone",
  allowHint: "O navegador pergunta uma vez; sem isso os outros não ouvem você.",
  trouble: {
    not_allowed:
      "O navegador não deixa usar o microfone: permita no cadeado ao lado do endereço e clique aqui.",
    no_device: "Esta máquina não tem microfone. Você ouve, mas ninguém ouve você.",
    failed: "O microfone ou o alto-falante não funciona; outro programa pode estar com ele.",
    needs_click: "Clique aqui para ouvir: o navegador só toca som depois de um clique.",
  },
  retry: { not_allowed: "Permitir o microfone", failed: "Tentar de novo", needs_click: "Ouvir" },
  notify: "Avisar de chamadas",
  otherName: "O nome já é de outra pessoa. Outro nome:",
  take: "Entrar",
  theme: "Claro ou escuro",
  language: "English",
  leave: "Sair",
  leaveSure: "Sair mesmo?",
  keys: "Teclas",
  keysHint: "Teclas: A atende, R recusa, D desliga, M silencia, / procura. Um clique as liga e desliga.",
};

const EN: Texts = {
  tag: "en",
  otherTag: "pt-BR",
  people: "In the room",
  alone: "Nobody else in the room yet. Whoever enters appears here.",
  search: "Search or type a name",
  searchHint: "Name",
  noneFound: "Nobody in the room has that name.",
  call: (name) => `Call ${apart(name)}`,
  callWord: "Call",
  choose: "Choose whom to talk to",
  calling: (name) => `Calling ${apart(name)}…`,
  callsYou: (name) => `${apart(name)} is calling`,
  rings: (name) => `${apart(name)} is calling. A answers, R refuses; Escape leaves a text.`,
  inCall: (name) => `In a call with ${apart(name)}`,
  answer: "Answer",
  refuse: "Refuse",
  cancel: "Cancel",
  hangUp: "Hang up",
  mute: "Mute",
  unmute: "Unmute",
  microphone: "Microphone",
  loudspeaker: "Loudspeaker",
  code: "Code",
  codeHint: "Read it to each other: if it is the same, nobody listens.",
  notEncrypted: "This call is not encrypted: others on the network can listen.",
  quality: "quality",
  loss: "loss %",
  jitter: "jitter ms",
  roundTrip: "round trip ms",
  delay: "delay ms",
  happened: "What happened",
  messages: "Messages",
  command: "Command",
  commandHint: "help shows all of them",
  send: "Send",
  connecting:
    "The phone does not answer; trying again… If it was started anew, open the address that it shows now.",
  ended: "The phone has ended. This page can be closed.",
  noToken:
    "Open the page by the address that the phone showed: it ends with a code that only the phone knows.",
  otherPage: "Another page of this phone has the sound.",
  takeSound: "Use the sound here",
  allowMicrophone: "Allow the microphone",
  allowHint: "The browser asks once; without it the others do not hear you.",
  trouble: {
    not_allowed:
      "The browser does not allow the microphone: allow it at the lock beside the address, and click here.",
    no_device: "This machine has no microphone. You hear others, but nobody hears you.",
    failed: "Microphone or loudspeaker do not work; another program may have them.",
    needs_click: "Click here to hear: browsers play sound only after a click.",
  },
  retry: { not_allowed: "Allow the microphone", failed: "Try again", needs_click: "Hear" },
  notify: "Notify me of calls",
  otherName: "The name belongs to somebody else. Another name:",
  take: "Enter",
  theme: "Light or dark",
  language: "Português",
  leave: "Leave",
  leaveSure: "Really leave?",
  keys: "Keys",
  keysHint: "Keys: A answers, R refuses, D hangs up, M mutes, / searches. A click turns them on and off.",
};

/** The words, by language. */
export const TEXTS: Readonly<Record<PageLanguage, Texts>> = { pt: PT, en: EN };
