/** The registry's texts in Portuguese. */

import { formatEndpoint } from "../../protocol/address.ts";
import type { PersonFields } from "../../events/fields.ts";
import { endpointList, ofBothVersions, peopleTable, phoneLines } from "./phrases.ts";
import type { RegistryTexts } from "./shape.ts";
import { causePt, numberPt, usagePt } from "./shared_pt.ts";
import { fromTable } from "./table.ts";

const USAGE = usagePt(
  new Map([
    ["", "A porta e o endereço vão em opções, como --port 5000 ou --host 192.168.0.10."],
    ["--port", "Use um número de 0 a 65535; 0 é uma porta livre qualquer."],
    ["missing NAME", "Use, por exemplo, registry kick maria."],
    ["NAME", "Use o nome de uma pessoa da sala, como “registry list” mostra."],
    ["--metrics", "Use uma porta, ou endereço e porta, como 9464 ou [::1]:9464."],
    ["--panel", "Use uma porta, ou endereço e porta, como 8080 ou 0.0.0.0:8080."],
    ["--cluster", "Use os endereços dos servidores NATS, como nats://10.0.0.1:4222,nats://10.0.0.2:4222."],
    ["--cluster-room", "Use de 1 a 32 letras de A a Z, números, - e _."],
    ["--cluster-port", "Use um número de 0 a 65535; 0 é uma porta livre qualquer."],
    ["--host", "Use um endereço desta máquina; 0.0.0.0 é todo o IPv4; sem --host, IPv4 e IPv6."],
    [
      "--proxy-protocol",
      "Use os endereços dos balanceadores, como 10.0.0.1 ou 10.0.0.0/8,fd00::/8; o TLS com os telefones é então do balanceador.",
    ],
  ]),
);

const LINE_PROBLEMS = {
  too_long: "longa demais",
  not_utf8: "não está em UTF-8",
  invalid: "não é um pedido do protocolo",
} as const;

const NAME_PROBLEMS = {
  in_use: "nome já em uso",
  invalid: "nome que ninguém pode ter",
  withheld: "nome de quem o operador acaba de retirar",
  undecided: "nome que não pode ser decidido agora",
} as const;

/** Events of the same kind that were left out before. */
const more = (omitted: number): string => omitted === 0 ? "" : ` (e antes mais ${numberPt(omitted)} assim)`;

const who = (person: PersonFields): string => `${person.name} (${formatEndpoint(person)})`;

