/** The phone's texts in Portuguese. */

import { formatEndpoint } from "../../protocol/address.ts";
import type { RejectReason } from "../../protocol/call_messages.ts";
import {
  answered,
  audioFailed,
  clock,
  commandRows,
  deviceNames,
  deviceRows,
  isOfPage,
  peopleRows,
  quotedList,
  registryPlace,
  type SideTexts,
} from "./phrases.ts";
import type { SoundSide } from "../../events/phone_events.ts";
import type { PhoneTexts } from "./shape.ts";
import { ARGUMENTS_PT, causePt, numberPt, refusalPt, usagePt } from "./shared_pt.ts";
import { fromTable } from "./table.ts";

/** Name of the default device. */
const STANDARD = "padrão";

/** Name of the browser as a device. */
const BROWSER = "navegador";

const names = (devices: readonly string[]): string => deviceNames(devices, STANDARD, BROWSER);

const alternatives = (texts: readonly string[]): string => quotedList(texts, "ou");

const REASONS: Readonly<Record<RejectReason, string>> = {
  ocupado: "já está em outra ligação",
  recusado: "recusou a ligação",
  sem_resposta: "não respondeu",
  sem_cifra: "só aceita chamadas cifradas",
  outra_pessoa: "já não atende nesse endereço, e sim outra pessoa; tente de novo daqui a pouco",
};

const AUDIO: SideTexts = {
  both: {
    no_library: (subject) =>
      `Sem a biblioteca PortAudio (${subject}) não há microfone nem alto-falante. ` +
      "Instale-a (no Debian e no Ubuntu: libportaudio2).",
    no_default_device: "Não há microfone nem alto-falante. Conecte-os ou use arquivos com --mic e --speaker.",
    device_failed: (subject, cause) =>
      `O som (${subject}) falhou (${cause}). Veja se os dispositivos estão conectados e livres.`,
    goesOn: "As ligações continuam, sem som.",
  },
  microphone: {
    no_library: (subject) =>
      `Sem a biblioteca PortAudio (${subject}) não há microfone. Instale-a (no Debian e no Ubuntu: libportaudio2).`,
    no_device: (subject) =>
      `Não há microfone “${subject}”. Veja os que há com --devices; um arquivo sem .wav no nome precisa da pasta, como em ./fala.`,
    no_default_device: "Não há nenhum microfone. Conecte um ou use um arquivo com --mic.",
    device_failed: (subject, cause) =>
      `O microfone “${subject}” falhou (${cause}). Veja se ele está conectado e livre.`,
    file_failed: (subject, cause) =>
      `O arquivo “${subject}” não pôde ser lido (${cause}). Verifique o nome e as permissões.`,
    bad_file: (subject, cause, command) =>
      `O arquivo “${subject}” não serve de microfone (${cause}). ${
        command === undefined ? "Use um WAV sem compressão." : `Só se toca WAV; para converter: ${command}`
      }`,
    goesOn: "As ligações seguem sem o seu som: o outro lado não ouve você.",
  },
  speaker: {
    no_library: (subject) =>
      `Sem a biblioteca PortAudio (${subject}) não há alto-falante. Instale-a (no Debian e no Ubuntu: libportaudio2).`,
    no_device: (subject) =>
      `Não há alto-falante “${subject}”. Veja os que há com --devices; um arquivo em que gravar termina em .wav.`,
    no_default_device: "Não há nenhum alto-falante. Conecte um ou grave em um arquivo com --speaker.",
    device_failed: (subject, cause) =>
      `O alto-falante “${subject}” falhou (${cause}). Veja se ele está conectado e livre.`,
    file_failed: (subject, cause) =>
      `O arquivo “${subject}” não pôde ser gravado (${cause}). Verifique a pasta, as permissões e o espaço em disco.`,
    bad_file: (subject, cause) =>
      `O arquivo “${subject}” não serve de alto-falante (${cause}). Só se grava em WAV: use um nome que termine em .wav.`,
    goesOn: "As ligações seguem sem som deste lado: você não ouve o outro.",
    recordingEnds: "A gravação acaba aqui e pode ser tocada. As ligações seguem sem ela.",
  },
};

