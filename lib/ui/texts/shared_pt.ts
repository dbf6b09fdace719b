/** Texts of both tools in Portuguese: causes, refusals, errors of the command line. */

import { formatEndpoint } from "../../protocol/address.ts";
import type { ErrorCode } from "../../protocol/registry_messages.ts";
import type { Detail } from "../../events/detail.ts";
import { numbers, triedPlaces, withoutStop } from "./phrases.ts";
import type { Causes, UsageTexts } from "./shape.ts";
import { fromTable } from "./table.ts";

/** Numbers as Brazil writes them. */
export const numberPt = numbers("pt-BR");

const REFUSALS: Readonly<Record<ErrorCode, string>> = {
  nome_em_uso: "o nome já está em uso",
  usuario_nao_encontrado: "não há essa pessoa na sala",
  nao_registrado: "este telefone não está na sala",
  ja_registrado: "esta conexão já tem um nome",
  mensagem_invalida: "o registro não entendeu o pedido",
  sala_cheia: "a sala está cheia",
  sala_indisponivel: "a sala não pode decidir agora quem tem o nome",
  senha_incorreta: "a senha da sala não confere",
};

/** Why the registry refused; quotes its `mensagem` if the code says little. */
export function refusalPt(reason: ErrorCode, text: string): string {
  const quoted = reason === "mensagem_invalida" && text !== "";
  return quoted ? `${REFUSALS[reason]} (“${withoutStop(text)}”)` : REFUSALS[reason];
}

