/** A shell on a real terminal (tmux), for tests of the screen. */

import { withTimeLimit } from "../lib/util/time_limit.ts";
import { pause } from "../lib/util/pause.ts";
import { importMap, isInstalled, ROOT, runToEnd } from "./program.ts";
import { type Temporary, temporaryFolder } from "./temporary.ts";
import type { DriverOrder, DriverReport } from "./terminal_driver.ts";

/** How long to wait for a change of the screen. A busy machine needs seconds. */
const PATIENCE_MS = 10_000;

/** Time between two readings of the screen. */
const LOOK_INTERVAL_MS = 20;

/** The shell's prompt. */
export const SHELL_PROMPT = "shell$ ";

/** Whether tmux is installed, and bash, which restores the terminal's modes after a program. */
export function haveTmux(): boolean {
  return isInstalled("tmux") && isInstalled("bash");
}

/** The content of a terminal. */
export interface Sight {
  /** Rows of the screen without trailing blanks and without empty rows at the bottom. */
  readonly rows: readonly string[];
  readonly cursor: { readonly row: number; readonly column: number };
}

/** How to open a terminal. */
export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** Whether `NO_COLOR` is set. */
  readonly noColor?: boolean;
  readonly language?: "pt" | "en";
}

/** A terminal with the screen of `terminal_driver.ts`. */
export class TestTerminal implements AsyncDisposable {
  readonly #socket = `sala-test-${crypto.randomUUID()}`;
  readonly #temporary: Temporary;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #reports: DriverReport[] = [];
  #connection: Deno.TcpConn | undefined;

  private constructor(temporary: Temporary) {
    this.#temporary = temporary;
  }

  get #folder(): string {
    return this.#temporary.path;
  }

  /** Opens a terminal with a shell and waits for its prompt. */
  static async open(options: TerminalOptions = {}): Promise<TestTerminal> {
    const { columns = 80, rows = 24, noColor = false, language = "pt" } = options;
    const terminal = new TestTerminal(await temporaryFolder());
    const driver = new URL("terminal_driver.ts", import.meta.url).pathname;
    const port = String((terminal.#listener.addr as Deno.NetAddr).port);
    const command = [
      Deno.execPath(),
      "run",
      "-q",
      "--no-prompt",
      "-P=phone",
      ...importMap(),
      driver,
      port,
      language,
      "joão",
    ];
    // -P takes the permission set from the deno.json of the working folder.
    await Deno.writeTextFile(
      `${terminal.#folder}/driver.sh`,
      `cd ${quoted(ROOT.pathname)}\n${noColor ? "export NO_COLOR=1\n" : "unset NO_COLOR\n"}exec ${
        command.map(quoted).join(" ")
      } 2> ${quoted(`${terminal.#folder}/stderr`)}\n`,
    );
    // Compares the terminal's modes before and after the driver.
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
   * @param script `driver.sh`, or `watched.sh` to print afterwards whether the terminal's modes are the same.
   */
  async start(script: "driver.sh" | "watched.sh" = "driver.sh"): Promise<void> {
    await this.type(`clear; ${script === "driver.sh" ? "sh driver.sh" : ". ./watched.sh"}`);
    await this.press("Enter");
    this.#connection = await this.#accept();
    this.#read(this.#connection);
    await this.see("the prompt", ({ rows }) => /^(joão|room|sala)>/.test(rows.at(-1) ?? ""));
  }

  /** @throws {Error} With what the driver said, if it does not connect in time. */
  async #accept(): Promise<Deno.TcpConn> {
    try {
      return await withTimeLimit(PATIENCE_MS, undefined, () => this.#listener.accept());
    } catch {
      throw new Error(`The driver does not connect: ${await Deno.readTextFile(`${this.#folder}/stderr`)}`);
    }
  }

  /**
   * Runs another program instead of the driver. Afterwards the shell prints its exit status and whether the terminal's
   * modes are the same, as in `status 0, modes same`.
   *
   * @param prompt Matches the last row when the program waits for input.
   * @returns Its process id.
   */
  async run(command: readonly string[], prompt = /^[^ ].*> *$/): Promise<number> {
    await Deno.writeTextFile(
      `${this.#folder}/program.sh`,
      `echo $$ > ${quoted(`${this.#folder}/pid`)}\ncd ${quoted(ROOT.pathname)}\nexport NO_COLOR=1\nexec ${
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

  /** Closes the terminal under the running program, as a person closes a window. */
  async closeWindow(): Promise<void> {
    await this.#tmux("kill-pane");
  }

  /** Sends the driver an order. */
  async order(order: DriverOrder): Promise<void> {
    await this.#connection?.write(new TextEncoder().encode(`${JSON.stringify(order)}\n`));
  }

  /** Types literal text. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", "--", text);
  }

  /** Pastes text, in brackets if the program has asked for that. */
  async paste(text: string): Promise<void> {
    await this.#tmux("set-buffer", "--", text, ";", "paste-buffer", "-p", "-r");
  }

  /** Presses keys by tmux's names, such as `Enter`, `Left`, `C-c`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** The content of the screen now. */
  async look(): Promise<Sight> {
    const text = await this.#tmux("display", "-p", "#{cursor_x},#{cursor_y}", ";", "capture-pane", "-p");
    const [position = "", ...rows] = text.split("\n").map((row) => row.trimEnd());
    while (rows.at(-1) === "") rows.pop();
    const [column = NaN, row = NaN] = position.split(",").map(Number);
    return { rows, cursor: { row, column } };
  }

  /** All rows with those scrolled off, and with the control sequences of colours. */
  async record(): Promise<string> {
    return await this.#tmux("capture-pane", "-p", "-e", "-S", "-");
  }

  /** Records all bytes written to the terminal from now on. */
  async keepOutput(): Promise<void> {
    const output = `${this.#folder}/output`;
    await this.#tmux(
      "pipe-pane",
      `cat > ${quoted(`${output}.part`)}; mv ${quoted(`${output}.part`)} ${quoted(output)}`,
    );
  }

  /** The bytes written to the terminal since {@linkcode keepOutput}. */
  async output(): Promise<string> {
    await this.#tmux("pipe-pane");
    // The pipe is closed now, but its reader may not have finished.
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await Deno.readTextFile(`${this.#folder}/output`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound) || performance.now() > deadline) throw error;
      }
      await pause(LOOK_INTERVAL_MS);
    }
  }

  /** A variable of tmux. */
  async variable(name: string): Promise<string> {
    return (await this.#tmux("display", "-p", `#{${name}}`)).trim();
  }

  /** Waits until the screen is `right`. @throws {Error} With the screen, if it is not within 10 s. */
  async see(what: string, right: (sight: Sight) => boolean): Promise<Sight> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let before = "";;) {
      const sight = await this.look();
      const now = JSON.stringify(sight);
      // One write may be drawn in two steps, so the screen must be the same in two readings.
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
      await pause(LOOK_INTERVAL_MS);
    }
  }

  /** Waits for the next line that was typed into the driver. */
  async typed(): Promise<string> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const report = this.#reports.shift();
      if (report) return "typed" in report ? report.typed : "(ended)";
      if (performance.now() > deadline) throw new Error("The driver was given no line");
      await pause(LOOK_INTERVAL_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
    this.#connection?.close();
    this.#listener.close();
    await this.#temporary[Symbol.asyncDispose]();
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
    return (await runToEnd(["tmux", "-u", "-L", this.#socket, ...args])).stdout;
  }
}

/** Quotes a word for the shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