/** What a call lacks while the page does not capture or play. */
const WITHOUT: Readonly<Record<SoundSide, string>> = {
  both: "sem som",
  microphone: "e o outro lado não ouve você",
  speaker: "e você não ouve o outro lado",
};

const lostPage = (side: SoundSide, cause: string): string =>
  `O som do navegador parou: ${cause}. A ligação continua, ${WITHOUT[side]}, até ele voltar.`;

/** Valid values of the phone's own arguments and options. */
const EXPECTED = new Map([
  ["", "Um nome com espaços precisa estar entre aspas."],
  [
    "REGISTRY",
    "Use um endereço ou nome de máquina, com a porta se não for 5000: 192.168.0.10 ou [2001:db8::1]:5000; até 16, com vírgulas e sem espaços.",
  ],
  ["NAME", "Use de 1 a 32 caracteres visíveis, sem caracteres de controle."],
  ["PORT", "Use um número de 0 a 65535; 0 é uma porta livre qualquer."],
  ["--call", "Use o nome de uma pessoa, de 1 a 32 caracteres visíveis."],
  ["--answer", "Use ask, accept ou reject."],
  [
    "--hang-up-after",
    "Use um número de segundos maior que zero, como 20 ou 2.5, ou “file” com um arquivo em --mic.",
  ],
  ["--ring", "Use tone ou none."],
  ["--mic", "Use um dispositivo, um arquivo .wav, tone, silence ou browser."],
  ["--speaker", "Use um dispositivo, um arquivo .wav, none ou browser."],
  ["--web", "Use um número de 0 a 65535, ou nenhum: 0 é uma porta livre qualquer."],
  ["--frame", "Use 10 ou 20."],
  ["--ip", "Use um endereço IPv4 ou IPv6 em que os outros telefones alcancem esta máquina."],
  ["--require-encryption", "Use uma das duas opções, ou nenhuma."],
]);

const USAGE = usagePt(EXPECTED);

