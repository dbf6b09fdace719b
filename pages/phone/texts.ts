/** The words of the phone's page, in both languages. What happens is told in the phone's own sentences. */

import type { PageLanguage, SoundTrouble } from "../../lib/web_phone/page_messages.ts";

/** The words of one language. */
export interface Texts {
  readonly you: string;
  readonly people: string;
  readonly alone: string;
  readonly search: string;
  readonly noneFound: string;
  readonly call: (name: string) => string;
  readonly callWord: string;
  readonly choose: string;
  readonly calling: (name: string) => string;
  readonly callsYou: (name: string) => string;
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
  readonly notify: string;
  readonly otherName: string;
  readonly take: string;
  readonly theme: string;
  readonly language: string;
  readonly leave: string;
  readonly keys: string;
}

const PT: Texts = {
  you: "você",
  people: "Na sala",
  alone: "Ninguém mais na sala ainda. Quem entrar aparece aqui.",
  search: "Procurar ou digitar um nome",
  noneFound: "Ninguém na sala tem esse nome.",
  call: (name) => `Ligar para ${name}`,
  callWord: "Ligar",
  choose: "Escolha com quem falar",
  calling: (name) => `Chamando ${name}…`,
  callsYou: (name) => `${name} está chamando`,
  inCall: (name) => `Em ligação com ${name}`,
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
  connecting: "O telefone não responde; tentando de novo…",
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
  notify: "Avisar de chamadas",
  otherName: "O nome já é de outra pessoa. Outro nome:",
  take: "Entrar",
  theme: "Claro ou escuro",
  language: "English",
  leave: "Sair da sala",
  keys: "Teclas",
};

const EN: Texts = {
  you: "you",
  people: "In the room",
  alone: "Nobody else in the room yet. Whoever enters appears here.",
  search: "Search or type a name",
  noneFound: "Nobody in the room has that name.",
  call: (name) => `Call ${name}`,
  callWord: "Call",
  choose: "Choose whom to talk to",
  calling: (name) => `Calling ${name}…`,
  callsYou: (name) => `${name} is calling`,
  inCall: (name) => `In a call with ${name}`,
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
  connecting: "The phone does not answer; trying again…",
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
  notify: "Notify me of calls",
  otherName: "The name belongs to somebody else. Another name:",
  take: "Enter",
  theme: "Light or dark",
  language: "Português",
  leave: "Leave the room",
  keys: "Keys",
};

/** The words, by language. */
export const TEXTS: Readonly<Record<PageLanguage, Texts>> = { pt: PT, en: EN };
