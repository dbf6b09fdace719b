/**
 * A bare server of JSON lines on the same runtime and socket calls as the registry: what a registry without any rule, log
 * or limit could reach. Registers names and looks them up, in the registry's own messages.
 *
 * Usage: `deno run -A bench/registry/bare_server.ts PORT`; it prints `ready` when it listens.
 */

const LINE_FEED = "\n";

interface Person {
  readonly nome: string;
  readonly ip: string;
  readonly porta: number;
}

const people = new Map<string, Person>();
const encoder = new TextEncoder();

function answer(line: string): string {
  const { tipo, nome, ip, porta } = JSON.parse(line);
  if (tipo === "registro") {
    const person = { nome, ip, porta };
    people.set(nome, person);
    return JSON.stringify({ tipo: "registro_confirmado", ...person });
  }
  const person = people.get(nome);
  return person
    ? JSON.stringify({ tipo: "resposta_consulta", ...person })
    : JSON.stringify({ tipo: "erro", codigo: "usuario_nao_encontrado", mensagem: "" });
}

async function serve(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1024);
  const decoder = new TextDecoder();
  let rest = "";
  try {
    connection.setNoDelay(true);
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) break;
      const lines = (rest + decoder.decode(buffer.subarray(0, count), { stream: true })).split(LINE_FEED);
      rest = lines.pop() ?? "";
      let replies = "";
      for (const line of lines) replies += answer(line) + LINE_FEED;
      if (replies === "") continue;
      const bytes = encoder.encode(replies);
      for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    }
  } catch {
    // The client has gone.
  }
  connection.close();
}

if (import.meta.main) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0]) });
  console.log("ready");
  for await (const connection of listener) serve(connection);
}
