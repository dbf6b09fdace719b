/** A shell on a real terminal, made by tmux, for tests of what a person sees. */

import type { DriverOrder, DriverReport } from "./terminal_driver.ts";

/** Long enough for a busy machine; what is waited for comes at once as a rule. */
const PATIENCE_MS = 10_000;

/** How often the terminal is looked at while something is waited for. */
const LOOK_INTERVAL_MS = 20;

/** What the shell's prompt looks like. */
export const SHELL_PROMPT = "shell$ ";

/** Whether there is a tmux to test with, and the shell that is run in it: one that looks after the terminal. */
export function haveTmux(): boolean {
  try {
    return new Deno.Command("tmux", { args: ["-V"], stdout: "null" }).outputSync().success &&
      new Deno.Command("bash", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** What a terminal looks like at a moment. */
export interface Sight {
  /** The rows of the screen without blanks at their ends, empty ones at the bottom left out. */
  readonly rows: readonly string[];
  readonly cursor: { readonly row: number; readonly column: number };
}

/** How a terminal is opened. */
export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** Whether `NO_COLOR` is set. */
  readonly noColor?: boolean;
  readonly language?: "pt" | "en";
}

/** A terminal with the driver's screen on it. */
export class TestTerminal implements AsyncDisposable {
  readonly #socket = `sala-test-${crypto.randomUUID()}`;
  readonly #folder: string;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #reports: DriverReport[] = [];
  #connection: Deno.TcpConn | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens a terminal and starts the driver on it. Settles when its prompt is there. */
  static async open(options: TerminalOptions = {}): Promise<TestTerminal> {
    const { columns = 80, rows = 24, noColor = false, language = "pt" } = options;
    const terminal = new TestTerminal(await Deno.makeTempDir({ prefix: "sala-terminal-" }));
    const map = import.meta.resolve("@std/cli/unicode-width").startsWith("file:")
      ? ["--import-map", new URL("../lib/offline_std/import_map.json", import.meta.url).pathname]
      : [];
    const driver = new URL("terminal_driver.ts", import.meta.url).pathname;
    const port = String((terminal.#listener.addr as Deno.NetAddr).port);
    const command = [
      Deno.execPath(),
      "run",
      "-q",
      "--no-prompt",
      "-P=phone",
      ...map,
      driver,
      port,
      language,
      "joão",
    ];
    // With -P the settings of the tree that the driver is in are the ones that count.
    const root = new URL("../", import.meta.url).pathname;
    await Deno.writeTextFile(
      `${terminal.#folder}/driver.sh`,
      `cd ${quoted(root)}\n${noColor ? "export NO_COLOR=1\n" : "unset NO_COLOR\n"}exec ${
        command.map(quoted).join(" ")
      } 2> ${quoted(`${terminal.#folder}/stderr`)}\n`,
    );
    // What the shell says of the terminal's modes after the driver has ended.
    await Deno.writeTextFile(
      `${terminal.#folder}/watched.sh`,
      `before=$(stty -g)\nsh driver.sh\n[ "$before" = "$(stty -g)" ] && echo "modes same" || echo "modes changed"\n`,
    );
    await terminal.#tmux(
      ...[
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-x",
        String(columns),
        "-y",
        String(rows),
        "-c",
        terminal.#folder,
      ],
      `env PS1='${SHELL_PROMPT}' bash --norc -i`,
    );
    await terminal.see("the shell", ({ rows }) => rows.at(-1)?.startsWith(SHELL_PROMPT.trim()) === true);
    return terminal;
  }

  /**
   * Starts the driver from the shell and waits for its prompt.
   *
   * @param script `driver.sh`, or `watched.sh` to be told of the terminal's modes afterwards.
   */
  async start(script: "driver.sh" | "watched.sh" = "driver.sh"): Promise<void> {
    await this.type(`clear; ${script === "driver.sh" ? "sh driver.sh" : ". ./watched.sh"}`);
    await this.press("Enter");
    this.#connection = await this.#listener.accept();
    this.#read(this.#connection);
    await this.see("the prompt", ({ rows }) => /^(joão|room|sala)>/.test(rows.at(-1) ?? ""));
  }

  /**
   * Runs another program from the shell in the driver's place. Afterwards the shell tells its exit status and the
   * terminal's modes, as in `status 0, modes same`.
   *
   * @param prompt What the last row looks like once it waits for the person.
   * @returns Its process id.
   */
  async run(command: readonly string[], prompt = /^[^ ].*> *$/): Promise<number> {
    const root = new URL("../", import.meta.url).pathname;
    await Deno.writeTextFile(
      `${this.#folder}/program.sh`,
      `echo $$ > ${quoted(`${this.#folder}/pid`)}\ncd ${quoted(root)}\nexport NO_COLOR=1\nexec ${
        command.map(quoted).join(" ")
      }\n`,
    );
    await Deno.writeTextFile(
      `${this.#folder}/run.sh`,
      `before=$(stty -g)\nsh program.sh\nstatus=$?\n` +
        `[ "$before" = "$(stty -g)" ] && modes=same || modes=changed\necho "status $status, modes $modes"\n`,
    );
    await this.type("clear; . ./run.sh");
    await this.press("Enter");
    await this.see("the program's prompt", ({ rows }) => prompt.test(rows.at(-1) ?? ""));
    return Number(await Deno.readTextFile(`${this.#folder}/pid`));
  }

  /** Closes the terminal under whatever runs in it, as a window is closed. */
  async closeWindow(): Promise<void> {
    await this.#tmux("kill-pane");
  }

  /** Gives the driver something to do. */
  async order(order: DriverOrder): Promise<void> {
    await this.#connection?.write(new TextEncoder().encode(`${JSON.stringify(order)}\n`));
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", "--", text);
  }

  /** Presses keys by tmux's names, such as `Enter`, `Left`, `C-c`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** What is to be seen now. */
  async look(): Promise<Sight> {
    const text = await this.#tmux("display", "-p", "#{cursor_x},#{cursor_y}", ";", "capture-pane", "-p");
    const [position = "", ...rows] = text.split("\n").map((row) => row.trimEnd());
    while (rows.at(-1) === "") rows.pop();
    const [column = NaN, row = NaN] = position.split(",").map(Number);
    return { rows, cursor: { row, column } };
  }

  /** All rows, those that have been scrolled away too, with the control sequences of their colours. */
  async record(): Promise<string> {
    return await this.#tmux("capture-pane", "-p", "-e", "-S", "-");
  }

  /** Keeps from now on what is written to the terminal, byte for byte. */
  async keepOutput(): Promise<void> {
    const output = `${this.#folder}/output`;
    await this.#tmux(
      "pipe-pane",
      `cat > ${quoted(`${output}.part`)}; mv ${quoted(`${output}.part`)} ${quoted(output)}`,
    );
  }

  /** What was written to the terminal since {@linkcode keepOutput}. */
  async output(): Promise<string> {
    await this.#tmux("pipe-pane");
    // The pipe is closed now; what reads from it may not be through.
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await Deno.readTextFile(`${this.#folder}/output`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound) || performance.now() > deadline) throw error;
      }
      await pause();
    }
  }

  /** A variable of the terminal, by tmux's name. */
  async variable(name: string): Promise<string> {
    return (await this.#tmux("display", "-p", `#{${name}}`)).trim();
  }

  /** Waits until the terminal looks right. @throws {Error} With what it looks like, if it never does. */
  async see(what: string, right: (sight: Sight) => boolean): Promise<Sight> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let before = "";;) {
      const sight = await this.look();
      const now = JSON.stringify(sight);
      // What is written at once may be drawn in two steps: what stays is whole.
      if (right(sight) && now === before) return sight;
      before = now;
      if (performance.now() > deadline) {
        const stderr = await Deno.readTextFile(`${this.#folder}/stderr`).catch(() => "");
        const { row, column } = sight.cursor;
        throw new Error(
          `Never saw ${what}. Cursor in row ${row}, column ${column} of:\n${
            sight.rows.join("\n")
          }\n${stderr}`,
        );
      }
      await pause();
    }
  }

  /** Waits for the next line that the driver has been given. */
  async typed(): Promise<string> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const report = this.#reports.shift();
      if (report) return "typed" in report ? report.typed : "(ended)";
      if (performance.now() > deadline) throw new Error("The driver was given no line");
      await pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
    this.#connection?.close();
    this.#listener.close();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #read(connection: Deno.TcpConn): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(4096);
    let text = "";
    for (;;) {
      const count = await connection.read(buffer).catch(() => null);
      if (count === null) return;
      const lines = (text + decoder.decode(buffer.subarray(0, count), { stream: true })).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) this.#reports.push(JSON.parse(line) as DriverReport);
    }
  }

  async #tmux(...args: string[]): Promise<string> {
    const { stdout } = await new Deno.Command("tmux", {
      args: ["-u", "-L", this.#socket, ...args],
      stderr: "null",
    })
      .output();
    return new TextDecoder().decode(stdout);
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
}

/** A word for the shell, whatever is in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