const CAUSES: Causes = {
  // The system
  not_found: "o arquivo ou a pasta não existe",
  permission_denied: "sem permissão",
  not_capable: "este programa não recebeu permissão para isso",
  is_directory: "é uma pasta",
  not_directory: "parte do caminho não é uma pasta",
  name_too_long: "o nome é longo demais",
  no_space: "o disco está cheio",
  too_large: "o arquivo ficaria grande demais",
  read_only: "o disco só permite leitura",
  busy: "está em uso por outro programa",
  io_error: "falha de leitura ou escrita",
  no_device: "o dispositivo não existe",
  no_memory: "falta memória",
  too_many_files: "há arquivos e conexões demais abertos",
  address_in_use: "a porta já está em uso",
  port_privileged: "as portas abaixo de 1024 são só para programas privilegiados; escolha outra",
  address_not_available: "o endereço não é desta máquina",
  ip_version_not_available: "esta máquina não tem essa versão do IP",
  network_unreachable: "esta máquina não tem rede até lá",
  host_unreachable: "não há caminho até essa máquina",
  refused: "conexão recusada",
  reset: "a conexão foi interrompida",
  reader_gone: "ninguém mais a lê",
  timeout: "tempo esgotado sem resposta",
  name_not_resolved: "não há máquina com esse nome",
  name_servers_silent: "os servidores de nomes da rede não respondem",
  other: ({ text }) => withoutStop(text) || "causa desconhecida",

  // Addresses
  no_address: "não é um endereço IPv4 nem IPv6",
  no_port: "a porta não é um número de 1 a 65535",
  unspecified_address: "esse endereço não é de nenhuma máquina",
  multicast_address: "é o endereço de um grupo de máquinas: multicast",
  broadcast_address: "é o endereço de todas as máquinas da rede: broadcast",
  reserved_address: "esse endereço é reservado e não é de nenhuma máquina",
  loopback_address: "esse endereço só vale dentro da própria máquina, que não é esta",
  own_loopback_address:
    "este telefone está registrado em um endereço que só vale nesta máquina, e a resposta não " +
    "chegaria; inicie-o com o endereço do registro na rede, ou com --ip",
  link_local_address:
    "esse endereço só vale em um trecho de rede, e aqui não há exatamente um em que procurá-lo",
  no_zone: "falta dizer em que rede ele vale, como em fe80::1%eth0",

  // The connection to the registry
  lost: "a conexão foi fechada sem resposta",
  not_a_registry: "o que responde lá não é um registro da Sala; confira o endereço e a porta",
  tls_wanted: "ele só fala TLS; use --tls",
  room_full: "a sala está cheia",
  none_answered: (failure) => triedPlaces(failure, causePt),
  aborted: "a tentativa foi interrompida",
  registry_refused: ({ reason, text }) => `o registro recusou o pedido: ${refusalPt(reason, text)}`,

  // TLS
  certificate_untrusted:
    "o certificado dele não confere: não é dos que este telefone aceita; indique o certo com --ca",
  certificate_other_name:
    "o certificado dele não confere: vale para outro nome; use o nome que está no certificado",
  certificate_expired:
    "o certificado já venceu, ou o relógio desta máquina está adiantado; confira o relógio, e se ele estiver certo o registro precisa de um certificado novo",
  certificate_not_yet_valid:
    "o certificado ainda não vale, ou o relógio desta máquina está atrasado; confira o relógio",
  certificate_of_authority:
    "o certificado é o de uma autoridade, e não o de um servidor; crie outro como está na página docs/security.md",
  certificate_without_names:
    "o certificado não tem nomes (subjectAltName); crie outro com o nome ou endereço do registro, como está na página docs/security.md",
  bad_certificate: ({ text }) =>
    `o certificado não serve para um registro [${text}]; crie outro como está na página docs/security.md`,
  no_tls: "ele não fala TLS; deixe --tls de fora",
  tls_alert: ({ text }) => `o TLS dele e o deste telefone não combinam [${text}]`,
  no_certificate: "o arquivo de --tls-cert não tem certificado em PEM",
  no_key: "o arquivo de --tls-key não tem chave em PEM",
  bad_key:
    "a chave de --tls-key está estragada, é curta demais ou é de um tipo incomum; crie outra como está na página docs/security.md",
  key_mismatch: "a chave de --tls-key não é a do certificado de --tls-cert",
  cannot_listen: ({ host, port, cause }) =>
    `não pode escutar em ${formatEndpoint({ ip: host, port })} (${causePt(cause)})`,
  cluster_failed: ({ servers, cause }) =>
    `os servidores NATS de --cluster, ${servers.join(", ")}, não podem ser usados (${causePt(cause)})`,
  cluster_unauthorised: "eles não deixam este registro entrar; confira as credenciais e o que elas permitem",
  no_jetstream: "eles funcionam sem JetStream; inicie-os com -js, ou permita-o a esta conta",
  bad_credentials: "o arquivo de --cluster-credentials não tem credenciais do NATS",
  cluster_too_old: "eles são velhos demais; é preciso o 2.9 ou mais novo",

  // The operator's local socket
  folder_not_private: "a pasta não é só deste usuário: outro pode escrever nela, ou a criou",
  not_a_socket: "há outra coisa lá, que não é um socket local",
  other_registry: "outro registro atende lá; dê a este um caminho próprio com --control",
  no_local_sockets: "este sistema não tem sockets locais para isso",

  // Files
  empty: "está vazio",
  not_text: "não é texto em UTF-8; grave-o de novo nesse formato",
  no_certificate_in_file:
    "não há nele nenhum certificado em PEM; o de um servidor se cria como está na página docs/security.md",
  no_credentials: "não há nele credenciais do NATS, como as que “nsc generate creds” grava",
  encrypted_key: "uma frase-senha protege a chave; tire-a com “openssl pkey”",
  closed: "já foi fechado",
  not_a_file: "é um pipe ou dispositivo, e não um arquivo",
  larger_than: ({ bytes }) => `tem mais de ${numberPt(bytes / 2 ** 20)} MiB`,
  not_wav: "não é um arquivo WAV",
  other_format: ({ format }) => `o formato é ${format}`,
  header_cut_short: "o arquivo acaba no meio do cabeçalho",
  sound_before_format: "o som vem antes da descrição do formato",
  no_format: "falta a descrição do formato",
  no_sound: "não há som nele",
  format_cut_short: "a descrição do formato está incompleta",
  format_unknown: "o formato é desconhecido",
  no_channels: "não tem nenhum canal",
  compressed: ({ tag }) => `o som está comprimido: formato ${tag} de WAV`,
  sample_rate: ({ hz, lowestHz, highestHz }) =>
    `tem ${numberPt(hz)} amostras por segundo, e podem ser de ${numberPt(lowestHz)} a ${numberPt(highestHz)}`,
  sample_size: ({ bits, float }) =>
    `tem amostras de ${bits} bits ${float ? "em ponto flutuante" : "em inteiros"}; use as de 16 bits`,

  // Sound devices
  not_loaded: "a biblioteca não foi encontrada",
  no_such_device: ({ direction }) =>
    direction === "input" ? "não há esse microfone" : "não há esse alto-falante",
  not_responding: "o dispositivo não responde",
  stalled: "o dispositivo parou",
  no_page: "nenhuma página deste telefone está aberta",
  page_not_allowed: "o navegador não deixa usar o microfone: permita-o na página",
  page_needs_click: "o navegador espera um clique na página",
  host_error: ({ text }) => text === "" ? "erro do sistema de som" : `erro do sistema de som [${text}]`,
  device_channels: "o dispositivo não tem esse número de canais",
  device_sample_rate: "o dispositivo não trabalha a 48 kHz",
  device_sample_format: "o dispositivo não aceita amostras de 16 bits",
  device_pair: "os dois dispositivos não funcionam juntos",
  device_gone: "o dispositivo não está mais lá",
  device_unavailable: "o dispositivo foi retirado ou outro programa o usa",
  device_stopped: "o dispositivo foi desligado",
  no_host_api: "falta o sistema de som do dispositivo",
  buffer_size: "o dispositivo não aceita blocos de som desse tamanho",
  library_error: "erro interno da PortAudio",
  portaudio_error: ({ number }) => `erro ${number} da PortAudio`,
};