/** The phone's texts in Portuguese. */
export const PHONE_PT: PhoneTexts = {
  events: {
    output_failed: ({ detail }) =>
      `A saída não pode ser escrita: ${causePt(detail)}. O telefone continua e tenta de novo a cada segundo.`,
    left_out: ({ lines }) => `… ${lines} linhas omitidas: a tela não acompanha.`,

    // Page
    web_open: ({ url }) =>
      `A página deste telefone está em ${url} — quem tem esse endereço usa o telefone: não o passe a ninguém.`,
    web_failed: ({ port, detail }) =>
      `A página não pode ser aberta na porta TCP ${port} (${
        causePt(detail)
      }). Escolha outra, ou --web sem número.`,

    // Registry
    registered: ({ name, registry, ...place }) =>
      `Você está na sala como ${name} e atende em ${formatEndpoint(place)}.${
        registry ? ` Quem respondeu foi o registro em ${registryPlace(registry)}.` : ""
      }`,
    removed: ({ name }) =>
      `O operador do registro retirou “${name}” da sala; durante um minuto ninguém entra com esse nome.`,
    name_taken: ({ name }) => `O nome “${name}” já está em uso na sala. Escolha outro.`,
    registration_refused: ({ reason, text }) =>
      `O registro não aceitou a entrada: ${refusalPt(reason, text)}.`,
    registry_unreachable: ({ host, port, detail }) =>
      detail.kind === "none_answered"
        ? `Não foi possível falar com nenhum registro (${
          causePt(detail)
        }). Verifique os endereços e se algum deles está aberto.`
        : `Não foi possível falar com o registro em ${formatEndpoint({ ip: host, port })} (${
          causePt(detail)
        }).${answered(detail) ? "" : " Verifique o endereço e se o registro está aberto."}`,
    registry_awaited: ({ host, port, detail }) =>
      (detail.kind === "none_answered"
        ? `Nenhum registro atende ainda (${causePt(detail)}). `
        : `O registro em ${formatEndpoint({ ip: host, port })} ainda não atende (${causePt(detail)}). `) +
      "O telefone espera por ele e entra assim que puder; “sair” desiste.",
    registry_lost:
      "A conexão com o registro caiu. O telefone tenta voltar sozinho; uma ligação em curso continua.",
    registry_back: ({ name, registry }) =>
      registry
        ? `Você está de novo na sala como ${name}: quem respondeu foi o registro em ${
          registryPlace(registry)
        }.`
        : `O registro voltou, e você está de novo na sala como ${name}.`,
    address_changed: ({ name, before, ...place }) =>
      `O endereço desta máquina mudou (era ${before}): ${name} agora atende em ${formatEndpoint(place)}.`,
    trace_shared: ({ host, port }) =>
      `O registro em ${
        formatEndpoint({ ip: host, port })
      } mostra a sala em um painel e recebe cópias das mensagens de chamada deste telefone: quem liga para quem, ` +
      "quando, e como está a rede, mas nem a voz nem as chaves. “--no-trace-sharing” não as envia.",
    registry_away:
      "O registro está fora do ar, então não há como consultar nem ligar. O telefone avisa quando ele voltar.",
    registry_full: "A sala está cheia: o registro não aceita mais ninguém agora. Tente mais tarde.",
    password_refused: ({ given }) =>
      given
        ? "A senha da sala não confere. Peça a certa a quem abriu o registro."
        : "Esta sala pede uma senha. Use --room-password-file, --room-password ou SALA_ROOM_PASSWORD.",
    person: ({ name, ...place }) => `${name} atende em ${formatEndpoint(place)}.`,
    unknown_person: ({ name, similar }) =>
      `Não há ninguém chamado “${name}” na sala. ${
        similar.length > 0
          ? `Você quis dizer ${alternatives(similar)}?`
          : "Digite “lista” para ver quem está."
      }`,
    other_spelling: ({ asked, name }) => `Não há “${asked}” na sala; quem está é ${name}.`,
    people: ({ people }) => {
      if (people.length === 0) return "Não há ninguém na sala.";
      const count = people.length === 1 ? "Há uma pessoa na sala:" : `Há ${people.length} pessoas na sala:`;
      return `${count}\n${peopleRows(people, ["nome", "endereço IP", "porta"])}`;
    },
    only_local: ({ ip }) =>
      `O endereço ${ip} só vale nesta máquina: telefones de outras máquinas não podem ligar para você. ` +
      "Para que possam, chame o registro pelo endereço dele na rede ou use --ip.",
    only_link_local: ({ ip }) =>
      `O endereço ${ip} só vale em um trecho de rede, e esta máquina tem várias redes: nem todos os telefones podem ` +
      "ligar para você. Para que possam, use --ip com um endereço que valha para todos.",

    // Calls
    inviting: ({ name, ...place }) => `Chamando ${name} em ${formatEndpoint(place)}… (“desligar” desiste)`,
    ringing: ({ name }) => `O telefone de ${name} está tocando.`,
    invitation: ({ name, ...place }) =>
      `${name} (${formatEndpoint(place)}) está ligando para você: digite “aceitar” ou “recusar”.`,
    busy_rejected: ({ name }) => `${name} ligou agora e ouviu que você está ocupado.`,
    unencrypted_rejected: ({ name }) =>
      `${name} ligou sem cifra e ouviu que este telefone só aceita chamadas cifradas.`,
    misdirected_rejected: ({ name, wanted }) =>
      `${name} ligou para ${wanted} e ouviu que neste endereço atende outra pessoa.`,
    unreachable: ({ name, detail, ...place }) =>
      `Não há como ligar para ${name} em ${formatEndpoint(place)}: ${causePt(detail)}.`,
    // The assignment's words.
    rejected: ({ name, reason }) => `${name} ${REASONS[reason]} (usuário destino ocupado).`,
    no_answer: ({ name }) => `${name} não respondeu. Tente de novo mais tarde.`,
    not_encrypted: ({ name }) =>
      `A chamada para ${name} foi desfeita: o telefone de lá não a cifra, e --require-encryption exige isso.`,
    invitation_cancelled: ({ name }) => `Você desistiu de ligar para ${name}.`,
    invitation_withdrawn: ({ name }) => `${name} desistiu da ligação.`,
    invitation_missed: ({ name }) => `Ligação perdida de ${name}. Para retornar, digite “ligar ${name}”.`,
    invitation_refused: ({ name }) => `Você recusou a ligação de ${name}.`,
    invitations_crossed: ({ name }) =>
      `Você e ${name} ligaram um para o outro ao mesmo tempo: é uma ligação só.`,
    call_started: ({ name, code, ...place }) =>
      `Em ligação com ${name} (${formatEndpoint(place)}). Pode falar; “desligar” encerra.\n` +
      (code === null
        ? "Chamada sem cifra: quem tem acesso à rede pode ouvi-la."
        : `Chamada cifrada; código ${code}: leiam-no em voz alta um ao outro.`),
    key_log_failed: ({ path, detail }) =>
      `As chaves não puderam ser escritas em “${path}” (${causePt(detail)}). A chamada continua.`,
    peer_silent: ({ name, seconds }) =>
      `Nada chega de ${name} há ${Math.floor(seconds)} s. A ligação espera mais um pouco antes de cair.`,
    peer_back: ({ name }) => `A voz de ${name} voltou.`,
    peer_moved: ({ name, ...place }) =>
      `O endereço de ${name} mudou para ${formatEndpoint(place)}. A ligação continua por lá.`,
    flooded: ({ datagrams }) =>
      `Alguém está inundando este telefone: pelo menos ${
        numberPt(datagrams)
      } datagramas sem sentido foram ignorados. Ele segue funcionando.`,
    call_ended: ({ name, end, seconds, ...figures }) => {
      const duration = clock(seconds);
      const ended = {
        hung_up: `Você encerrou a ligação com ${name}, que durou ${duration}.`,
        peer_hung_up: `${name} encerrou a ligação, que durou ${duration}.`,
        peer_lost:
          `A ligação com ${name} caiu depois de ${duration}, porque nada mais chegava de lá. Para retomar, ligue de novo.`,
      }[end];
      const { framesSent, framesPlayed, framesRebuilt, framesConcealed, framesLate } = figures;
      const voice = `Voz: ${numberPt(framesSent)} pacotes enviados; ${numberPt(framesPlayed)} tocados, ` +
        `${numberPt(framesRebuilt)} refeitos, ${numberPt(framesConcealed)} encobertos, ${
          numberPt(framesLate)
        } atrasados.`;
      const { lossInPercent, lossOutPercent, jitterInMs, roundTripMs, mos } = figures;
      if (roundTripMs === null || lossOutPercent === null) return `${ended}\n${voice}`;
      const network =
        `Rede: perda de ${numberPt(lossInPercent)} % na vinda e ${numberPt(lossOutPercent)} % na ida, ` +
        `variação de ${numberPt(jitterInMs)} ms, ida e volta em ${numberPt(roundTripMs)} ms; ` +
        `qualidade estimada ${numberPt(mos)} (de 1 a 4,5).`;
      return `${ended}\n${voice}\n${network}`;
    },

    // Sound
    muted: ({ muted }) =>
      muted
        ? "Microfone mudo: ninguém ouve você. Para voltar a falar, digite “mudo” de novo."
        : "Microfone ligado de novo.",
    audio_failed: (failure) => audioFailed(failure, causePt(failure.detail), AUDIO, STANDARD),
    audio_lost: ({ side, names: devices, detail }) =>
      isOfPage(detail) ? lostPage(side, causePt(detail)) : ({
        both: `O microfone e o alto-falante (${
          names(devices)
        }) sumiram. A ligação continua, sem som; assim que voltarem, são usados de novo.`,
        microphone: `O microfone ${
          names(devices)
        } sumiu. A ligação continua, e o outro lado não ouve você; assim que ele voltar, é usado de novo.`,
        speaker: `O alto-falante ${
          names(devices)
        } sumiu. A ligação continua, e você não ouve o outro lado; assim que ele voltar, é usado de novo.`,
      }[side]),
    audio_back: ({ side, names: devices }) => ({
      both: `O microfone e o alto-falante (${names(devices)}) voltaram e estão em uso.`,
      microphone: `O microfone ${names(devices)} voltou e está em uso.`,
      speaker: `O alto-falante ${names(devices)} voltou e está em uso.`,
    }[side]),
    recording: ({ path, wanted }) =>
      path === wanted
        ? `A ligação está sendo gravada em “${path}”.`
        : `A ligação está sendo gravada em “${path}”, porque “${wanted}” já existe.`,
    recorded: ({ path, seconds }) => `A gravação está em “${path}” e dura ${clock(seconds)}.`,
    devices: ({ devices }) =>
      devices.length === 0
        ? "Não há nenhum dispositivo de som."
        : `Dispositivos de som:\n${
          deviceRows(devices, {
            headers: ["nº", "nome", "sistema", "entradas", "saídas", "padrão"],
            defaultInput: "microfone",
            defaultOutput: "alto-falante",
          })
        }`,

    // Commands
    help: [
      "Comandos:",
      commandRows("pt", ARGUMENTS_PT.NAME, {
        call: "liga para a pessoa",
        accept: "aceita a ligação que está tocando",
        reject: "recusa a ligação que está tocando",
        hang_up: "encerra a ligação, ou desiste dela",
        look_up: "pergunta ao registro onde a pessoa atende",
        list: "mostra quem está na sala",
        mute: "emudece o microfone, ou volta atrás",
        help: "mostra esta ajuda",
        quit: "sai da sala",
      }),
      "Também servem as formas de uma letra e as palavras em inglês; Tab completa comandos e nomes.",
    ].join("\n"),
    unknown_command: ({ text, similar }) =>
      `O comando “${text}” não existe. ${
        similar.length > 0
          ? `Você quis dizer ${alternatives(similar)}? “ajuda” mostra todos.`
          : "Digite “ajuda” para ver os que há."
      }`,
    name_missing: ({ command }) => `Falta o nome. Digite “${command} NOME”.`,
    bad_name: ({ name }) =>
      `“${name}” não pode ser nome de ninguém. Use de 1 a 32 caracteres visíveis, sem caracteres de controle.`,
    not_in_call: "Você não está em ligação.",
    nothing_to_answer: "Ninguém está ligando para você.",
    already_in_call: ({ name }) =>
      `Você já está com ${name}. Digite “desligar” antes de ligar para outra pessoa.`,
    calling_oneself: "Este é o seu próprio nome. Ligue para outra pessoa; “lista” mostra quem está na sala.",
    other_ip_version: ({ name, ip }) =>
      `${name} está em ${ip}, e este telefone usa a outra versão do IP. Entrem os dois na sala por IPv4 ou os dois por IPv6.`,
    port_in_use: ({ port }) =>
      `A porta UDP ${port} já está em uso nesta máquina. Escolha outra ou 0 para uma livre qualquer.`,
    port_unusable: ({ port, detail }) => `A porta UDP ${port} não pode ser usada (${causePt(detail)}).`,
    version: ({ program, version }) => `Sala, ${program}, versão ${version}`,
    not_utf8: ({ text }) =>
      `A linha “${text}” não está em UTF-8. Use um terminal em UTF-8, com LANG=pt_BR.UTF-8 por exemplo.`,
    failed: ({ detail }) => `Algo inesperado aconteceu: ${causePt(detail)}.`,
    wrong_usage: ({ problem }) => fromTable(USAGE, "kind", problem),
    closed: "Até logo!",
  },

  prompt: "sala",
  promptForAnotherName: "outro nome",
  askPassword: "senha da sala: ",

  microphone: "mic",
  speaker: "alto-falante",
  muted: "[mudo]",
  code: (code) => `cifra ${code}`,
  inTheClear: "[sem cifra]",
  quality: (mos) => `qualidade ${numberPt(mos)}`,
  roundTrip: (ms) => `ida e volta ${numberPt(ms)} ms`,
  ringing: {
    in: { what: "está ligando", keys: "aceitar (a) · recusar (r)" },
    out: { what: "(chamando)", keys: "desligar (d)" },
  },
  lineTooLong: (most) => `A linha tem no máximo ${numberPt(most)} caracteres: o resto foi ignorado.`,

  help: `\
Uso: phone REGISTRO NOME [PORTA] [opções]
     phone --devices

Entra na sala como NOME, para ligar e receber ligações de voz.

  REGISTRO   máquina do registro: nome, endereço, nome:porta ou [IPv6]:porta (porta 5000);
             várias, com vírgulas: vale a primeira que responder
  NOME       nome na sala, de 1 a 32 caracteres; entre aspas se tiver espaços
  PORTA      porta UDP em que este telefone atende (6000; 0 é uma livre qualquer)

Opções:
  --call NOME               liga para a pessoa e, quando a ligação acaba, sai
  --answer ask|accept|reject
                            perguntar a cada ligação (ask), aceitar ou recusar todas
  --hang-up-after SEGUNDOS|file
                            encerra cada ligação depois disso, ou no fim do arquivo de --mic
  --ring tone|none          sons de chamada no alto-falante: com (tone) ou sem (none)
  --mic ORIGEM              microfone: número ou parte do nome de um dispositivo, arquivo .wav,
                            tone (um tom de teste) ou silence (silêncio)
  --speaker DESTINO         alto-falante: número ou parte do nome de um dispositivo, arquivo .wav
                            em que gravar (se já existe, em outro: nome-2.wav) ou none (nenhum)
                            browser em --mic e --speaker: o som da página de --web
  --web [PORTA]             abre no navegador uma página deste telefone, só para esta máquina; sem
                            PortAudio, o som é o do navegador
  --no-open                 com --web: só mostra o endereço da página
  --devices                 mostra os dispositivos de som e sai
  --frame 10|20             milissegundos de som por pacote (20; 10 atrasa menos e custa mais)
  --no-fec                  não prepara a voz para perdas (FEC da Opus)
  --no-redundancy           não envia cópias dos últimos pacotes contra perdas
  --no-stretch              não toca mais rápido nem mais devagar para seguir a rede
  --no-echo-cancel --no-noise-reduction --no-gain
                            não tira do microfone o eco, o ruído, nem ajusta o volume
  --require-encryption      só faz e aceita chamadas cifradas
  --no-encryption           não cifra chamadas, para que outros programas possam ouvi-las
  --log-keys ARQUIVO        escreve no arquivo as chaves de cada chamada, para decifrar uma captura
  --ip ENDEREÇO             endereço a registrar, em vez do da conexão com o registro
  --room-password-file ARQUIVO
                            a senha da sala está no arquivo (também serve SALA_ROOM_PASSWORD)
  --room-password           pergunta a senha da sala, sem mostrá-la
  --tls                     fala com o registro por TLS
  --ca ARQUIVO              confia também nos certificados deste arquivo (PEM)
  --lang pt|en              idioma da tela (o do sistema)
  --json                    escreve um evento por linha, em JSON, para programas
  --quiet                   não mostra as mensagens enviadas e recebidas
  --wait                    espera por um registro que ainda não está aberto, em vez de sair
  --show-pings              mostra também os pings, e as cópias para o painel do registro
  --no-trace-sharing        não envia cópias das mensagens de chamada a um registro com painel
  --plain                   tela parada, para leitores de tela: uma linha por evento, sem cores
  -h, --help                mostra esta ajuda
  --version                 mostra a versão`,
  exitStatus: `\
Código de saída:
  0  tudo certo                          6  com --call: não há essa pessoa
  1  falha inesperada                    7  com --call: recusada ou ocupada
  2  linha de comando errada             8  com --call: sem resposta
  3  o nome já está em uso               9  com --call: a ligação caiu
  4  sem contato com o registro         10  com --call: desistência antes da resposta
  5  o som pedido não pôde ser usado    11  uma gravação não pôde ser concluída`,
};
