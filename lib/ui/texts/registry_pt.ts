/** What the registry says in Portuguese. The other language has the same keys: the compiler checks it. */

import type { UsageProblem } from "../../events/usage_problem.ts";

/** How a person is named in a sentence, such as `joão (192.168.0.10:6000)`, safe to show. */
type Who = string;

const people = (count: number): string => count === 1 ? "1 pessoa" : `${count} pessoas`;

/** Everything that a registry says to its person. */
export const registryTextsPt = {
  listening: (where: string): string => `sala aberta em ${where} (Ctrl-C encerra)`,
  joined: (who: Who): string => `${who} entrou na sala`,
  left: {
    goodbye: (who: Who): string => `${who} saiu da sala`,
    disconnected: (who: Who): string => `${who} saiu da sala: a conexão terminou`,
    silent: (who: Who): string => `${who} saiu da sala: não dava mais sinal de vida`,
  },
  table: {
    name: "nome",
    ip: "endereço IP",
    port: "porta",
    total: (count: number): string => `${people(count)} na sala`,
  },
  room_full: (connections: number): string =>
    `a sala está cheia: há ${connections} conexões e as próximas são recusadas`,
  address_full: (ip: string, connections: number): string =>
    `${ip} já tem ${connections} conexões, o máximo de um endereço, e as próximas de lá são recusadas`,
  askPassword: "senha da sala: ",
  port_in_use: (port: number): string =>
    `a porta ${port} já está em uso; encerre o outro programa ou escolha outra com --port`,
  failed: (detail: string): string => `a sala não pode funcionar: ${detail}`,
  closed: "sala encerrada",
  left_out: (lines: number): string => `… ${lines} linhas omitidas: a saída não acompanha a sala`,
  usage_problem: (problem: UsageProblem): string => {
    switch (problem.kind) {
      case "unknown_option":
        return `opção desconhecida: ${problem.option}`;
      case "missing_argument":
        return `falta o argumento ${problem.argument}`;
      case "too_many_arguments":
        return `argumento a mais: ${problem.argument}`;
      case "bad_value":
        return `valor inválido para ${problem.option}: "${problem.value}"`;
      case "bad_file":
        return `o arquivo "${problem.value}" de ${problem.option} não pôde ser usado: ${problem.detail}`;
      case "no_terminal":
        return `${problem.option} pergunta em um terminal, e aqui não há nenhum`;
      case "incomplete":
        return `${problem.option} precisa de ${problem.missing}`;
    }
  },
  usage:
    "uso: registry [--port 5000] [--host 0.0.0.0] [--lang pt|en] [--json] [--quiet] [--help] [senha e limites]",
  help: `A sala: sabe quem está nela e onde, para que os telefones se encontrem.

  --port PORTA      porta TCP em que escuta (5000; 0 é qualquer uma livre)
  --host ENDEREÇO   endereço local em que escuta (0.0.0.0 é todo o IPv4, :: é IPv6 e IPv4)
  --lang pt|en      língua da tela (a do sistema; se não for inglês, português)
  --json            um evento por linha em JSON, para programas
  --quiet           não mostra as mensagens enviadas e recebidas
  -h, --help        mostra esta ajuda

Quem pode entrar:
  --room-password-file ARQUIVO  a senha da sala está no arquivo (também serve SALA_ROOM_PASSWORD)
  --room-password               pergunta a senha da sala, sem mostrá-la
  --tls-cert ARQUIVO --tls-key ARQUIVO
                                certificado e chave (PEM): a conversa com os telefones vai por TLS

Limites, para que ninguém atrapalhe os outros:
  --line-limit BYTES        a linha mais longa (4096)
  --idle-limit SEGUNDOS     quanto uma conexão sem nome pode ficar calada (30)
  --rate-limit N            pedidos por segundo de uma conexão; o que passa disso espera (50)
  --address-limit N         conexões de um mesmo endereço (500; desta máquina, sem limite próprio)
  --connection-limit N      conexões ao todo (10000, ou quantas o sistema permitir)

Ctrl-C encerra a sala.`,
};

/** The shape that the texts have in every language. */
export type RegistryTexts = typeof registryTextsPt;
