/**
 * The room: knows who is in it and where, so that phones find each other.
 *
 * Usage: `registry [options]`; `registry --help` lists them.
 *
 * Exit status: 0 done, 1 the registry could not run, 2 wrong usage.
 */

import { onEndSignal, onFailure } from "./lib/cli/signals.ts";
import type { RegistryEvent } from "./lib/events/registry_events.ts";
import { chooseLanguage } from "./lib/ui/texts/language.ts";
import { writeAll } from "./lib/util/write_all.ts";
import { printable } from "./lib/protocol/printable.ts";
import { RegistryScreen, registryTexts } from "./lib/ui/registry_screen.ts";
import { PortInUseError, type RegistryOptions, startRegistry } from "./lib/registrar/server.ts";
import { SecretError } from "./lib/cli/secrets.ts";
import { readArguments, readSecrets } from "./lib/cli/registry_args.ts";
import { giveUpFiles } from "./lib/cli/permissions.ts";
import { within } from "./lib/util/time_limit.ts";

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

/** How long the last lines may take to be written, in milliseconds. */
const FAREWELL_MS = 1000;

async function main(args: string[]): Promise<number> {
  const settings = readArguments(args);
  const language = chooseLanguage(settings.lang, (name) => Deno.env.get(name));
  const texts = registryTexts(language);
  const { json, quiet } = settings;
  const output = new RegistryScreen((bytes) => writeAll(Deno.stdout, bytes), {
    language,
    json,
    quiet,
    colour: !Deno.noColor && Deno.stdout.isTerminal(),
  });
  const errors = new RegistryScreen((bytes) => writeAll(Deno.stderr, bytes), {
    language,
    colour: !Deno.noColor && Deno.stderr.isTerminal(),
  });

  /** A sentence for people, and for a program the event among the others. */
  const complain = async (event: RegistryEvent): Promise<void> => {
    errors.show(event);
    if (json) output.show(event);
    await Promise.all([errors.flush(), output.flush()]);
  };

  if (settings.problem) {
    await complain({ event: "wrong_usage", problem: settings.problem });
    await writeAll(Deno.stderr, new TextEncoder().encode(`${texts.usage}\n`));
    return WRONG_USAGE;
  }
  if (settings.help) {
    await writeAll(Deno.stdout, new TextEncoder().encode(`${texts.usage}\n\n${texts.help}\n`));
    return DONE;
  }

  let secrets: Pick<RegistryOptions, "gate" | "tls">;
  try {
    secrets = await readSecrets(settings, texts.askPassword);
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    await complain({ event: "wrong_usage", problem: error.problem });
    return WRONG_USAGE;
  }
  await giveUpFiles();

  // From here on whatever goes wrong is one sentence, wherever in the program it is.
  const failure = Promise.withResolvers<never>();
  onFailure(failure.reject);
  const wished = Promise.withResolvers<void>();
  onEndSignal(wished.resolve);
  try {
    await using server = startRegistry({
      host: settings.host,
      port: settings.port,
      ...settings.limits,
      ...secrets,
      onEvent: (event) => output.show(event),
    });
    output.show({ event: "listening", host: server.host, port: server.port });
    await Promise.race([wished.promise, output.broken, failure.promise]);
  } catch (error) {
    await complain(
      error instanceof PortInUseError
        ? { event: "port_in_use", port: error.port }
        : { event: "failed", detail: error instanceof Error ? error.message : String(error) },
    );
    return FAILED;
  }
  output.show({ event: "closed" });
  // A reader that does not read must not keep the registry from ending.
  await within(FAREWELL_MS, output.flush());
  return DONE;
}

try {
  // Not left to the event loop: a phone that does not read could keep it running.
  Deno.exit(await main(Deno.args));
} catch (error) {
  if (!(error instanceof Deno.errors.BrokenPipe)) {
    console.error(printable(error instanceof Error ? error.message : String(error)));
  }
  Deno.exit(FAILED);
}