/** The registry's texts in Portuguese. */
export const REGISTRY_PT: RegistryTexts = {
  events: {
    output_failed: ({ detail }) =>
      `a saída não pode ser escrita: ${
        causePt(detail)
      }; a sala continua aberta, e a escrita é tentada de novo a cada segundo`,
    left_out: ({ lines }) => `… ${lines} linhas omitidas: a saída não acompanha a sala`,
    log_limited: ({ ip, addresses, lines }) => {
      const from = ip ?? (addresses === 1 ? "1 outro endereço" : `${numberPt(addresses)} outros endereços`);
      const what = lines === 1 ? "linha" : "linhas";
      return `… ${numberPt(lines)} ${what} de ${from} ${
        lines === 1 ? "omitida" : "omitidas"
      }, além de --log-limit`;
    },
    version: ({ program, version }) => `Sala, ${program}, versão ${version}`,
    listening: ({ hosts, port, version, ...shown }) => {
      const open = `sala aberta em ${endpointList(hosts, port, "e")} (Ctrl-C encerra), Sala ${version}`;
      const lines = phoneLines({ port, ...shown }, "NOME");
      if (lines === "") {
        return `${open}\nsó telefones desta máquina a alcançam; para os outros, use outro --host`;
      }
      const how = ofBothVersions(shown.addresses) ? " (todos por IPv4 ou todos por IPv6)" : "";
      return `${open}\nos telefones entram com${how}:\n${lines}`;
    },
    metrics_open: ({ host, port }) => {
      const at = `http://${formatEndpoint({ ip: host, port })}`;
      return `métricas em ${at}/metrics, estado em ${at}/healthz e ${at}/readyz`;
    },
    panel_open: ({ url, shared }) =>
      shared
        ? `a sala na parede: ${url}`
        : `a sala na parede, só para esta máquina: ${url} (para outras: --panel 0.0.0.0:PORTA)`,
    control_failed: ({ path, detail }) =>
      `comandos como “registry list” não alcançam este registro em ${path}: ${causePt(detail)}`,
    no_registry: ({ path, detail }) =>
      `nenhum registro atende em ${path}: ${
        causePt(detail)
      }; --port ou --control dizem qual é, e só o usuário dele pode perguntar`,
    draining: ({ connections }) =>
      `não entra mais ninguém, e as conexões (${
        numberPt(connections)
      }) estão sendo fechadas: os telefones vão para outro registro, se conhecem um`,
    drained: ({ connections }) =>
      `o registro não aceita mais telefones e fechou as suas conexões (${
        numberPt(connections)
      }); ele funciona até que o encerrem`,
    certificate_renewed: "quem se conectar de agora em diante recebe o certificado que está no arquivo agora",
    certificate_kept: ({ detail }) =>
      `o certificado novo não serve e continua o de antes: ${causePt(detail)}`,
    password_renewed:
      "quem se registrar de agora em diante precisa da senha que está no arquivo agora; quem está na sala fica",
    password_kept: ({ detail }) => `a senha da sala continua a de antes: ${causePt(detail)}`,
    unknown_person: ({ name }) => `ninguém na sala se chama “${name}”`,
    joined: ({ version, ...person }) =>
      `${who(person)} entrou na sala${version === undefined ? "" : `, Sala ${version}`}`,
    left: ({ reason, ...person }) => ({
      goodbye: `${who(person)} saiu da sala`,
      disconnected: `${who(person)} saiu da sala: a conexão terminou`,
      silent: `${who(person)} saiu da sala: não dava mais sinal de vida`,
      crowded_out: `${
        who(person)
      } saiu da sala: ela está cheia, e o endereço tinha mais lugares que os outros`,
      removed: `${who(person)} saiu da sala: o operador retirou`,
      superseded: `${who(person)} saiu daqui: outro registro tem o nome`,
      fenced: `${who(person)} saiu daqui: este registro ficou tempo demais sem contato com os outros`,
    }[reason]),
    table: ({ people, omitted = 0 }) => {
      const count = people.length + omitted;
      const total = count === 1 ? "1 pessoa" : `${numberPt(count)} pessoas`;
      const note = omitted === 0 ? undefined : `… e mais ${numberPt(omitted)} antes`;
      return `${peopleTable(people, ["nome", "endereço IP", "porta"], note)}\n${total} na sala`;
    },
    password_refused: ({ name, peer, omitted }) =>
      `senha errada: “${name}”, de ${formatEndpoint(peer)}, não entrou${more(omitted)}`,
    name_refused: ({ name, reason, peer, omitted }) =>
      `${NAME_PROBLEMS[reason]}: “${name}”, de ${formatEndpoint(peer)}, não entrou${more(omitted)}`,
    malformed_line: ({ problem, text, peer, omitted }) =>
      `linha recusada de ${formatEndpoint(peer)} (${LINE_PROBLEMS[problem]}): “${text}”${more(omitted)}`,
    cluster_joined: ({ room, registry, registries }) =>
      registries === 1
        ? `este é o único registro da sala “${room}” por enquanto; seu número é ${registry}`
        : `este registro entrou na sala “${room}” de ${registries} registros; seu número é ${registry}`,
    cluster_away: ({ seconds }) =>
      `o NATS não responde há ${seconds} s: consultas vêm da última cópia da tabela, que pode estar desatualizada, e registros esperam`,
    cluster_back: ({ seconds }) =>
      `o NATS responde de novo, depois de ${seconds} s; a cópia da tabela está em dia`,
    other_registry: ({ registry, ip, port, change }) =>
      `o registro ${registry} em ${formatEndpoint({ ip, port })} ${
        {
          joined: "está na sala",
          left: "saiu da sala",
          dead: "morreu: os nomes que tinha estão livres",
        }[change]
      }`,
    cluster_fenced: ({ people }) =>
      `este registro ficou tempo demais sem contato com os outros: seus telefones (${
        numberPt(people)
      }) foram desconectados, pois os nomes podem ser dados em outro registro`,
    room_full: ({ connections }) =>
      `a sala está cheia: o limite de conexões, ${connections}, foi alcançado e as próximas são recusadas`,
    room_crowded: ({ connections }) =>
      `todos os ${connections} lugares estão tomados: dão lugar as conexões sem nome, depois os telefones do endereço que tem mais`,
    few_descriptors: ({ descriptors, connections, wanted }) =>
      `o sistema permite a este programa ${descriptors} arquivos abertos, o que dá para ${connections} conexões; ` +
      `“ulimit -Hn ${wanted}” antes do início, como administrador, ou LimitNOFILE=${wanted} do systemd permite mais`,
    address_full: ({ ip, connections }) =>
      `${ip} já tem ${connections} conexões, o máximo de um endereço, e as próximas de lá são recusadas`,
    certificate_flawed: ({ detail }) =>
      `os telefones vão recusar o certificado de --tls-cert: ${causePt(detail)}`,
    foreign_client: ({ ip, protocol }) => ({
      http: `quem se conectou de ${ip} não é um telefone: fala HTTP, como um navegador`,
      tls: `quem se conectou de ${ip} fala TLS, e este registro não; o telefone entra sem --tls`,
      proxy:
        `quem se conectou de ${ip} fala o protocolo PROXY, como um balanceador; se for o desta sala, use --proxy-protocol ${ip}`,
    }[protocol]),
    proxy_refused: ({ ip, problem }) =>
      `conexão do balanceador ${ip} recusada: ${
        {
          no_header: "não começou com o protocolo PROXY; no HAProxy, falta send-proxy-v2",
          version_1: "veio a versão 1 do protocolo PROXY; no HAProxy, use send-proxy-v2",
          bad_header: "o cabeçalho do protocolo PROXY não é de uma conexão TCP",
          timeout: "o cabeçalho do protocolo PROXY não chegou a tempo",
        }[problem]
      }`,
    tls_failed: ({ ip, detail }) => {
      if (detail.kind === "no_tls") {
        return `quem se conectou de ${ip} não fala TLS; o telefone precisa de --tls`;
      }
      if (detail.kind === "tls_alert") {
        return `o telefone em ${ip} não aceitou o certificado deste registro [${detail.text}]`;
      }
      return `o TLS com ${ip} falhou: ${causePt(detail)}`;
    },
    port_in_use: ({ port }) =>
      `a porta ${port} já está em uso; encerre o outro programa ou escolha outra com --port`,
    wrong_usage: ({ problem }) => fromTable(USAGE, "kind", problem),
    failed: ({ detail }) => `a sala não pode funcionar: ${causePt(detail)}`,
    closed: "sala encerrada",
  },
  askPassword: "senha da sala: ",
  ladder: { registry: "registro", lost: "perdida", transmission: (number) => `${number}ª vez` },
  usageLine:
    "uso: registry [list|kick NOME|drain] [--port 5000] [--host ENDEREÇO] [--lang pt|en] [--json] [--quiet] [--show-pings] [--help] [--version] [senha, vários registros, limites e operação]",
  help: `A sala: sabe quem está nela e onde, para que os telefones se encontrem.

  --port PORTA      porta TCP em que escuta (5000; 0 é qualquer uma livre)
  --host ENDEREÇO   endereço ou nome local em que escuta (sem ele, IPv4 e IPv6; 0.0.0.0 é só IPv4)
  --lang pt|en      língua da tela (a do sistema; se não for inglês, português)
  --json            um evento por linha em JSON, para programas
  --quiet           não mostra as mensagens enviadas e recebidas
  --show-pings      mostra também os pings, e as cópias dos telefones para o painel
  -h, --help        mostra esta ajuda
  --version         mostra a versão

Quem pode entrar:
  --room-password-file ARQUIVO  a senha da sala está no arquivo (também serve SALA_ROOM_PASSWORD)
  --room-password               pergunta a senha da sala, sem mostrá-la
  --tls-cert ARQUIVO --tls-key ARQUIVO
                                certificado e chave (PEM): a conversa com os telefones vai por TLS
  --proxy-protocol ENDEREÇOS    balanceadores que dizem por quem se conectam (protocolo PROXY, versão 2):
                                10.0.0.1 ou 10.0.0.0/8, vários com vírgulas

Vários registros, uma sala (docs/campus.md):
  --cluster SERVIDORES          a tabela fica no NATS, como nats://10.0.0.1:4222,nats://10.0.0.2:4222
  --cluster-credentials ARQUIVO credenciais do NATS (.creds)
  --cluster-room NOME           a sala dos registros com este mesmo nome (sala)
  --cluster-port PORTA          porta TCP em que os outros registros veem que este vive (0, uma livre)

Limites, para que ninguém atrapalhe os outros:
  --line-limit BYTES        a linha mais longa (4096)
  --idle-limit SEGUNDOS     quanto tempo uma conexão tem para registrar um nome (30)
  --rate-limit N            pedidos por segundo de uma conexão; o que passa disso espera (50)
  --log-limit KIB           quanto um endereço pode fazê-lo imprimir por segundo (64; 0: tudo)
  --total-log-limit KIB     quanto todos juntos podem (1024; 0: tudo)
  --address-limit N         conexões de um endereço; em IPv6, de um /64 (500; desta máquina, sem limite próprio)
  --connection-limit N      pessoas na sala (10000, ou quantas o sistema permitir)

Para quem opera o registro:
  --panel [HOST:]PORTA      mostra a sala e suas mensagens no navegador (HOST: 127.0.0.1)
  --metrics [HOST:]PORTA    métricas para o Prometheus e estado do registro, por HTTP (HOST: 127.0.0.1)
  --control CAMINHO         socket local para os comandos abaixo ($XDG_RUNTIME_DIR/sala/registry-PORTA.sock)
  registry list             mostra quem está na sala do registro que funciona aqui
  registry kick NOME        retira essa pessoa, que não volta durante um minuto
  registry drain            manda os telefones para outro registro e não aceita mais, até encerrar
                            estes aceitam --port ou --control, que dizem qual registro; --json

Ctrl-C encerra a sala. SIGTERM a encerra como drain, em até 5 s. SIGHUP lê de novo os arquivos de certificado,
chave e senha da sala.`,
};