/** A cause in a few words. */
export function causePt(detail: Detail): string {
  return fromTable(CAUSES, "kind", detail);
}

/** Arguments that have a name in each language. */
export const ARGUMENTS_PT = { REGISTRY: "REGISTRO", NAME: "NOME", PORT: "PORTA" } as const;

const HELP_HINT = "Com --help aparece como se usa.";

/** Valid values of the options of either tool. */
const EXPECTED: ReadonlyMap<string, string> = new Map([
  ["--lang", "Use pt ou en."],
  [
    "--room-password",
    "Ela pergunta a senha. Use-a no fim da linha, ou use --room-password-file ou SALA_ROOM_PASSWORD.",
  ],
  ...["--room-password-file", "--log-keys", "--ca", "--tls-cert", "--tls-key"].map((option) =>
    [option, "Use o nome de um arquivo."] as const
  ),
]);

/** Errors of the command line. @param own Valid values of the tool's own arguments and options, and of more arguments. */
export function usagePt(own: ReadonlyMap<string, string>): UsageTexts {
  const expected = (option: string): string => own.get(option) ?? EXPECTED.get(option) ?? HELP_HINT;
  const argument = (name: string): string => new Map(Object.entries(ARGUMENTS_PT)).get(name) ?? name;
  /** Such as "A opção --call" or "O argumento NOME". */
  const the = (option: string): string =>
    option.startsWith("--") ? `A opção ${option}` : `O argumento ${argument(option)}`;
  return {
    unknown_option: ({ option, nearest }) =>
      `A opção ${option} não existe. ${nearest === undefined ? HELP_HINT : `Use ${nearest}, se é essa.`}`,
    takes_no_value: ({ option }) =>
      `A opção ${option} não leva valor. ${EXPECTED.get(option) ?? `Use só ${option}, ou nada.`}`,
    repeated: ({ option }) => `A opção ${option} aparece mais de uma vez. Use-a uma vez só.`,
    missing_argument: ({ argument: name }) =>
      `Falta o argumento ${argument(name)}. ${
        own.get(`missing ${name}`) ?? `Use, por exemplo, phone 192.168.0.10 maria. ${HELP_HINT}`
      }`,
    too_many_arguments: ({ argument: name }) => `O argumento “${name}” sobra. ${expected("")}`,
    not_utf8: ({ argument: name }) =>
      `O texto de “${name}” não está em UTF-8. Use um terminal em UTF-8, com LANG=pt_BR.UTF-8 por exemplo.`,
    bad_value: ({ option, value, least, most }) => {
      const wrong = value === ""
        ? `${the(option)} precisa de um valor.`
        : `O valor “${value}” não serve para ${argument(option)}.`;
      const right = least === undefined || most === undefined
        ? expected(option)
        : `Use um número de ${numberPt(least)} a ${numberPt(most)}.`;
      return `${wrong} ${right}`;
    },
    bad_address: ({ option, value, detail }) =>
      `O endereço “${value}” não serve para ${argument(option)} (${causePt(detail)}). ${expected(option)}`,
    bad_file: ({ option, value, detail }) =>
      `O arquivo “${value}” de ${option} não pôde ser usado (${causePt(detail)}).`,
    no_terminal: ({ option }) =>
      `A opção ${option} pergunta em um terminal, e aqui não há nenhum. ${expected(option)}`,
    nothing_typed: ({ option }) => `A opção ${option} perguntou, e nada foi digitado. ${expected(option)}`,
    no_control_path: () =>
      "XDG_RUNTIME_DIR não indica uma pasta deste usuário, onde registros são encontrados; diga com --control onde ele está.",
    incomplete: ({ option, missing }) => `A opção ${option} precisa de ${missing}. Use as duas, ou nenhuma.`,
    excludes: ({ option, other }) => `As opções ${option} e ${other} não valem juntas. ${expected(option)}`,
    same_file: ({ option, other, value }) =>
      `O arquivo “${value}” de ${option} é o mesmo de ${other} e seria estragado. Use outro arquivo em uma das duas opções.`,
  };
}
