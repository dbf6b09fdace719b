/**
 * Where Deno keeps what it has fetched. Phones on virtual cards have another home folder, in which they would find
 * none of it.
 */
export async function denoFolder(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string }).denoDir;
}
